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


class Stratum(NamedTuple):
    """One band of a sample: how many pairs it stands for, how many were drawn and were hits."""

    pairs: int
    hits: int
    trials: int


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


def stratified_wilson(strata: Iterable[Stratum], z: float = 1.96) -> Interval:
    """The share over bands of different sizes (Yan and Su, 2010: stratified Wilson intervals).

    Each band's Wilson interval is taken at a smaller z, such that their weighted sum has the
    coverage wanted. Spreads are those of the shares with z²/2 hits and misses added (Agresti and
    Coull, 1998): a band in which every pair was a hit is not for that reason without doubt.
    """
    bands = list(strata)
    total = sum(band.pairs for band in bands)
    if not total:
        return wilson(0, 0)
    weights = [band.pairs / total for band in bands]
    spreads = [
        weight * math.sqrt(_spread(band, z)) for weight, band in zip(weights, bands, strict=True)
    ]
    reduced = z * math.hypot(*spreads) / sum(spreads)
    parts = [wilson(band.hits, band.trials, reduced) for band in bands]
    return Interval(*(_mix(weights, side) for side in zip(*parts, strict=True)))


def _mix(weights: Iterable[float], values: Iterable[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))


def _spread(band: Stratum, z: float) -> float:
    trials = band.trials + z * z
    share = (band.hits + z * z / 2) / trials
    return share * (1 - share) / trials
