"""Measuring an engine on records whose truth is known; the store is never touched.

The engine is a function from records to clusters. The truth is read after it has run.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from hub.match.quality import Quality, measure


class Record(NamedTuple):
    """One record as an engine gets it; the body is a canonical party's."""

    record_id: str
    source: str
    body: Mapping[str, Any]


class ScoredPair(NamedTuple):
    """Two records that were compared; the weight is in bits of evidence."""

    left: str
    right: str
    weight: float


class Outcome(NamedTuple):
    """Record to cluster, for every record; the pairs that spoke for joining, for charts.

    ``stages`` are the seconds of the engine's own parts, in their order.
    """

    clusters: Mapping[str, str]
    edges: Sequence[ScoredPair] = ()
    stages: Mapping[str, float] = MappingProxyType({})


Engine = Callable[[Iterable[Record]], Outcome]
"""Partitions records; it must read the iterable once and be deterministic."""


class Cost(NamedTuple):
    """What a run took; the peak is an upper bound: the program's and its largest child's, added."""

    seconds: float
    cpu_seconds: float
    peak_mb: int


class Evaluation(NamedTuple):
    """An engine's outcome with its size, its cost and, where the truth is known, its quality."""

    outcome: Outcome
    records: int
    clusters: int
    largest: int
    cost: Cost
    quality: Quality | None


def evaluate(
    records: Iterable[Record], engine: Engine, truth: Iterable[tuple[str, str]] | None = None
) -> Evaluation:
    """Run the engine and measure it; ``truth`` gives record id and entity, "" where unknown."""
    start, cpu = time.perf_counter(), _cpu()
    outcome = engine(records)
    cost = Cost(time.perf_counter() - start, _cpu() - cpu, _peak_mb())
    sizes: dict[str, int] = {}
    for cluster in outcome.clusters.values():
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return Evaluation(
        outcome=outcome,
        records=len(outcome.clusters),
        clusters=len(sizes),
        largest=max(sizes.values(), default=0),
        cost=cost,
        quality=None if truth is None else _quality(outcome, truth),
    )


def _quality(outcome: Outcome, truth: Iterable[tuple[str, str]]) -> Quality:
    return measure((outcome.clusters[record], entity) for record, entity in truth if entity)


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak_mb() -> int:
    """The program's and its largest child's peak, added, in MiB (Linux counts in KiB)."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_maxrss for usage in usages) // 1024
