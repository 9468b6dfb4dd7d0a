"""What a resolution run will change: one atomic change for each unit of records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from hub.match.assign import Assignment, Held, assign
from hub.match.partition import Apart, Edge, Traits, partition
from hub.match.verdict import Verdict
from hub.pipeline.growth import Growth, Unit
from hub.pipeline.indexed import Indexed
from hub.store.parties import PartyState
from hub.store.relationships import Pair, Relationship
from hub.store.review import NewCase


class Move(NamedTuple):
    """A record that gets a link to the cluster at ``spot``; an active one to another is closed."""

    record: int
    spot: int
    kind: str
    reason: str


_Settled = tuple[int, bytes, bool]
"""A record with the digest of what it says, and whether it is there."""


@dataclass(slots=True)
class Change:
    """One unit's outcome; applied whole or not at all, and only if ``expected`` still holds.

    ``founders`` are pairs of a new cluster's place and its first record; ``related`` are pairs of
    contents whose relationship is new, or is none any more. A first load keeps one of these for
    every customer, hence tuples.
    """

    settled: tuple[_Settled, ...]
    expected: Mapping[int, str]
    members: tuple[int, ...]
    founders: tuple[tuple[int, int], ...]
    assignment: Assignment
    moves: tuple[Move, ...]
    closes: tuple[int, ...]
    touched: tuple[int, ...]
    losing: tuple[str, ...]
    opened: tuple[NewCase, ...] = ()
    obsolete: tuple[str, ...] = ()
    related: tuple[tuple[Pair, Relationship | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run will do; ``merges`` counts existing customers that would lose their id."""

    changes: Sequence[Change]
    counts: Mapping[str, int]
    digest: str

    @property
    def merges(self) -> int:
        """How many existing customers would be merged into another."""
        return self.counts["merged"]


_NEW: Final = Assignment(owners=[None])
"""One new customer and nothing else: most of a first load."""


class Resolved(NamedTuple):
    """A unit's change, and what its clusters mean for review cases."""

    change: Change
    spots: dict[int, int]
    apart: list[tuple[int, int, Verdict, str]]


def _movers(unit: Unit, spots: Mapping[int, int]) -> set[int]:
    """Records that a person sends from one party to another: no id goes along with them.

    A must-link that others contradict sends nobody: its records are in different clusters.
    """
    held = (pair for pair in unit.decisions.must_links if _one_cluster(unit, spots, *pair))
    leaving = _decided(unit, unit.decisions.never_links, lambda mine, theirs: mine in theirs)
    coming = _decided(unit, held, lambda mine, theirs: theirs - {mine})
    return set(leaving) & set(coming)


def _one_cluster(unit: Unit, spots: Mapping[int, int], one: str, other: str) -> bool:
    return spots[unit.nodes[one][0]] == spots[unit.nodes[other][0]]


def _decided(
    unit: Unit, pairs: Iterable[tuple[str, str]], holds: Callable[[str, set[str]], Any]
) -> Iterator[int]:
    """Linked records of decided pairs whose party holds against those of the other side."""
    for pair in pairs:
        for near, far in (pair, pair[::-1]):
            theirs = {unit.links[r] for r in unit.nodes[far] if r in unit.links}
            mine = (r for r in unit.nodes[near] if r in unit.links)
            yield from (record for record in mine if holds(unit.links[record], theirs))


def resolve_unit(unit: Unit, growth: Growth, indexed: Indexed) -> Resolved:
    """Cluster a unit and work out what has to change; what is not as indexed stays pending."""

    def evidence(one: str, other: str) -> float:
        return growth.matcher.verdict(unit.content[one], unit.content[other]).against

    found = partition(
        unit.nodes,
        list(_open_edges(unit)),
        evidence=evidence,
        decisions=unit.decisions,
        traits=Traits(unit.accounts, unit.silent),
    )
    clusters = [sorted(r for n in nodes for r in unit.nodes[n]) for nodes in found.clusters]
    spots = {record: spot for spot, members in enumerate(clusters) for record in members}
    assignment = assign(clusters, unit.links, _parties(unit, spots), seniority=unit.since)
    explain = _Explainer(unit, growth, found.clusters)
    moves = [
        Move(record, spot, *explain(record, spot))
        for record, spot in sorted(spots.items())
        if assignment.owners[spot] is None or unit.links.get(record) != assignment.owners[spot]
    ]
    settled = sorted(_settled(unit, indexed))
    change = _change(unit, assignment, spots, moves=moves, settled=settled)
    return Resolved(change, spots, list(_apart(found.apart, unit, growth)))


def _open_edges(unit: Unit) -> Iterator[Edge[str]]:
    """Edges that a person has not cut: a never-linked neighbour is no rival of the others."""
    cut = {frozenset(pair) for pair in unit.decisions.never_links}
    return (edge for edge in unit.edges if frozenset((edge.left, edge.right)) not in cut)


def _parties(unit: Unit, spots: Mapping[int, int]) -> list[Held]:
    """Those whose links are all here, and lost ones that a record here speaks for.

    Of lost ones that which was lost last comes back first.
    """
    movers = _movers(unit, spots)
    staying: defaultdict[str, list[int]] = defaultdict(list)
    for record, owner in unit.links.items():
        if unit.records[record].active and record not in movers:
            staying[owner].append(record)
    found = [
        Held(party.id, party.seq, _speaker(unit, party, staying[party.id]), True, None)
        for party in unit.parties
        if party.status != "erased"
    ]
    found += [Held(p.id, -at, speaker, False, p.replaced_by) for p, at, speaker in unit.lost]
    return found


def _speaker(unit: Unit, party: PartyState, staying: Iterable[int]) -> int:
    """Who has been longest with a party, its founder at a tie; -1 where nobody stays.

    An id must not go with records that a merge has brought, when the merge is taken back: be it the
    founder itself that was moved away before.
    """

    def rank(record: int) -> tuple[int, bool, int]:
        return (unit.since[record], record != party.founding_id, record)

    return min(staying, key=rank, default=-1)


def _settled(unit: Unit, indexed: Indexed) -> Iterator[_Settled]:
    waiting = ((r.id, r.body_hash, r.active) for r in unit.records.values() if r.pending)
    return (record for record in waiting if indexed.holds(*record))


def _change(
    unit: Unit,
    assignment: Assignment,
    spots: Mapping[int, int],
    *,
    moves: list[Move],
    settled: Sequence[_Settled],
) -> Change:
    moved = {move.record for move in moves}
    closes = [record for record in unit.links if record in moved or record not in spots]
    founders: dict[int, int] = {}
    for record, spot in sorted(spots.items()):
        founders.setdefault(spot, record)
    touched = {spots[record] for record, *_ in settled if record in spots}
    touched |= {move.spot for move in moves}
    return Change(
        settled=tuple(settled),
        expected=unit.links,
        members=tuple(sorted(unit.records)),
        founders=tuple((s, r) for s, r in founders.items() if assignment.owners[s] is None),
        assignment=_NEW if assignment == _NEW else assignment,
        moves=tuple(moves),
        closes=tuple(sorted(closes)),
        touched=tuple(sorted(touched)),
        losing=tuple(sorted({unit.links[record] for record in closes})),
    )


def _apart(
    apart: Iterable[Apart[str]], unit: Unit, growth: Growth
) -> Iterator[tuple[int, int, Verdict, str]]:
    for (left, right, *_), reason in apart:
        found = growth.matcher.verdict(unit.content[left], unit.content[right])
        yield min(unit.nodes[left]), min(unit.nodes[right]), found, reason


class _Explainer:
    """Says why a record is in its cluster: a decision, or its heaviest edge."""

    def __init__(self, unit: Unit, growth: Growth, clusters: Sequence[Sequence[str]]) -> None:
        self._unit = unit
        self._growth = growth
        self._clusters = clusters
        self._node_of = {r: node for node, owned in unit.nodes.items() for r in owned}
        self._decided = {node for pair in unit.decisions.must_links for node in pair}
        self._best: dict[str, tuple[float, str]] = {}
        for left, right, bits, *_ in sorted(unit.edges):
            for node, other in ((left, right), (right, left)):
                self._best[node] = max(self._best.get(node, (0.0, "")), (bits, other))

    def __call__(self, record: int, spot: int) -> tuple[str, str]:
        node = self._node_of[record]
        if node in self._decided:
            return "manual", "decided by a person"
        if len(self._clusters[spot]) == 1:
            copy = len(self._unit.nodes[node]) > 1
            return "auto", "a copy of the same content" if copy else "the only record"
        return "auto", self._heaviest(node)

    def _heaviest(self, node: str) -> str:
        bits, other = self._best.get(node, (0.0, ""))
        if not other:
            return "joined by its group"
        content = self._unit.content
        found = self._growth.matcher.verdict(content[node], content[other])
        fields = "; ".join(f"{e.field}: {e.outcome}" for e in found.evidence if e.bits > 0)
        return f"{bits:.1f} bits ({fields})"


def summarise(changes: Sequence[Change]) -> Plan:
    """The plan with its counts and a digest by which two plans can be compared."""
    counts = {
        "settled": sum(len(change.settled) for change in changes),
        "created": sum(change.assignment.owners.count(None) for change in changes),
        "linked": sum(len(change.moves) for change in changes),
        "closed": sum(len(change.closes) for change in changes),
        "merged": sum(len(change.assignment.merged) for change in changes),
        "split": sum(len(change.assignment.splits) for change in changes),
        "gone": sum(len(change.assignment.gone) for change in changes),
        "cases_opened": sum(len(change.opened) for change in changes),
        "cases_obsolete": sum(len(change.obsolete) for change in changes),
    }
    hasher = blake2b(digest_size=16)
    for change in changes:
        hasher.update(repr(change).encode())
    return Plan(changes, counts, hasher.hexdigest())
