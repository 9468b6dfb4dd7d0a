"""A session keeps to itself unless an administrator says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark", reason="runs in .venv-spark")
pytestmark = pytest.mark.spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_it_listens_on_loopback_alone_and_shows_nothing(spark: SparkSession) -> None:
    settings = dict(spark.sparkContext.getConf().getAll())
    assert settings["spark.driver.host"] == settings["spark.driver.bindAddress"] == "127.0.0.1"
    assert settings["spark.authenticate"] == "true"
    assert spark.sparkContext.uiWebUrl is None


def test_what_the_administrator_states_holds(spark: SparkSession) -> None:
    """The tests' own ``spark-defaults.conf``; the hub would take two for each core."""
    assert spark.conf.get("spark.sql.shuffle.partitions") == "4"
    assert "UseSerialGC" in str(spark.sparkContext.getConf().get("spark.driver.extraJavaOptions"))
