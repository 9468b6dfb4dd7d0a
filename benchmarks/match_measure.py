"""Connected components that know the truth, and the measures of a partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


class Clusters:
    """A partition that only grows together; records without a truth are no evidence."""

    def __init__(self, truth: dict[str, str]) -> None:
        self.truth = truth
        self._above = {record: record for record in truth}

    def root(self, record: str) -> str:
        above = self._above
        while above[record] != record:
            above[record] = above[above[record]]
            record = above[record]
        return record

    def join(self, one: str, other: str) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self._above[max(one, other)] = min(one, other)


def measures(clusters: Clusters) -> dict[str, float | int]:
    """Pairwise and B³ precision, recall and F1, the largest cluster, and the worst mixture."""
    known = [(clusters.root(record), truth) for record, truth in clusters.truth.items() if truth]
    both = Counter(known)
    found, true = Counter(root for root, _ in known), Counter(truth for _, truth in known)
    hits = _pairs(both.values())
    precision, recall = _share(hits, _pairs(found.values())), _share(hits, _pairs(true.values()))
    b_precision = _share(sum(n * n / found[root] for (root, _), n in both.items()), len(known))
    b_recall = _share(sum(n * n / true[truth] for (_, truth), n in both.items()), len(known))
    mixed = Counter(root for root, _ in both)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(_f1(precision, recall), 4),
        "b3_f1": round(_f1(b_precision, b_recall), 4),
        "largest": max(found.values(), default=0),
        "most_customers_in_one": max(mixed.values(), default=0),
    }


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
