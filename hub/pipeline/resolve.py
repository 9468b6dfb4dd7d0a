"""Resolve: which party records are the same customer, planned first and then applied.

``plan`` brings the index of match keys up to date, which changes no link, and works out the whole
outcome; ``apply`` commits it unit by unit. A unit's links, ids, events, review cases and the
pending flags it settles are one transaction: killed anywhere, the next run plans what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from hub.errors import StoreError
from hub.match.rules import FREQUENT
from hub.pipeline.doubts import Doubts
from hub.pipeline.growth import Growth, ProfileCache
from hub.pipeline.resolution import Change, Plan, resolve_unit, summarise
from hub.store import crosswalk, parties, party_records, review
from hub.store.columns import new_id
from hub.store.crosswalk import NewLink
from hub.store.database import Connection, Engine, reading, writing
from hub.store.events import PartyEvent, add_events
from hub.store.match_keys import ProfileChange, replace_profiles

_BATCH: Final = 2_000
_CHUNK: Final = 1_000


def plan(engine: Engine, *, country: str = "DE", records: Collection[int] | None = None) -> Plan:
    """Work out what resolving would change; no link, party or case is touched.

    ``records`` limits the plan to the units of these records (a steward's decision); else all
    pending records are planned.
    """
    cache = ProfileCache(country)
    _index(engine, cache)
    changes: list[Change] = []
    doubts = Doubts()
    with reading(engine) as db:
        for seeds in _batches(db, records, changes):
            growth = Growth(db, cache)
            for unit in growth.grow(seeds):
                resolved = resolve_unit(unit, growth)
                doubts.note(len(changes), resolved)
                changes.append(resolved.change)
            doubts.note_batch(growth)
        doubts.attach(db, changes)
    return summarise(changes)


def _index(engine: Engine, cache: ProfileCache) -> None:
    """Give every pending record its profile and keys, a chunk at a time."""
    after = 0
    while True:
        with writing(engine) as db:
            ids = party_records.pending_ids(db, after, _BATCH)
            if not ids:
                return
            replace_profiles(db, _profile_changes(db, ids, cache), FREQUENT)
        after = ids[-1]


def _profile_changes(db: Connection, ids: list[int], cache: ProfileCache) -> list[ProfileChange]:
    bodies = party_records.load_bodies(db, ids)
    changes = []
    for record in ids:
        if record in bodies:
            profile = cache.build(bodies[record])
            changes.append(ProfileChange(record, profile.digest, cache.keys(profile)))
        else:
            changes.append(ProfileChange(record, None, ()))
    return changes


def _batches(
    db: Connection, records: Collection[int] | None, changes: list[Change]
) -> Iterator[list[int]]:
    """Seeds, a batch at a time, without records that an earlier batch's units have taken in."""
    planned: set[int] = set()
    counted = 0
    for ids in _seeds(db, records):
        for change in changes[counted:]:
            planned.update(change.members)
        counted = len(changes)
        seeds = [record for record in ids if record not in planned]
        if seeds:
            yield seeds


def _seeds(db: Connection, records: Collection[int] | None) -> Iterator[list[int]]:
    if records is not None:
        yield sorted(records)
        return
    after = 0
    while ids := party_records.pending_ids(db, after, _BATCH):
        yield ids
        after = ids[-1]


def apply(engine: Engine, plan: Plan, *, limit: int | None = 50) -> dict[str, int]:
    """Carry a plan out; returns its counts, with ``stale`` units that were left for the next run.

    Raises StoreError before any change where more than ``limit`` existing customers would merge.
    """
    if limit is not None and plan.merges > limit:
        raise StoreError(
            f"this run would merge {plan.merges} existing customers, the limit is {limit}: nothing "
            "was changed; look at the plan, then allow it for this run"
        )
    stale = 0
    for chunk in _chunked(plan.changes):
        with writing(engine) as db:
            stale += _apply_chunk(db, chunk)
    return {**plan.counts, "stale": stale}


def _chunked(changes: Iterable[Change]) -> Iterator[list[Change]]:
    chunk: list[Change] = []
    size = 0
    for change in changes:
        chunk.append(change)
        size += len(change.members)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _apply_chunk(db: Connection, chunk: list[Change]) -> int:
    """Apply what still stands as planned; returns how many units do not."""
    now = datetime.now(UTC)
    members = [record for change in chunk for record in change.members]
    links = {link.canonical_id: link for link in crosswalk.load_links(db, members)}
    settled = [record for change in chunk for record, *_ in change.settled]
    held = party_records.load_records(db, settled)
    valid = [
        change
        for change in chunk
        if all(
            record in held and (held[record].body_hash, held[record].active) == (digest, active)
            for record, digest, active in change.settled
        )
        and change.expected
        == {record: links[record].party_id for record in change.members if record in links}
    ]
    writer = _Writer({record: link.id for record, link in links.items()})
    for change in valid:
        writer.take(change)
    writer.write(db, now)
    return len(chunk) - len(valid)


class _Writer:
    """Collects the rows of a chunk and writes them with one statement a table."""

    def __init__(self, link_ids: Mapping[int, int]) -> None:
        self._link_ids = link_ids
        self._created: list[tuple[str, int]] = []
        self._closes: list[int] = []
        self._opens: list[NewLink] = []
        self._status: dict[str, str] = {}
        self._replaced: dict[str, str] = {}
        self._touched: set[str] = set()
        self._events: list[PartyEvent] = []
        self._cases: list[review.NewCase] = []
        self._obsolete: list[str] = []
        self._settled: list[int] = []

    def take(self, change: Change) -> None:
        owners = self._owners(change)
        self._closes += [self._link_ids[record] for record in change.closes]
        self._opens += [
            NewLink(move.record, owners[move.spot], move.kind, move.reason) for move in change.moves
        ]
        self._touched |= {owners[spot] for spot in change.touched} | set(change.losing)
        self._take_fates(change, owners)
        self._cases += change.opened
        self._obsolete += change.obsolete
        self._settled += [record for record, *_ in change.settled]

    def _owners(self, change: Change) -> list[str]:
        """Every cluster's party; new ones get their id here."""
        owners: list[str] = []
        for spot, owner in enumerate(change.assignment.owners):
            if owner is not None:
                owners.append(owner)
                continue
            owners.append(new_id())
            self._created.append((owners[-1], change.founders[spot]))
        return owners

    def _take_fates(self, change: Change, owners: list[str]) -> None:
        fates = change.assignment
        for party, spot in sorted(fates.merged.items()):
            self._lose(party, owners[spot])
            self._events.append(PartyEvent(owners[spot], "merged", {"from": party}))
            self._events.append(PartyEvent(party, "lost_merge", {"into": owners[spot]}))
        for party, spot in sorted(fates.led.items()):
            self._lose(party, owners[spot])
        self._status.update(dict.fromkeys(fates.revived, "active"))
        self._status.update(dict.fromkeys(fates.gone, "gone"))
        for spot, origin in sorted(fates.splits.items()):
            self._events.append(PartyEvent(owners[spot], "unmerged", {"from": origin}))

    def _lose(self, party: str, survivor: str) -> None:
        self._status[party] = "merged"
        self._replaced[party] = survivor

    def write(self, db: Connection, now: datetime) -> None:
        """Links are closed before others are opened: a record has one active link (law 5)."""
        parties.add_parties(db, self._created, now)
        crosswalk.close_links(db, self._closes, now)
        crosswalk.open_links(db, self._opens, now)
        parties.set_status(db, self._status, self._replaced)
        parties.mark_golden_pending(db, self._touched)
        add_events(db, self._events, now)
        review.settle_cases(db, self._obsolete, state="obsolete", by="hub", now=now)
        review.add_cases(db, self._cases, now)
        party_records.settle_records(db, self._settled)
