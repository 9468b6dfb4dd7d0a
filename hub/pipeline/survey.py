"""Survey: which source records an erasure touches, and what becomes of each; changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from hub.match.blocking import email_match_key, phone_match_key
from hub.match.standardise import email_domain, email_key, is_desk, standardise_email
from hub.pipeline.redaction import Identity, identity_of
from hub.store import match_look_ups, party_records, waiting, wording
from hub.store.crosswalk import load_links
from hub.store.database import Connection
from hub.store.footprint import (
    Footprint,
    Part,
    Target,
    load_footprints,
    records_of,
    records_under,
    referrers,
    whole_party,
)

PARTY: Final = "party"
DOCUMENTS: Final = frozenset({"account", "order", "invoice", "payment"})
"""What books must keep (in Germany § 147 AO and § 257 HGB name ten, eight and six years)."""
_TIES: Final = frozenset({PARTY, "relationship"})
_PEOPLE: Final = frozenset({"party", "contact", "from_party", "to_party"})
"""Last words of the roles in which a record refers to a party."""
_CHUNK: Final = 1_000


class Fate(StrEnum):
    """What becomes of a source record."""

    EMPTY = "emptied"
    HOLD = "held"
    CLEAN = "cleaned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What is ours: mail domains, whose addresses are nobody else's, and the home country."""

    country: str = "DE"
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A person's parties (the one asked for first), records with their fates, and identity.

    ``mine`` are canonical ids; ``identity`` leaves out what others hold as well, ``named`` doesn't;
    ``sharers`` are those others' parties.
    """

    parties: tuple[str, ...]
    records: Mapping[int, Footprint]
    fates: Mapping[int, Fate]
    mine: frozenset[int]
    kinds: frozenset[str]
    identity: Identity
    named: Identity
    sharers: frozenset[str]

    @property
    def held(self) -> list[Part]:
        """The documents that are kept without names."""
        records = self.of(Fate.HOLD)
        return [part for record in records for part in record.parts if part.entity in DOCUMENTS]

    def of(self, fate: Fate) -> list[Footprint]:
        """The records of one fate."""
        return [self.records[id_] for id_, found in sorted(self.fates.items()) if found is fate]


def survey(db: Connection, party_id: str, ours: Ours, *, hold: bool) -> Survey:
    """Find what a party and all that was led into it have left in the store."""
    parties = frozenset(whole_party(db, party_id))
    own = load_footprints(db, records_of(db, parties))
    named = identity_of(_bodies(own, parties), ours.country)
    unlinked = _unresolved(db, named) | records_under(db, named.emails)
    waiting = load_footprints(db, unlinked - own.keys())
    own |= waiting
    view = _View(parties, frozenset(waiting), named, ours)
    view.claim(own.values())
    records, fates = _follow(db, own, view, hold=hold)
    mine = frozenset(p.id for record in own.values() for p in record.parts if view.is_mine(p))
    shared, sharers = others_with(db, named, mine)
    return Survey(
        parties=(party_id, *sorted(parties - {party_id})),
        records=records,
        fates=fates,
        mine=mine,
        kinds=frozenset(body["kind"] for body in _bodies(own, parties) if "kind" in body),
        identity=named.without(shared),
        named=named,
        sharers=sharers,
    )


def _bodies(records: Mapping[int, Footprint], parties: Collection[str]) -> Iterator[dict[str, Any]]:
    for record in records.values():
        for part in record.parts:
            if part.entity == PARTY and part.party in parties:
                yield orjson.loads(part.body)


def _unresolved(db: Connection, named: Identity) -> set[int]:
    """Source records of which a party waits for resolution under one of the person's addresses."""
    found, after = set[int](), 0
    while ids := waiting.pending_ids(db, after, _CHUNK):
        after = ids[-1]
        for id_, body in party_records.load_bodies(db, ids).items():
            points = orjson.loads(body).get("contact_points", ())
            if {standardise_email(point["value"]) for point in points} & named.emails:
                found.add(id_)
    return party_records.source_ids(db, found)


def _follow(
    db: Connection, own: Mapping[int, Footprint], view: _View, *, hold: bool
) -> tuple[dict[int, Footprint], dict[int, Fate]]:
    """From the own records on to all that refers to what is the person's in them."""
    records, fates = dict(own), {id_: view.fate(record, hold) for id_, record in own.items()}
    fresh = dict(fates)
    while fresh:
        targets = {
            target for id_, fate in fresh.items() for target in view.targets(records[id_], fate)
        }
        found = load_footprints(db, referrers(db, targets) - records.keys())
        records |= found
        fresh = {id_: view.fate(record, hold) for id_, record in found.items()}
        fates |= fresh
    return records, fates


class _View:
    """Looks at records from one person's side."""

    def __init__(
        self, parties: Collection[str], waiting: Collection[int], named: Identity, ours: Ours
    ) -> None:
        self._parties = parties
        self._waiting = waiting
        self._named = named
        self._ours = ours
        self._own: set[Target] = set()

    def claim(self, records: Iterable[Footprint]) -> None:
        """Note which parts of the records are the person's."""
        self._own = {
            (record.place, part.part)
            for record in records
            for part in record.parts
            if self.is_mine(part)
        }

    def is_mine(self, part: Part) -> bool:
        """Whether a part states this person."""
        if part.entity != PARTY:
            return False
        if part.party is not None or part.record_id not in self._waiting:
            return part.party in self._parties
        return bool(orjson.loads(part.body).get("kind") != "organisation")

    def targets(self, record: Footprint, fate: Fate) -> set[Target]:
        """What others may refer to of a record, and mean the person."""
        parts = {(record.place, part.part) for part in record.parts}
        if fate is Fate.CLEAN:
            return parts & self._own
        return parts | {(record.place, "")}

    def fate(self, record: Footprint, hold: bool) -> Fate:
        """What becomes of a record."""
        others = any(self._speaks_of_others(part, record) for part in record.parts)
        if others:
            return Fate.CLEAN
        kept = hold and any(part.entity in DOCUMENTS for part in record.parts)
        return Fate.HOLD if kept else Fate.EMPTY

    def _speaks_of_others(self, part: Part, record: Footprint) -> bool:
        if part.entity == PARTY:
            alive = part.active or part.party is not None
            return alive and not self.is_mine(part)
        if part.entity in _TIES:
            return False
        return self._refers_to_others(part, record) or self._is_shared_talk(part)

    def _refers_to_others(self, part: Part, record: Footprint) -> bool:
        people = [ref for ref in part.refs if ref.role.rpartition(".")[2] in _PEOPLE]
        return any(
            (ref.place, ref.part) not in self._own and ref.place != record.place for ref in people
        )

    def _is_shared_talk(self, part: Part) -> bool:
        """Whether somebody else takes part, who is neither a desk nor one of us."""
        body = orjson.loads(part.body)
        points = [item["contact_point"] for item in body.get("participants", ())]
        return any(is_other(point, self._named, self._ours) for point in points)


def is_other(point: str, named: Identity, ours: Ours) -> bool:
    """Whether an address is somebody else's, who is neither a desk nor one of us."""
    address = standardise_email(point)
    if address is None:
        return point not in named.words
    own = address in named.emails or email_domain(address) in ours.domains
    return not (own or is_desk(address))


def others_with(
    db: Connection, named: Identity, mine: Collection[int]
) -> tuple[set[str], frozenset[str]]:
    """Addresses and numbers that others hold as well, and the parties that do.

    Looked up by match key, and by spelling: which country a number is of may be read otherwise.
    """
    keys = {email_match_key(email_key(address) or address): address for address in named.emails}
    keys |= {phone_match_key(number): number for number in named.phones}
    profiles: dict[str, set[str]] = {}
    for key, profile in match_look_ups.find_holders(db, list(keys)):
        profiles.setdefault(profile, set()).add(keys[key])
    shared, holders = set[str](), set[int]()
    for profile, canonical in match_look_ups.load_members(db, profiles):
        if canonical not in mine:
            shared |= profiles[profile]
            holders.add(canonical)
    for canonical, body in wording.living_bodies(db, named.needles()):
        same = named.held_in(orjson.loads(body)) if canonical not in mine else set()
        shared |= same
        holders |= {canonical} if same else set()
    return shared, frozenset(link.party_id for link in load_links(db, holders))
