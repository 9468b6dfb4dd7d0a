"""One bulk run: rows in, clusters out; the model is given, or trained from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hub.match.engines.bulk import (
    MEMORY,
    load_rows,
    open_workspace,
    prepare,
    read_rows,
    shared_contacts,
    weigh_candidates,
)
from hub.match.engines.components import cluster_components
from hub.match.engines.counting import Copies, no_copies
from hub.match.engines.engine import Matched, Stages
from hub.match.engines.rows import Row
from hub.match.engines.training import train_model
from hub.match.model import Model
from hub.match.partition import Edge
from hub.match.thresholds import POSSIBLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class BulkMatch:
    """A workspace for one set of rows."""

    def __init__(self, folder: str = "", *, memory: str = MEMORY) -> None:
        self._db: DuckDBPyConnection = open_workspace(folder, memory=memory)
        self._stages = Stages()

    def run(
        self, rows: Iterable[Row], model: Model | None = None, copies: Copies = no_copies
    ) -> Matched:
        """Match the rows; without a model one is trained from them and their copies."""
        timed = self._stages.timed
        timed("load", lambda: load_rows(self._db, rows))
        timed("candidates", lambda: prepare(self._db, model))
        if model is None:
            model = timed("train", lambda: train_model(self._db, copies=copies()))
        timed("weigh", lambda: weigh_candidates(self._db, model))
        found = Matched(model, shared=shared_contacts(self._db), seconds=self._stages.seconds)
        timed("cluster", lambda: found.add(cluster_components(self._db, found.model)))
        return found

    def edges(self, least: float = POSSIBLE) -> Iterator[Edge[int]]:
        """The weighed candidates of at least so many bits, after a run."""
        query = "select left_id, right_id, bits from weighed where bits >= ? order by 1, 2"
        return (Edge(*row) for row in read_rows(self._db, query, [least]))

    def close(self) -> None:
        """Drop the workspace."""
        self._db.close()
