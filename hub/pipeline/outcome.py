"""What a plan means for customers: merges, splits, moves, by name and for the digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from hub.match.assign import Assignment
from hub.pipeline.resolution import Change, Plan
from hub.store.crosswalk import load_party_links
from hub.store.database import Connection
from hub.store.parties import load_parties
from hub.store.party_records import load_records
from hub.store.review import case_pairs

Line = list[Any]


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers with the records they will have; a new one is named by the record that founds it.

    ``known`` are the ids that exist; ``names`` are for the digest; ``moved`` are the records that
    get another customer.
    """

    members: Mapping[str, set[int]]
    names: Mapping[str, str]
    known: set[str]
    moved: set[int]

    def with_others(self, db: Connection, parties: Iterable[str]) -> Customers:
        """These, and customers that the plan does not touch."""
        others = set(parties) - self.members.keys()
        members: defaultdict[str, set[int]] = defaultdict(set)
        members.update({party: set() for party in others})
        for link in load_party_links(db, others):
            members[link.party_id].add(link.canonical_id)
        return replace(
            self,
            members={**self.members, **members},
            names={**self.names, **_party_names(db, others)},
            known=self.known | others,
        )


class Merge(NamedTuple):
    """An id that will lead to another."""

    loser: str
    survivor: str


class Moved(NamedTuple):
    """A record that will leave a customer; ``to`` None where it is gone at its source."""

    record: str
    before: str
    to: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of a plan's changes; ``lines`` are what the digest covers."""

    customers: Customers
    merges: Sequence[Merge]
    moves: Sequence[Moved]
    splits: Sequence[tuple[str, str]]
    revived: Sequence[str]
    ended: Sequence[str]
    lines: Sequence[Line]

    def as_dict(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "merges": [merge._asdict() for merge in self.merges],
            "splits": [{"customer": new, "from": origin} for new, origin in self.splits],
            "moves": [moved._asdict() for moved in self.moves],
            "revived": list(self.revived),
            "ended": list(self.ended),
        }


def outcome_of(db: Connection, plan: Plan) -> Outcome:
    """Name everything that a plan will do."""
    naming = _Naming(db, plan.changes)
    members: dict[str, set[int]] = {}
    told: list[_Told] = []
    for change in plan.changes:
        owners = naming.owners(change)
        members.update(_members(change, owners))
        told.append(_tell(change, owners, naming))
    known = {owner for change in plan.changes for owner in change.expected.values()}
    known |= {o for c in plan.changes for o in c.assignment.owners if o is not None}
    moved = {m.record for change in plan.changes for m in change.moves}
    names = {party: naming.name(party) for party in members}
    return Outcome(
        customers=Customers(members, names, known, moved),
        merges=[item for one in told for item in one.merges],
        moves=[item for one in told for item in one.moves],
        splits=[item for one in told for item in one.splits],
        revived=sorted(party for c in plan.changes for party in c.assignment.revived),
        ended=sorted(party for c in plan.changes for party in c.assignment.gone),
        lines=sorted(line for one in told for line in one.lines),
    )


class _Told(NamedTuple):
    merges: list[Merge]
    moves: list[Moved]
    splits: list[tuple[str, str]]
    lines: list[Line]


def _members(change: Change, owners: Sequence[str]) -> Iterator[tuple[str, set[int]]]:
    """The touched customers with the records they will have."""
    closed = set(change.closes)
    after = {r: party for r, party in change.expected.items() if r not in closed}
    after.update({move.record: owners[move.spot] for move in change.moves})
    records: defaultdict[str, set[int]] = defaultdict(set)
    for record, party in after.items():
        records[party].add(record)
    for party in sorted({owners[spot] for spot in change.touched} | set(change.losing)):
        yield party, records[party]


def _tell(change: Change, owners: Sequence[str], naming: _Naming) -> _Told:
    fates = change.assignment
    merges = [Merge(loser, owners[spot]) for loser, spot in sorted(fates.merged.items())]
    splits = [(owners[spot], origin) for spot, origin in sorted(fates.splits.items())]
    targets = {move.record: owners[move.spot] for move in change.moves}
    moves = [
        Moved(naming.record(record), change.expected[record], targets.get(record))
        for record in change.closes
    ]
    return _Told(merges, moves, splits, list(_lines(change, owners, naming)))


def _lines(change: Change, owners: Sequence[str], naming: _Naming) -> Iterator[Line]:
    """Every effect, named so that ids of rows and parties do not matter."""
    record, name = naming.record, naming.name
    for id_, body_hash, active in change.settled:
        yield ["settled", record(id_), body_hash.hex(), str(active)]
    for move in change.moves:
        yield ["linked", record(move.record), name(owners[move.spot]), move.kind]
    for id_ in change.closes:
        yield ["closed", record(id_), name(change.expected[id_]), ""]
    yield from _fate_lines(change.assignment, owners, naming)
    for case in change.opened:
        pair = sorted((record(case.left_id), record(case.right_id)))
        yield ["case", *pair, f"{case.grade} {case.weight} {case.reason}"]
    for case_id in change.obsolete:
        yield ["obsolete", *naming.case(case_id), ""]


def _fate_lines(fates: Assignment, owners: Sequence[str], naming: _Naming) -> Iterator[Line]:
    for verb, lost in (("merged", fates.merged), ("led", fates.led)):
        for party, spot in lost.items():
            yield [verb, naming.name(party), naming.name(owners[spot]), ""]
    for verb, parties in (("revived", fates.revived), ("ended", fates.gone)):
        for party in parties:
            yield [verb, naming.name(party), "", ""]


class _Naming:
    """Source references for row ids, founding records for parties."""

    def __init__(self, db: Connection, changes: Sequence[Change]) -> None:
        obsolete = [case for change in changes for case in change.obsolete]
        self._cases = case_pairs(db, obsolete)
        records = {record for change in changes for record in _records(change)}
        records |= {record for pair in self._cases.values() for record in pair}
        loaded = load_records(db, records)
        self._records = {id_: str(item.source) for id_, item in loaded.items()}
        self._parties = _party_names(db, {p for change in changes for p in _parties(change)})

    def record(self, canonical_id: int) -> str:
        return self._records[canonical_id]

    def name(self, party: str) -> str:
        """A new customer's label is its name already."""
        return self._parties.get(party, party)

    def case(self, case_id: str) -> list[str]:
        return sorted(map(self.record, self._cases[case_id]))

    def owners(self, change: Change) -> list[str]:
        """Every cluster's party; a new one by its founder."""
        founders = dict(change.founders)
        return [
            owner if owner is not None else f"new {self.record(founders[spot])}"
            for spot, owner in enumerate(change.assignment.owners)
        ]


def _records(change: Change) -> Iterator[int]:
    yield from change.members
    for case in change.opened:
        yield from (case.left_id, case.right_id)


def _parties(change: Change) -> Iterator[str]:
    fates = change.assignment
    yield from (owner for owner in fates.owners if owner is not None)
    yield from change.expected.values()
    for parties in (fates.merged, fates.led, fates.revived, fates.gone, change.losing):
        yield from parties


def _party_names(db: Connection, parties: Iterable[str]) -> dict[str, str]:
    """A party by the record that founded it."""
    found = load_parties(db, parties)
    records = load_records(db, {party.founding_id for party in found.values()})
    return {id_: f"of {records[party.founding_id].source}" for id_, party in found.items()}
