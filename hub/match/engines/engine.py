"""What every bulk engine does: rows in, clusters out; one is chosen by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Final, Protocol, TypeVar

from hub.errors import ConfigError
from hub.match.engines.counting import Copies, no_copies
from hub.match.engines.rows import Row
from hub.match.model import Model
from hub.match.partition import Apart, Edge, Partition
from hub.match.thresholds import POSSIBLE

T = TypeVar("T")


class EngineName(StrEnum):
    """DuckDB in this process, or Spark for what one machine does not hold."""

    DUCKDB = "duckdb"
    SPARK = "spark"


_NEEDED: Final = {
    EngineName.DUCKDB: "matching files needs DuckDB and Splink: pip install 'customer-hub[match]'",
    EngineName.SPARK: "--engine spark needs PySpark: pip install 'customer-hub[spark]'",
}


@dataclass(slots=True)
class Matched:
    """What a run found: clusters of two or more rows, certain edges that stay apart, the model.

    ``shared`` are the keys of contact points that are nobody's own; ``seconds`` says how long each
    stage took.
    """

    model: Model
    clusters: list[tuple[int, ...]] = field(default_factory=list)
    apart: list[Apart[int]] = field(default_factory=list)
    shared: frozenset[str] = frozenset()
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, parts: Iterable[Partition[int]]) -> None:
        """Take in what became of each component."""
        for part in parts:
            self.clusters += [members for members in part.clusters if len(members) > 1]
            self.apart += part.apart


class BulkEngine(Protocol):
    """A workspace for one set of rows."""

    def run(
        self, rows: Iterable[Row], model: Model | None = None, copies: Copies = no_copies
    ) -> Matched:
        """Match the rows; without a model one is trained from them and their copies."""

    def edges(self, least: float = POSSIBLE) -> Iterator[Edge[int]]:
        """The weighed candidates of at least so many bits, by their rows, after a run."""

    def close(self) -> None:
        """Drop the workspace."""


class Stages:
    """A clock for the stages of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        """Do the work and note how long it took."""
        start = perf_counter()
        try:
            return work()
        finally:
            self.seconds[stage] = perf_counter() - start


def open_engine(name: EngineName, folder: str = "") -> BulkEngine:
    """An engine, which works in ``folder`` where there is one."""
    try:
        if name is EngineName.SPARK:
            from hub.match.engines.spark_matching import SparkMatch

            return SparkMatch(folder)
        from hub.match.engines.matching import BulkMatch

        return BulkMatch(folder)
    except ImportError as error:
        raise ConfigError(_NEEDED[name]) from error
