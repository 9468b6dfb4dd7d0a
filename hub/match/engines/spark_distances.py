"""The distances of :mod:`hub.match.predicates` as functions of Spark SQL, on Arrow arrays.

They run in the Python of the executors, which needs the hub installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from hub.match.predicates import ALIKE, APART, alike, apart

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def register_distances(spark: SparkSession) -> None:
    """Give a session both functions."""
    from pyspark.sql.functions import arrow_udf

    spark.udf.register(ALIKE, arrow_udf(_alike, "double"))
    spark.udf.register(APART, arrow_udf(_apart, "int"))


def _alike(left: pa.Array, right: pa.Array) -> pa.Array:
    pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
    found = [None if one is None or other is None else alike(one, other) for one, other in pairs]
    return pa.array(found, pa.float64())


def _apart(left: pa.Array, right: pa.Array, most: pa.Array) -> pa.Array:
    pairs = zip(left.to_pylist(), right.to_pylist(), most.to_pylist(), strict=True)
    found = [
        None if one is None or other is None else apart(one, other, limit)
        for one, other, limit in pairs
    ]
    return pa.array(found, pa.int32())
