"""One bulk run: rows in, clusters out; the model is given, or trained from the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from hub.match.engines.bulk import (
    Row,
    load_rows,
    open_workspace,
    prepare,
    read_rows,
    weigh_candidates,
)
from hub.match.engines.components import cluster_components
from hub.match.engines.training import train_model
from hub.match.model import Model
from hub.match.partition import Apart, Edge
from hub.match.thresholds import POSSIBLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")


@dataclass(slots=True)
class Matched:
    """What a run found: clusters of two or more rows, certain edges that stay apart, the model.

    ``seconds`` says how long each stage took.
    """

    model: Model
    clusters: list[tuple[int, ...]] = field(default_factory=list)
    apart: list[Apart[int]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class BulkMatch:
    """A workspace for one set of rows."""

    def __init__(self, folder: str = "", *, memory: str = "1500MB") -> None:
        self._db: DuckDBPyConnection = open_workspace(folder, memory=memory)
        self._seconds: dict[str, float] = {}

    def run(self, rows: Iterable[Row], model: Model | None = None) -> Matched:
        """Match the rows; without a model one is trained from them."""
        self._timed("load", lambda: load_rows(self._db, rows))
        self._timed("candidates", lambda: prepare(self._db, model))
        if model is None:
            model = self._timed("train", lambda: train_model(self._db))
        self._timed("weigh", lambda: weigh_candidates(self._db, model))
        found = Matched(model, seconds=self._seconds)
        self._timed("cluster", lambda: self._cluster(found))
        return found

    def edges(self, least: float = POSSIBLE) -> Iterator[Edge[int]]:
        """The weighed candidates of at least so many bits, after a run."""
        query = "select left_id, right_id, bits from weighed where bits >= ? order by 1, 2"
        return (Edge(*row) for row in read_rows(self._db, query, [least]))

    def close(self) -> None:
        """Drop the workspace."""
        self._db.close()

    def _cluster(self, found: Matched) -> None:
        for part in cluster_components(self._db, found.model):
            found.clusters += [members for members in part.clusters if len(members) > 1]
            found.apart += part.apart

    def _timed(self, stage: str, work: Callable[[], T]) -> T:
        start = perf_counter()
        try:
            return work()
        finally:
            self._seconds[stage] = perf_counter() - start
