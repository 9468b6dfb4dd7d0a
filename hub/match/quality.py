"""How good a partition is against the truth: pairwise and B³; and intervals for samples.

Pairwise counts pairs of records: of the pairs joined, how many belong together (precision), and of
those that belong together, how many are joined (recall). B³ (Bagga and Baldwin, 1998) gives every
record the same say: the share of its cluster that is its own entity, and of its entity that is in
its cluster. A large entity therefore counts for its square in the first and for its size in the
second.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple


class Scores(NamedTuple):
    """Precision, recall and their harmonic mean; of nothing at all they are 1."""

    precision: float
    recall: float
    f1: float


class Quality(NamedTuple):
    """A partition measured; ``records`` counts those whose truth is known."""

    records: int
    clusters: int
    largest: int
    entities: int
    pairwise: Scores
    b_cubed: Scores


class Interval(NamedTuple):
    """A share and its bounds."""

    share: float
    low: float
    high: float


def measure(pairs: Iterable[tuple[Hashable, Hashable]]) -> Quality:
    """The quality of (cluster, true entity) of every record."""
    cells = Counter(pairs)
    clusters: Counter[Hashable] = Counter()
    entities: Counter[Hashable] = Counter()
    for (cluster, entity), count in cells.items():
        clusters[cluster] += count
        entities[entity] += count
    records = clusters.total()
    right = _pairs(cells.values())
    squares = [(count * count, cluster, entity) for (cluster, entity), count in cells.items()]
    return Quality(
        records=records,
        clusters=len(clusters),
        largest=max(clusters.values(), default=0),
        entities=len(entities),
        pairwise=scores(right, _pairs(clusters.values()), _pairs(entities.values())),
        b_cubed=_scores_of(
            _share(sum(square / clusters[cluster] for square, cluster, _ in squares), records),
            _share(sum(square / entities[entity] for square, _, entity in squares), records),
        ),
    )


def scores(right: int, joined: int, true: int) -> Scores:
    """Of ``joined`` and ``true`` pairs, ``right`` are both."""
    return _scores_of(_share(right, joined), _share(right, true))


def _scores_of(precision: float, recall: float) -> Scores:
    both = precision + recall
    return Scores(precision, recall, 2 * precision * recall / both if both else 0.0)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def wilson(hits: int, trials: int, z: float = 1.96) -> Interval:
    """The share of hits with Wilson's score interval (1927), which holds for small samples too."""
    if not trials:
        return Interval(0.0, 0.0, 1.0)
    share, square = hits / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    reach = z / (1 + square) * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))
