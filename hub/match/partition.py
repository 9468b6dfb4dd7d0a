"""Which records are one customer: a pure function of records, weights and people's decisions.

Must-links first. Then, always the best pair of clusters first, two clusters become one where a pair
of theirs may join and all pairs between them are for it on the whole: pairs that share no match
key count too, with what they have against it. So no cluster is held together by its weakest edge,
and one wrong edge fuses nothing. A vetoed pair needs others beside it to be outvoted. What fits two
clusters about equally well that can't be one joins neither: a person decides. The order in which
records and edges are given does not matter (law 7); weights are counted in whole thousandths of a
bit, so that sums do not depend on it either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple

from hub.match.disjoint import DisjointSets, N
from hub.match.thresholds import CERTAIN, CONFLICT, VETOED

UNSEEN: Final = -1.0
"""What a pair without a shared match key counts, beside what it has against it."""
MARGIN: Final = 3.0
"""Two clusters whose means differ by less fit about equally well."""
OUTVOTED: Final = 3
"""One vetoed pair in so many keeps two clusters apart no longer."""
LARGEST: Final = 500
"""In a component of more nodes than this only edges are weighed: cost stays linear."""
ONE_ACCOUNT: Final = "one active account per ledger"
"""Why two clusters stay apart that hold an account each of a ledger that allows one."""
_NO_ACCOUNT: Final[frozenset[str]] = frozenset()
MILLI: Final = 1_000
"""Weights are counted in so many parts of a bit."""
_UNSEEN_MILLI: Final = int(UNSEEN * MILLI)


class Edge(NamedTuple, Generic[N]):
    """A candidate pair and what it weighs, in bits.

    One that ``leans`` may join clusters though it is not certain, a ``vetoed`` one never.
    """

    left: N
    right: N
    bits: float
    leans: bool = False
    vetoed: bool = False

    @property
    def joins(self) -> bool:
        """Whether it may make one cluster of two."""
        return not self.vetoed and (self.leans or self.bits >= CERTAIN)


class Apart(NamedTuple, Generic[N]):
    """A certain edge whose ends are not one, and why: a case for a person."""

    edge: Edge[N]
    reason: str


class Decisions(NamedTuple, Generic[N]):
    """What people decided, as pairs of nodes in any order."""

    must_links: Collection[tuple[N, N]] = ()
    never_links: Collection[tuple[N, N]] = ()


class Traits(NamedTuple, Generic[N]):
    """What is known of nodes: the ledgers of which one holds the one account that a customer may
    have, and which say nothing that could be compared.
    """

    accounts: Mapping[N, frozenset[str]] = MappingProxyType({})
    silent: Collection[N] = ()


class Partition(NamedTuple, Generic[N]):
    """Clusters with sorted members, sorted by their first; certain edges that stay apart."""

    clusters: tuple[tuple[N, ...], ...]
    apart: tuple[Apart[N], ...]


def partition(
    nodes: Iterable[N],
    edges: Iterable[Edge[N]],
    *,
    evidence: Callable[[N, N], float],
    decisions: Decisions[N] = Decisions(),  # noqa: B008  # an empty tuple of tuples
    traits: Traits[N] = Traits(),  # noqa: B008  # empty and never changed
) -> Partition[N]:
    """Partition the nodes.

    ``evidence`` says what any pair has against it (``against`` of :class:`hub.match.weigh.Weight`);
    it is asked for the pairs within a connected component, and must be symmetric. Only a must-link
    gives a cluster two accounts of a ledger; a silent node has no voice for or against another.
    """
    state = _State(nodes, edges, evidence, decisions)
    state.accounts.update(traits.accounts)
    state.voices.update(dict.fromkeys(traits.silent, 0))
    state.join_decided()
    state.join_certain()
    clusters = sorted(tuple(sorted(group)) for group in state.members.values())
    return Partition(tuple(clusters), tuple(state.stay_apart()))


class _Tie(NamedTuple):
    """All pairs between two clusters: sum and number of those weighed, how many are vetoed."""

    sum: int
    pairs: int
    vetoed: int = 0
    joins: bool = False

    def plus(self, other: _Tie) -> _Tie:
        """The pairs of both."""
        sums = (self.sum + other.sum, self.pairs + other.pairs, self.vetoed + other.vetoed)
        return _Tie(*sums, joins=self.joins or other.joins)


_NO_TIE: Final = _Tie(0, 0)


class _State(Generic[N]):
    """Clusters while they grow, each named by its smallest node."""

    def __init__(
        self,
        nodes: Iterable[N],
        edges: Iterable[Edge[N]],
        evidence: Callable[[N, N], float],
        decisions: Decisions[N],
    ) -> None:
        self.members: dict[N, list[N]] = {node: [node] for node in nodes}
        self.accounts: dict[N, frozenset[str]] = {}
        self.voices: dict[N, int] = dict.fromkeys(self.members, 1)
        self._home: dict[N, N] = {node: node for node in self.members}
        self._ties: dict[N, dict[N, _Tie]] = defaultdict(dict)
        self._joining: list[Edge[N]] = []
        self._decisions: Decisions[N] = decisions
        self._apart: dict[N, set[N]] = defaultdict(set)
        self._reasons: dict[frozenset[N], str] = {}
        self._quarrel = True
        """Whether some two nodes may never be one, as :meth:`join_certain` finds once all is known:
        without such, nothing decides but weights.
        """
        self._tie_edges(edges)
        self._tie_unseen(evidence)
        for one, other in decisions.never_links:
            self._keep_apart(one, other, "never-link")

    def _tie_edges(self, edges: Iterable[Edge[N]]) -> None:
        for edge in edges:
            if edge.left not in self.members or edge.right not in self.members:
                continue
            bits, joins = round(edge.bits * MILLI), edge.joins
            self._set(edge.left, edge.right, _Tie(bits, 1, int(edge.vetoed), joins))
            if joins:
                self._joining.append(edge)

    def _tie_unseen(self, evidence: Callable[[N, N], float]) -> None:
        """Weigh the pairs of a component that share no key; conflicting pairs stay apart."""
        joined: DisjointSets[N] = DisjointSets()
        for edge in self._joining:
            joined.join(edge.left, edge.right)
        for group in joined.sets():
            if len(group) > LARGEST:
                continue
            for place, one in enumerate(group):
                for other in group[place + 1 :]:
                    found = evidence(one, other)
                    if found <= CONFLICT:
                        self._keep_apart(one, other, "conflicting values")
                    if other not in self._ties[one]:
                        bits = round((min(found, 0.0) + UNSEEN) * MILLI)
                        self._set(one, other, _Tie(bits, 1, int(found <= VETOED)))

    def _set(self, one: N, other: N, tie: _Tie) -> None:
        self._ties[one][other] = self._ties[other][one] = tie

    def _keep_apart(self, one: N, other: N, reason: str) -> None:
        if one in self.members and other in self.members and one != other:
            self._apart[one].add(other)
            self._apart[other].add(one)
            self._reasons[frozenset((one, other))] = reason

    def join_decided(self) -> None:
        """A must-link joins whatever the weights say, but not two that a person keeps apart."""
        never = {frozenset(pair) for pair in self._decisions.never_links}
        for pair in sorted(tuple(sorted(pair)) for pair in self._decisions.must_links):
            homes = [self._home.get(node) for node in pair]
            if homes[0] is None or homes[1] is None or homes[0] == homes[1]:
                continue
            ones, others = self.members[homes[0]], self.members[homes[1]]
            if not any(frozenset((a, b)) in never for a in ones for b in others):
                self._join(homes[0], homes[1])

    def join_certain(self) -> None:
        """Join the best two clusters until none is left that should be one."""
        self._quarrel = bool(self._apart or self.accounts) or self._holds_vetoes()
        heap: list[tuple[int, N, N]] = []
        for one, other in ((a, b) for a, ties in self._ties.items() for b in ties if a < b):
            self._offer(heap, one, other)
        while heap:
            weight, one, other = heappop(heap)
            if other in self._ties.get(one, {}):
                self._consider(heap, one, other, weight=-weight)

    def _holds_vetoes(self) -> bool:
        return any(tie.vetoed for ties in self._ties.values() for tie in ties.values())

    def _consider(self, heap: list[tuple[int, N, N]], one: N, other: N, *, weight: int) -> None:
        """Join two clusters that may be one, or offer them again where they have grown since."""
        fit = self._fit(one, other)
        if fit is None:
            return
        if fit != weight:
            heappush(heap, (-fit, one, other))
        elif not self._has_rival(one, other, fit):
            home = self._join(one, other)
            for near in self._ties[home]:
                self._offer(heap, min(home, near), max(home, near))

    def _offer(self, heap: list[tuple[int, N, N]], one: N, other: N) -> None:
        fit = self._fit(one, other)
        if fit is not None:
            heappush(heap, (-fit, one, other))

    def _fit(self, one: N, other: N) -> int | None:
        """Thousandths of a bit for an average pair of two clusters that may be one; else nothing.

        Pairs nobody weighed count as unseen.
        """
        tie = self._ties[one][other]
        if not tie.joins:
            return None
        pairs = self._pairs(one, other)
        mean = (tie.sum + (pairs - tie.pairs) * _UNSEEN_MILLI) // pairs
        if mean < 0 or (self._quarrel and self._are_vetoed(one, other)):
            return None
        return mean

    def _are_vetoed(self, one: N, other: N) -> bool:
        """Whether two clusters as they are may never join: most pairs of them ask nothing else."""
        vetoed = self._ties[one][other].vetoed
        outvoted = not vetoed or vetoed * OUTVOTED <= self._pairs(one, other)
        return not outvoted or self._keeps_off(one, other)

    def _keeps_off(self, one: N, other: N) -> bool:
        return other in self._apart.get(one, ()) or self._share_a_ledger(one, other)

    def _is_vetoed(self, ones: tuple[N, ...], other: N) -> bool:
        """Whether clusters, taken as one, may never join another."""
        if any(self._keeps_off(one, other) for one in ones):
            return True
        vetoed = sum(self._ties[one].get(other, _NO_TIE).vetoed for one in ones)
        return vetoed * OUTVOTED > sum(self._pairs(one, other) for one in ones)

    def _share_a_ledger(self, one: N, other: N) -> bool:
        held = self.accounts.get(other)
        return bool(held and held & self.accounts.get(one, _NO_ACCOUNT))

    def _has_rival(self, one: N, other: N, fit: int) -> bool:
        """Whether a third cluster fits one of the two about as well and could not join them."""
        if not self._quarrel:
            return False
        least = fit - int(MARGIN * MILLI)
        for home, near in ((one, other), (other, one)):
            for rival in self._ties[home]:
                fits = self._fit(home, rival) if rival != near else None
                if fits is not None and fits > least and self._is_vetoed((one, other), rival):
                    self._doubt(home, near, rival)
                    return True
        return False

    def _doubt(self, home: N, *rivals: N) -> None:
        for one in self.members[home]:
            for rival in rivals:
                for other in self.members[rival]:
                    self._reasons.setdefault(frozenset((one, other)), "fits two customers")

    def _pairs(self, one: N, other: N) -> int:
        """How many pairs two clusters have; silent nodes alone count as one."""
        return (self.voices[one] or 1) * (self.voices[other] or 1)

    def _join(self, one: N, other: N) -> N:
        home, gone = sorted((one, other))
        self.voices[home] += self.voices.pop(gone)
        for node in self.members[gone]:
            self._home[node] = home
        self.members[home] += self.members.pop(gone)
        if gone in self.accounts:
            own = self.accounts.get(home, _NO_ACCOUNT)
            self.accounts[home] = own | self.accounts.pop(gone)
        for near, tie in self._ties.pop(gone, {}).items():
            self._ties[near].pop(gone, None)
            if near != home:
                held = self._ties[home].get(near, _NO_TIE)
                self._set(home, near, held.plus(tie))
        for node in self._apart.pop(gone, set()):
            self._apart[node].discard(gone)
            self._apart[node].add(home)
            self._apart[home].add(node)
        return home

    def stay_apart(self) -> Iterable[Apart[N]]:
        """The edges between clusters that might have joined them, with the reason."""
        for edge in sorted(self._joining, key=_by_weight):
            one, other = self._home[edge.left], self._home[edge.right]
            if one != other:
                yield Apart(edge, self._reason(edge))

    def _reason(self, edge: Edge[N]) -> str:
        found = self._reasons.get(frozenset((edge.left, edge.right)))
        if found:
            return found
        one, other = self._home[edge.left], self._home[edge.right]
        if self._share_a_ledger(one, other):
            return ONE_ACCOUNT
        pairs = ((a, b) for a in self.members[one] for b in self.members[other])
        reasons = {self._reasons.get(frozenset(pair)) for pair in pairs} - {None}
        return min(filter(None, reasons), default="the rest of the two customers speaks against it")


def _by_weight(edge: Edge[Any]) -> tuple[Any, ...]:
    return (-edge.bits, edge.left, edge.right)
