"""A stored model is the model, and its version says so."""

from __future__ import annotations

from dataclasses import replace
from math import log2
from types import MappingProxyType

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.bits import LEAST_MATCH, LEAST_RANDOM, bits_of
from hub.match.levels import FIELDS
from hub.match.model import (
    UNTRIED,
    KindModel,
    Model,
    dump_model,
    load_model,
    outcomes_of,
    prior_model,
)
from hub.match.prior import PRIOR, Chances

_SHARE = st.floats(1e-9, 1.0)
_FREQUENCIES = st.dictionaries(
    st.sampled_from(("given", "city")), st.dictionaries(st.text(max_size=8), _SHARE, max_size=4)
)


@given(_SHARE, _SHARE, _FREQUENCIES)
def test_a_model_comes_back_from_its_text(
    match: float, kin: float, frequencies: dict[str, dict[str, float]]
) -> None:
    kind = KindModel(PRIOR["person"], match, kin, 0.0, frequencies=frequencies)
    model = Model(MappingProxyType({"person": kind}), 12)
    again = load_model(dump_model(model))
    assert again.version == model.version
    assert dump_model(again) == dump_model(model)
    assert again.kinds["person"].frequencies == frequencies
    assert again.kinds["person"].chances == PRIOR["person"]


def test_a_model_from_before_a_field_has_its_shipped_chances() -> None:
    content = orjson.loads(dump_model(prior_model(1_000)))
    del content["kinds"]["person"]["chances"]["employer"]
    del content["kinds"]["organisation"]["chances"]["organisation"]["another company of the name"]
    del content["kinds"]["person"]["rarest"]["employer"]
    del content["kinds"]["organisation"]["caution"]
    assert load_model(orjson.dumps(content)) == prior_model(1_000)


def test_a_version_stands_for_everything_that_weighs() -> None:
    model = prior_model(1_000)
    person = model.kinds["person"]
    changed = [
        replace(person, match_share=0.02),
        replace(person, caution=0.0),
        replace(person, rarest={**person.rarest, "city": 0.5}),
        replace(person, frequencies={"city": {"wien": 0.2}}),
        replace(person, chances={**person.chances, "phone": {"same": Chances(0.5, 0.1)}}),
    ]
    versions = {Model({**model.kinds, "person": kind}, 0).version for kind in changed}
    assert len(versions | {model.version}) == 6


def test_the_order_of_a_mapping_is_not_in_the_version() -> None:
    model = prior_model(1_000)
    turned = Model(dict(reversed(list(model.kinds.items()))))
    assert turned.version == model.version


@pytest.mark.parametrize("kind", list(FIELDS))
def test_the_prior_knows_every_outcome(kind: str) -> None:
    for item in FIELDS[kind]:
        outcomes = PRIOR[kind][item.name]
        assert set(outcomes) == set(outcomes_of(item))
        if item.name != "full_name":  # which stands for two fields, or corrects them
            assert sum(found.match for found in outcomes.values()) == pytest.approx(1, abs=0.05)
        assert all(0 < chances.random <= 1 for chances in outcomes.values())


def test_weights_are_bounded_and_a_silent_relation_is_a_strangers() -> None:
    found = bits_of(Chances(0.0, 0.0))
    assert found.match == pytest.approx(log2(LEAST_MATCH / LEAST_RANDOM))
    assert (found.kin, found.colleagues) == (0.0, 0.0)
    assert found.by_chance == {"kin", "colleagues"}


@pytest.mark.parametrize("records", [0, 1, 10, 10_000, 50_000_000])
def test_the_prior_odds_fall_with_the_number_of_records(records: int) -> None:
    found = prior_model(records).kinds["person"].before
    assert found.match == pytest.approx(-log2(max(records, 100)) - UNTRIED, abs=0.1)
    assert found.kin < found.match


def test_a_relation_that_never_occurs_has_no_odds() -> None:
    kind = replace(prior_model(100).kinds["person"], colleague_share=0.0)
    assert kind.before.colleagues < -500
