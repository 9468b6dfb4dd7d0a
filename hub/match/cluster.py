"""Which records are one customer: a pure function of nodes, edges and people's decisions.

Must-links first, then certain edges by weight. Two clusters join unless some pair between them is
vetoed or never-linked, or a single weak edge is all that would hold two groups together. The order
in which nodes and edges are given does not matter (law 7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

STRONG: Final = 140
"""A single edge of this weight may join two groups; a weaker one needs a second beside it."""
_MARGIN: Final = 30

Pair = tuple[str, str]


class Edge(NamedTuple):
    """A certain edge between two nodes."""

    left: str
    right: str
    weight: int


class Blocked(NamedTuple):
    """A certain edge whose ends stay apart, and why: a case for a person."""

    edge: Edge
    reason: str


class Partition(NamedTuple):
    """Clusters with sorted members, sorted by their first; and the edges that did not join."""

    clusters: tuple[tuple[str, ...], ...]
    blocked: tuple[Blocked, ...]


class Decisions(NamedTuple):
    """What people decided, as pairs of nodes in any order."""

    must_links: Collection[Pair] = ()
    never_links: Collection[Pair] = ()


def cluster(
    nodes: Iterable[str],
    edges: Iterable[Edge],
    *,
    vetoed: Callable[[str, str], bool],
    decisions: Decisions = Decisions(),  # noqa: B008  # an empty tuple of tuples
) -> Partition:
    """Partition the nodes; ``vetoed`` must be symmetric and depend on its two nodes alone."""
    known = {Edge(*_pair(edge.left, edge.right), edge.weight) for edge in edges}
    ordered = sorted(known, key=lambda edge: (-edge.weight, edge.left, edge.right))
    state = _State(nodes, ordered, vetoed, decisions)
    blocked = state.join_decided(sorted({_pair(*pair) for pair in decisions.must_links}))
    blocked += state.join_certain()
    groups = sorted(tuple(sorted(members)) for members in set(map(tuple, state.members.values())))
    apart = [item for item in blocked if not state.together(item.edge)]
    return Partition(tuple(groups), tuple(apart))


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


class _State:
    """Clusters while they grow: each node knows the list of its cluster's members."""

    def __init__(
        self,
        nodes: Iterable[str],
        edges: list[Edge],
        vetoed: Callable[[str, str], bool],
        decisions: Decisions,
    ) -> None:
        self.members: dict[str, list[str]] = {node: [node] for node in nodes}
        self._edges = edges
        self._weights = {(edge.left, edge.right): edge.weight for edge in edges}
        self._vetoed = vetoed
        self._never = {_pair(*pair) for pair in decisions.never_links}
        self._decided: dict[str, str] = {}

    def together(self, edge: Edge) -> bool:
        return self.members[edge.left] is self.members[edge.right]

    def join_decided(self, pairs: list[Pair]) -> list[Blocked]:
        """A must-link joins whatever the rules say, but not two that a person keeps apart."""
        blocked = []
        for left, right in pairs:
            edge = Edge(left, right, self._weights.get((left, right), 0))
            if self.together(edge):
                continue
            if self._kept_apart(self.members[left], self.members[right]):
                blocked.append(Blocked(edge, "contradicting decisions"))
            else:
                self._join(edge)
        for first, joined in list(self.members.items()):
            self._decided[first] = min(joined)
        return blocked

    def join_certain(self) -> list[Blocked]:
        ambiguous = self._ambiguous()
        blocked = []
        for edge in self._edges:
            if self.together(edge):
                continue
            reason = "fits two customers" if edge in ambiguous else self._objection(edge)
            if reason:
                blocked.append(Blocked(edge, reason))
            else:
                self._join(edge)
        return blocked

    def _join(self, edge: Edge) -> None:
        kept, gone = self.members[edge.left], self.members[edge.right]
        if len(kept) < len(gone):
            kept, gone = gone, kept
        kept.extend(gone)
        for node in gone:
            self.members[node] = kept

    def _objection(self, edge: Edge) -> str:
        left, right = self.members[edge.left], self.members[edge.right]
        if self._kept_apart(left, right):
            return "never-link"
        if self._incompatible(left, right):
            return "veto in the group"
        if min(len(left), len(right)) > 1 and edge.weight < STRONG and self._held_by_one(edge):
            return "one weak edge"
        return ""

    def _kept_apart(self, left: list[str], right: list[str]) -> bool:
        return bool(self._never) and any(_pair(a, b) in self._never for a in left for b in right)

    def _incompatible(self, left: list[str], right: list[str]) -> bool:
        """A veto counts unless a must-link has made its node one with a certain neighbour."""
        return any(
            self._vetoed(a, b) and not self._excused(a, b, left, right) for a in left for b in right
        )

    def _excused(self, one: str, other: str, left: list[str], right: list[str]) -> bool:
        ones = [node for node in left if self._decided[node] == self._decided[one]]
        others = [node for node in right if self._decided[node] == self._decided[other]]
        if len(ones) == len(others) == 1:
            return False
        return any(_pair(a, b) in self._weights for a in ones for b in others)

    def _held_by_one(self, edge: Edge) -> bool:
        left, right = self.members[edge.left], self.members[edge.right]
        return sum(_pair(a, b) in self._weights for a in left for b in right) < 2

    def _ambiguous(self) -> set[Edge]:
        """Edges of a node that fits two incompatible ones about equally well."""
        neighbours: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in self._edges:
            neighbours[edge.left].append(edge)
            neighbours[edge.right].append(edge)
        found: set[Edge] = set()
        for node, edges in neighbours.items():
            for one, two in combinations(edges, 2):
                if abs(one.weight - two.weight) < _MARGIN and self._rivals(node, one, two):
                    found |= {one, two}
        return found

    def _rivals(self, node: str, one: Edge, two: Edge) -> bool:
        left = one.right if one.left == node else one.left
        right = two.right if two.left == node else two.left
        if self._decided[left] == self._decided[right] or self._settled(node, left, right):
            return False
        return self._vetoed(left, right) or _pair(left, right) in self._never

    def _settled(self, node: str, left: str, right: str) -> bool:
        """A person has already said with whom the node goes."""
        return self._decided[node] in (self._decided[left], self._decided[right])


def index_of(partition: Partition) -> Mapping[str, int]:
    """Node to the number of its cluster."""
    return {node: n for n, members in enumerate(partition.clusters) for node in members}
