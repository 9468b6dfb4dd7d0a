"""Writing to the ledger: a chunk of changes with its events, cases and audit entries, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.pipeline.resolution import Change
from hub.store import crosswalk, parties, party_records, relationships, review, waiting
from hub.store.audit import Act, Entry, add_entries
from hub.store.columns import new_id
from hub.store.crosswalk import NewLink
from hub.store.database import Connection
from hub.store.events import PartyEvent, add_events
from hub.store.relationships import Relationship
from hub.store.review import NewCase


def carry_out(db: Connection, changes: Sequence[Change], act: Act, *, plan: str) -> int:
    """Apply what still stands as planned, in the caller's transaction; returns how many do not.

    ``plan`` is the digest by which the audit trail names the plan.
    """
    members = [record for change in changes for record in change.members]
    linked = crosswalk.ask_links(db, members)
    settled = [record for change in changes for record, *_ in change.settled]
    standing = party_records.ask_standing(db, settled)
    links = {link.canonical_id: link for link in linked()}
    owners = {record: link.party_id for record, link in links.items()}
    held = standing()
    valid = [change for change in changes if _stands(change, held, owners)]
    writer = _Writer({record: link.id for record, link in links.items()})
    for change in valid:
        writer.take(change)
    writer.write(db, act, plan)
    return len(changes) - len(valid)


def _stands(
    change: Change, held: Mapping[int, party_records.Standing], owners: Mapping[int, str]
) -> bool:
    """Its records say what they said, and belong to whom they belonged."""
    same = all(held.get(record) == (digest, active) for record, digest, active in change.settled)
    return same and change.expected == {r: owners[r] for r in change.members if r in owners}


class _Writer:
    """Collects the rows of a chunk and writes them with one statement a table."""

    def __init__(self, link_ids: Mapping[int, int]) -> None:
        self._link_ids = link_ids
        self._closes: list[int] = []
        self._opens: list[NewLink] = []
        self._created: list[tuple[str, int]] = []
        self._touched: set[str] = set()
        self._status: dict[str, str] = {}
        self._replaced: dict[str, str] = {}
        self._events: list[PartyEvent] = []
        self._cases: list[NewCase] = []
        self._obsolete: list[str] = []
        self._settled: list[tuple[int, bytes, bool]] = []
        self._entries: list[Entry] = []
        self._related: dict[tuple[str, str], Relationship | None] = {}

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
        self._related.update(dict(change.related))
        self._settled += change.settled
        entry = _entry(change, owners)
        if entry is not None:
            self._entries.append(entry)

    def _owners(self, change: Change) -> list[str]:
        """Every cluster's party; new ones get their id here."""
        owners: list[str] = []
        founders = dict(change.founders)
        for spot, owner in enumerate(change.assignment.owners):
            if owner is not None:
                owners.append(owner)
                continue
            owners.append(new_id())
            self._created.append((owners[-1], founders[spot]))
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

    def write(self, db: Connection, act: Act, plan: str) -> None:
        """Links are closed before others are opened: a record has one active link (law 5)."""
        now = datetime.now(UTC)
        parties.add_parties(db, self._created, now)
        crosswalk.close_links(db, self._closes, now)
        crosswalk.open_links(db, self._opens, now)
        parties.set_status(db, self._status, self._replaced, now)
        parties.mark_golden_pending(db, self._touched)
        add_events(db, self._events, now)
        review.settle_cases(db, self._obsolete, state="obsolete", by="hub", now=now)
        review.add_cases(db, self._cases, now)
        relationships.replace(db, self._related)
        waiting.settle_records(db, self._settled)
        add_entries(db, act, self._audit(plan), now)

    def _audit(self, plan: str) -> list[Entry]:
        if not (self._opens or self._closes or self._status):
            return []
        counts = {
            "created": len(self._created),
            "opened": len(self._opens),
            "closed": len(self._closes),
        }
        return [*self._entries, Entry("applied", {"plan": plan, **counts})]


def _entry(change: Change, owners: Sequence[str]) -> Entry | None:
    """What a unit's change does to customers that exist; None where it only adds."""
    fates, after = change.assignment, _after(change, owners)
    detail: dict[str, Any] = {
        "before": {record: change.expected[record] for record in after},
        "after": after,
        "merged": {party: owners[spot] for party, spot in fates.merged.items()},
        "led": {party: owners[spot] for party, spot in fates.led.items()},
        "split": {owners[spot]: origin for spot, origin in fates.splits.items()},
        "revived": fates.revived,
        "ended": fates.gone,
    }
    told = {name: value for name, value in detail.items() if value}
    if not told:
        return None
    names = {*detail["before"].values(), *after.values(), *fates.merged, *fates.led}
    names |= {*detail["merged"].values(), *detail["led"].values(), *fates.gone, *fates.revived}
    action = next((verb for verb in ("merged", "split", "ended") if verb in told), "moved")
    return Entry(action, told, {name for name in names if name is not None})


def _after(change: Change, owners: Sequence[str]) -> dict[int, str | None]:
    """The records that leave a customer, with the one they come to."""
    left: dict[int, str | None] = dict.fromkeys(change.closes)
    left.update({m.record: owners[m.spot] for m in change.moves if m.record in left})
    return left
