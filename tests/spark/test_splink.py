"""Splink's Spark backend scores with our model what we score: its weight before look-alikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.match.engines.spark_tables import splink_backend
from hub.match.engines.training import settings, train_model
from hub.match.levels import FIELDS
from hub.match.model import FREQUENCY_COLUMNS, Model
from hub.match.predicates import Dialect
from hub.match.weigh import kind_of, weigh
from tests.unit.match.crowd import crowd, rows_of
from tests.unit.match.workspace import filled_workspace, loaded_features

pytest.importorskip("pyspark", reason="runs in .venv-spark")
pytestmark = [pytest.mark.spark, pytest.mark.slow]

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Weights = dict[tuple[int, int], float]


def _ask_splink(spark: SparkSession, kind: str, model: Model) -> Weights:
    """Splink's weight of every ninth pair of ``feature``, with the model's frequencies."""
    from splink import Linker, SettingsCreator

    api = splink_backend(spark)
    asked = settings(kind, model.kinds[kind], Dialect.SPARK)
    asked["blocking_rules_to_generate_predictions"] = ["l.id % 9 = r.id % 9"]
    other = "organisation" if kind == "person" else "person"
    rows = spark.sql(f"select * from feature where kind <> '{other}'")
    linker = Linker(api.register(rows), SettingsCreator(**asked))
    for column in FREQUENCY_COLUMNS:
        shares = spark.sql(
            f"select distinct {column}, {column}_share as tf_{column} from rated_feature "
            f"where {column} is not null"
        )
        if any(level["tf_adjustment_column"] == column for level in _levels(asked)):
            linker.table_management.register_term_frequency_lookup(api.register(shares), column)
    found = linker.inference.predict().as_record_list()
    return {(row["id_l"], row["id_r"]): row["match_weight"] for row in found}


def _levels(asked: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[dict[str, str]]:
    every = [level for item in asked["comparisons"] for level in item["comparison_levels"]]
    return [level for level in every if "tf_adjustment_column" in level]


@pytest.mark.parametrize("kind", list(FIELDS))
def test_splink_scores_alike(spark: SparkSession, kind: str) -> None:
    with filled_workspace(rows_of(crowd(600))) as db:
        model, features = train_model(db), loaded_features(db)
        for name in ("feature", "rated_feature"):
            table = db.sql(f"from {name}").to_arrow_table()
            spark.createDataFrame(table).createOrReplaceTempView(name)
    compared = 0
    for (left, right), score in _ask_splink(spark, kind, model).items():
        if kind_of(features[left], features[right]) == kind:
            weight = weigh(features[left], features[right], model)
            assert weight is not None
            assert score == pytest.approx(weight.score, abs=1e-6), weight.parts
            compared += 1
    assert compared > 500
