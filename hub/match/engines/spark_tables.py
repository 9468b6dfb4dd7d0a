"""The steps of a bulk run on Spark: every result is a Parquet folder, so that nothing need fit.

The folder is one that the driver and all executors see; on one machine any folder is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hub.match.engines import queries
from hub.match.engines.rows import Row, no_rows, shares_table, tables_with_keys
from hub.match.engines.shares import rated_features, shares_of
from hub.match.engines.statements import weigh_pairs
from hub.match.features import Features
from hub.match.model import FREQUENCY_COLUMNS, Model
from hub.match.predicates import Dialect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NOTHING: Final = "cast(array() as array<string>)"


class SparkTables:
    """Tables of one run, by name."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self._folder = folder

    def keep(self, name: str, query: str) -> None:
        """Write what a query gives, and let later queries read it under the name."""
        path = self._folder / name
        self.spark.sql(query).write.parquet(path.as_uri())
        self.open(name)

    def put(self, name: str, table: Any) -> None:
        """Write an Arrow table, and let queries read it under the name."""
        from pyarrow.parquet import write_table

        write_table(table, first_file(self._folder, name))
        self.open(name)

    def open(self, name: str) -> None:
        """Let queries read the Parquet files of a name."""
        path = self._folder / name
        self.spark.read.parquet(path.as_uri()).createOrReplaceTempView(name)

    def view(self, name: str, query: str) -> None:
        """Give a query a name; it runs wherever the name is read."""
        self.spark.sql(query).createOrReplaceTempView(name)

    def read(self, name: str) -> Iterator[tuple[Any, ...]]:
        """The rows that were kept, in the order of the query, some at a time."""
        from pyarrow.parquet import ParquetFile

        for path in sorted((self._folder / name).glob("part-*.parquet")):
            with ParquetFile(path) as file:
                for batch in file.iter_batches():
                    yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def write_rows(folder: Path, rows: Iterable[Row]) -> int:
    """Write the tables ``given_feature`` and ``match_key``; returns how many rows came."""
    from pyarrow.parquet import ParquetWriter

    features, keys = no_rows()
    count = 0
    with (
        ParquetWriter(first_file(folder, "given_feature"), features.schema) as feature_file,
        ParquetWriter(first_file(folder, "match_key"), keys.schema) as key_file,
    ):
        for some_features, some_keys in tables_with_keys(rows):
            feature_file.write_table(some_features)
            key_file.write_table(some_keys)
            count += len(some_features)
    return count


def first_file(folder: Path, name: str) -> Path:
    """The path of a table's only file, in a folder of its own."""
    (folder / name).mkdir(parents=True)
    return folder / name / "part-0.parquet"


def find_candidates(tables: SparkTables, model: Model) -> None:
    """Fill ``feature``, with shared contact points marked, and ``candidate``."""
    tables.open("given_feature")
    tables.open("match_key")
    tables.keep("common_key", queries.shared_keys("match_key"))
    _mark_shared(tables)
    _take_frequencies(tables, model)
    tables.keep("held_key", queries.held_keys())
    tables.keep("candidate", queries.candidate_pairs())


def _mark_shared(tables: SparkTables) -> None:
    """Contact points of too many rows are no longer their own (``blocking.without_shared``)."""
    columns: dict[str, str] = {name: f"f.{name}" for name in Features._fields}
    joins = ""
    for own, shared, prefixes in queries.CONTACTS:
        listed = ", ".join(f"'{prefix}'" for prefix in prefixes)
        tables.view(
            f"hit_{own}",
            "select own.id, collect_set(own.value) as hit from "
            f"(select id, explode({own}) as value from given_feature) own "
            "join (select distinct substr(key, 4) as value from common_key "
            f"where left(key, 3) in ({listed})) common on own.value = common.value group by own.id",
        )
        hit = f"coalesce(hit_{own}.hit, {_NOTHING})"
        columns[own] = f"nullif(array_except(coalesce(f.{own}, {_NOTHING}), {hit}), {_NOTHING})"
        joins += f" left join hit_{own} on hit_{own}.id = f.id"
        if shared:
            held = columns[shared]
            columns[shared] = f"array_union(coalesce({held}, {_NOTHING}), {hit})"
    for shared in {item[1] for item in queries.CONTACTS if item[1]}:
        columns[shared] = f"nullif({columns[shared]}, {_NOTHING})"
    selected = ", ".join(f"{value} as {name}" for name, value in columns.items())
    tables.view("own_feature", f"select f.id, {selected} from given_feature f{joins}")


def _take_frequencies(tables: SparkTables, model: Model) -> None:
    """Fill ``feature``, ``share`` and ``rated_feature``: the shares are the model's."""
    found = next(iter(model.kinds.values()))
    for column in FREQUENCY_COLUMNS:
        tables.put(f"frequency_{column}", shares_table(found.frequencies.get(column, {})))
    tables.keep("feature", "select * from own_feature")
    tables.keep("share", shares_of("feature", found.rarest))
    tables.view("rated_feature", rated_features())


def weigh(tables: SparkTables, name: str, pairs: str, model: Model) -> None:
    """Fill a table with the bits and the evidence of the pairs of another."""
    parts = [
        f"select {', '.join(queries.WEIGHED)} from "
        f"({weigh_pairs(kind, found, f'({queries.pairs_of_kind(kind, pairs)})', Dialect.SPARK)})"
        for kind, found in model.kinds.items()
    ]
    tables.keep(name, " union all ".join(parts))


def find_components(tables: SparkTables) -> None:
    """Fill ``component`` (id, component): rows that certain edges connect, found by Splink."""
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    tables.keep("certain", queries.certain_pairs())
    nodes = "select left_id as id from certain union select right_id from certain"
    found = cluster_pairwise_predictions_at_threshold(
        tables.spark.sql(nodes),
        tables.spark.table("certain"),
        splink_backend(tables.spark),
        node_id_column_name="id",
        edge_id_column_name_left="left_id",
        edge_id_column_name_right="right_id",
    )
    tables.keep("component", f"select id, cluster_id as component from {found.physical_name}")


def splink_backend(spark: SparkSession) -> Any:
    """Splink on a session; its own functions, which want a jar, are not needed."""
    from splink import SparkAPI

    return SparkAPI(spark_session=spark, register_udfs_automatically=False)  # type: ignore[no-untyped-call]  # Splink's has no types
