"""Today's rules in memory: profiles, match keys, comparisons and clusters of records in a file.

The same functions and the same cap of frequent keys as the store's path (``hub.pipeline.growth``),
without the store.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from hub.match.cluster import Edge, cluster
from hub.match.keys import match_keys
from hub.match.profile import Profile, build_profile
from hub.match.rules import FREQUENT, Comparison, Grade, compare
from hub.pipeline.evaluation import Outcome, Record, ScoredPair

_TENTHS = 10

_Pair = tuple[str, str]


def partition_by_rules(records: Iterable[Record], country: str = "DE") -> Outcome:
    """Clusters named by their smallest record id; ``country`` is that of phones without prefix."""
    clock = _Clock()
    profiles: dict[str, Profile] = {}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        profile = build_profile(record.body, country)
        profiles.setdefault(profile.digest, profile)
        members[profile.digest].append(record.record_id)
    clock.stop("read and standardise")
    pairs, frequent = _candidates(profiles)
    clock.stop("find candidates")
    known = _Comparisons(profiles, frequent)
    graded = {pair for pair in pairs if known(*pair).grade is not Grade.NONE}
    clock.stop("compare")
    nodes = dict(_nodes(members, known))
    edges = [
        Edge(one, other, known(*pair).weight)
        for pair in graded
        if known(*pair).grade is Grade.CERTAIN
        for one in nodes[pair[0]]
        for other in nodes[pair[1]]
    ]
    content = {node: digest for digest, held in nodes.items() for node in held}
    found = cluster(
        content, edges, vetoed=lambda one, other: bool(known(content[one], content[other]).vetoes)
    )
    records_of = {node: held[node] for held in nodes.values() for node in held}
    clusters = [[r for node in joined for r in records_of[node]] for joined in found.clusters]
    named = {record: name for held in clusters for name in [min(held)] for record in held}
    clock.stop("cluster")
    return Outcome(named, list(_scored(graded, nodes, known)), clock.stages)


class _Clock:
    """Seconds between stops."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._since = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage], self._since = now - self._since, now


class _Comparisons:
    """Comparisons of contents by digest, each made once."""

    def __init__(self, profiles: dict[str, Profile], frequent: set[str]) -> None:
        self._profiles = profiles
        self._frequent = frequent
        self._made: dict[_Pair, Comparison] = {}

    def __call__(self, one: str, other: str) -> Comparison:
        pair = (one, other) if one <= other else (other, one)
        if pair not in self._made:
            left, right = self._profiles[pair[0]], self._profiles[pair[1]]
            self._made[pair] = compare(left, right, frequent=self._frequent)
        return self._made[pair]


def _candidates(profiles: dict[str, Profile]) -> tuple[set[_Pair], set[str]]:
    """Pairs that share a key, and the keys that too many profiles share."""
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for digest, profile in profiles.items():
        for key in match_keys(profile):
            holders[key].append(digest)
    frequent = {key for key, held in holders.items() if len(held) > FREQUENT}
    pairs = {
        (one, other) if one < other else (other, one)
        for key, held in holders.items()
        if key not in frequent
        for one, other in combinations(held, 2)
    }
    return pairs, frequent


def _nodes(
    members: dict[str, list[str]], known: _Comparisons
) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """For each content its nodes with their records: copies are one node where copies match."""
    for digest, records in members.items():
        if len(records) > 1 and known(digest, digest).grade is Grade.CERTAIN:
            yield digest, {min(records): records}
        else:
            yield digest, {record: [record] for record in records}


def _scored(
    graded: set[_Pair], nodes: dict[str, dict[str, list[str]]], known: _Comparisons
) -> Iterator[ScoredPair]:
    """Pairs without a veto, in bits; copies of one content hang on the first of them."""
    for one, other in sorted(graded):
        found = known(one, other)
        if not found.vetoes:
            bits = found.weight / _TENTHS
            yield from (ScoredPair(a, b, bits) for a in nodes[one] for b in nodes[other])
    for digest, held in nodes.items():
        for first, copies in held.items():
            if len(copies) > 1:
                bits = known(digest, digest).weight / _TENTHS
                yield from (ScoredPair(first, copy, bits) for copy in copies if copy != first)
