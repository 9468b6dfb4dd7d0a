"""One bulk run on Spark, with the model and to the clusters of the DuckDB engine.

Without a model, DuckDB trains one on the same rows, spilling to disk. Components come back to the
driver one at a time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from hub.match.engines.bulk import open_workspace, prepare
from hub.match.engines.components import partition_components
from hub.match.engines.counting import Copies, no_copies
from hub.match.engines.engine import Matched, Stages
from hub.match.engines.queries import pairs_by_component, unseen_pairs
from hub.match.engines.rows import Row
from hub.match.engines.spark_distances import register_distances
from hub.match.engines.spark_session import open_session
from hub.match.engines.spark_tables import (
    SparkTables,
    find_candidates,
    find_components,
    weigh,
    write_rows,
)
from hub.match.engines.training import train_model
from hub.match.model import Model
from hub.match.partition import Edge
from hub.match.thresholds import POSSIBLE

_EDGES: Final = "select left_id, right_id, bits from weighed where bits >= {} order by 1, 2"


class SparkMatch:
    """A Spark session and a folder for one set of rows.

    The folder must be one that all executors see; ``master`` holds where Spark's own settings name
    none.
    """

    def __init__(self, folder: str = "", *, memory: str = "2g", master: str = "local[*]") -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hub-spark-", dir=folder or None)).resolve()
        try:
            self._spark = open_session(self._folder, memory=memory, master=master)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        register_distances(self._spark)
        self._tables = SparkTables(self._spark, self._folder)
        self._stages = Stages()
        self._reads = 0

    def run(
        self, rows: Iterable[Row], model: Model | None = None, copies: Copies = no_copies
    ) -> Matched:
        """Match the rows; without a model DuckDB trains one from them and their copies."""
        timed, tables = self._stages.timed, self._tables
        timed("load", lambda: write_rows(self._folder, rows))
        if model is None:
            model = timed("train", lambda: _train(self._folder, copies()))
        known = model
        timed("candidates", lambda: find_candidates(tables, known))
        timed("weigh", lambda: weigh(tables, "weighed", "candidate", known))
        shared = frozenset(key for (key,) in tables.read("common_key"))
        found = Matched(known, shared=shared, seconds=self._stages.seconds)
        timed("cluster", lambda: self._cluster(found))
        return found

    def edges(self, least: float = POSSIBLE) -> Iterator[Edge[int]]:
        """The weighed candidates of at least so many bits, after a run."""
        self._reads += 1
        name = f"edges_{self._reads}"
        self._tables.keep(name, _EDGES.format(f"{least!r}"))
        return (Edge(*row) for row in self._tables.read(name))

    def close(self) -> None:
        """Stop Spark and remove everything that it wrote."""
        self._spark.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _cluster(self, found: Matched) -> None:
        find_components(self._tables)
        self._tables.keep("unseen_pair", unseen_pairs())
        weigh(self._tables, "unseen", "unseen_pair", found.model)
        self._tables.keep("clustered", pairs_by_component())
        found.add(partition_components(self._tables.read("clustered")))


def _train(folder: Path, copies: Mapping[int, int]) -> Model:
    with closing(open_workspace(str(folder))) as db:
        files = str(folder / "given_feature" / "*.parquet")
        db.execute(f"create table feature as select * from read_parquet('{files}')")
        prepare(db)
        return train_model(db, copies=copies)
