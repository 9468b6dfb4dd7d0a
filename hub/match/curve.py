"""What every threshold would give: scored pairs joined from the heaviest down, measured on the way.

The clusters of a threshold are the connected components of the pairs at or above it: no veto and no
bridge is looked at, so that the curve shows the weights alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final, NamedTuple

from hub.match.quality import scores

_POINTS: Final = 200

ScoredEdge = tuple[str, str, float]


class Point(NamedTuple):
    """Pairwise figures at one threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


def threshold_curve(edges: Iterable[ScoredEdge], truth: Mapping[str, str]) -> list[Point]:
    """Points by falling threshold; records without a truth join others but are not counted."""
    ordered = sorted(edges, key=lambda edge: -edge[2])
    if not ordered:
        return []
    step = (ordered[0][2] - ordered[-1][2]) / _POINTS
    true = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    forest = _Forest(truth)
    points: list[Point] = []
    for threshold, group in groupby(ordered, key=lambda edge: edge[2]):
        for left, right, _ in group:
            forest.join(left, right)
        point = Point(threshold, *scores(forest.right, forest.joined, true))
        if len(points) > 1 and points[-2].threshold - threshold < step:
            points[-1] = point
        else:
            points.append(point)
    return points


class _Forest:
    """Components with how many labelled records of which entity each holds."""

    def __init__(self, truth: Mapping[str, str]) -> None:
        self._truth = truth
        self._parent: dict[str, str] = {}
        self._held: dict[str, Counter[str]] = {}
        self._size: dict[str, int] = {}
        self.joined = 0
        self.right = 0

    def join(self, one: str, other: str) -> None:
        kept, gone = self._root(one), self._root(other)
        if kept == gone:
            return
        if len(self._held[kept]) < len(self._held[gone]):
            kept, gone = gone, kept
        self.joined += self._size[kept] * self._size[gone]
        held, added = self._held[kept], self._held.pop(gone)
        for entity, count in added.items():
            self.right += held[entity] * count
            held[entity] += count
        self._size[kept] += self._size.pop(gone)
        self._parent[gone] = kept

    def _root(self, record: str) -> str:
        if record not in self._parent:
            self._parent[record] = record
            entity = self._truth.get(record)
            self._held[record] = Counter([entity] if entity else [])
            self._size[record] = int(bool(entity))
        while self._parent[record] != record:
            self._parent[record] = self._parent[self._parent[record]]
            record = self._parent[record]
        return record
