"""Splink itself scores with our model what we score: its weight is ours before look-alikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from hub.match.engines.training import settings, train_model
from hub.match.levels import FIELDS
from hub.match.model import Model, outcomes_of, prior_model
from hub.match.prior import PRIOR
from hub.match.weigh import kind_of, weigh
from tests.unit.match.crowd import crowd, rows_of
from tests.unit.match.workspace import filled_workspace, loaded_features

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS = {
    "person": ("given", "family", "full_name", "postcode", "city"),
    "organisation": ("organisation", "postcode", "city"),
}
Weights = Mapping[tuple[int, int], float]


def _ask_splink(db: DuckDBPyConnection, kind: str, model: Model) -> Weights:
    """Splink's weight of every seventh pair, with the frequencies that we measured."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator

    own = duckdb.connect()
    other = "organisation" if kind == "person" else "person"
    own.register("rows", db.sql(f"from feature where kind <> '{other}'").to_arrow_table())
    api = DuckDBAPI(own)
    asked = settings(kind, model.kinds[kind])
    asked["blocking_rules_to_generate_predictions"] = ["l.id % 7 = r.id % 7"]
    linker = Linker(api.register(own.table("rows")), SettingsCreator(**asked))
    for column in _COLUMNS[kind]:
        shares = (
            f"select {column}, max({column}_share) as tf_{column} from rated_feature "
            f"where {column} is not null group by 1"
        )
        own.register(f"our_{column}", db.sql(shares).to_arrow_table())
        table = api.register(own.table(f"our_{column}"))
        linker.table_management.register_term_frequency_lookup(table, column)
    found = linker.inference.predict().as_record_list()
    return {_pair(row): row["match_weight"] for row in found}


def _pair(row: Mapping[str, Any]) -> tuple[int, int]:
    one, other = sorted((row["id_l"], row["id_r"]))
    return one, other


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBPyConnection]:
    with filled_workspace(rows_of(crowd(1_500))) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def model(db: DuckDBPyConnection) -> Model:
    """Enough people for Splink to train on; of companies so few that the prior stands."""
    return train_model(db)


@pytest.mark.parametrize("kind", list(FIELDS))
def test_splink_scores_alike(db: DuckDBPyConnection, model: Model, kind: str) -> None:
    features, compared = loaded_features(db), 0
    for (left, right), score in _ask_splink(db, kind, model).items():
        if kind_of(features[left], features[right]) == kind:
            weight = weigh(features[left], features[right], model)
            assert weight is not None
            assert score == pytest.approx(weight.score, abs=1e-6), weight.parts
            compared += 1
    assert compared > 1_000
    assert (model.kinds[kind].chances != PRIOR[kind]) is (kind == "person")


@pytest.mark.parametrize("kind", list(FIELDS))
def test_settings_hold_every_outcome(kind: str) -> None:
    found = settings(kind, prior_model(1_000).kinds[kind])
    for item, comparison in zip(FIELDS[kind], found["comparisons"], strict=True):
        missing, *levels = comparison["comparison_levels"]
        assert missing["is_null_level"]
        assert [level["label_for_charts"] for level in levels] == list(outcomes_of(item))
        assert levels[-1]["sql_condition"] == "ELSE"
