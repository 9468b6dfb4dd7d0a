"""How good a clustering of source records is, measured against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

_Ref = TypeVar("_Ref", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall of one measure."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; zero where both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score_pairs(clusters: Mapping[_Ref, Hashable], truth: Mapping[_Ref, Hashable]) -> Score:
    """Of all pairs put together, how many belong together, and the reverse.

    Only records that both mappings know are counted. Without any pair the measure is 1.
    """
    found, true, both = _counts(clusters, truth)
    shared = _pairs(both)
    return Score(_ratio(shared, _pairs(found)), _ratio(shared, _pairs(true)))


def score_bcubed(clusters: Mapping[_Ref, Hashable], truth: Mapping[_Ref, Hashable]) -> Score:
    """B³ (Bagga and Baldwin, 1998): the share of each record's cluster that is right, averaged."""
    found, true, both = _counts(clusters, truth)
    total = sum(both.values())
    precision = sum(n * n / found[cluster] for (cluster, _), n in both.items())
    recall = sum(n * n / true[customer] for (_, customer), n in both.items())
    return Score(_ratio(precision, total), _ratio(recall, total))


_Counts = tuple[Counter[Hashable], Counter[Hashable], Counter[tuple[Hashable, Hashable]]]


def _counts(clusters: Mapping[_Ref, Hashable], truth: Mapping[_Ref, Hashable]) -> _Counts:
    both = Counter((clusters[ref], truth[ref]) for ref in clusters if ref in truth)
    found: Counter[Hashable] = Counter()
    true: Counter[Hashable] = Counter()
    for (cluster, customer), count in both.items():
        found[cluster] += count
        true[customer] += count
    return found, true, both


def _pairs(counts: Mapping[Hashable, int] | Mapping[tuple[Hashable, Hashable], int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
