"""A model is the same for the same records, and little data changes little."""

from __future__ import annotations

import pytest

from hub.match.engines.frequencies import one_country_share
from hub.match.engines.rows import Row
from hub.match.engines.training import LEAST_RECORDS, train_model
from hub.match.features import Features
from hub.match.full_names import company_share
from hub.match.model import Model, dump_model
from hub.match.prior import PRIOR
from tests.unit.match.crowd import crowd, rows_of
from tests.unit.match.workspace import filled_workspace


def _train(rows: list[Row]) -> Model:
    with filled_workspace(rows) as db:
        return train_model(db)


@pytest.fixture(scope="module")
def trained() -> Model:
    return _train(rows_of(crowd(1_500)))


def test_the_order_of_rows_is_not_in_the_model(trained: Model) -> None:
    """The version too is the same, so a rerun does not make a model."""
    again = _train(rows_of(crowd(1_500))[::-1])
    assert dump_model(again) == dump_model(trained)
    assert again.version == trained.version
    assert trained.records == 1_500


def test_enough_records_speak_for_themselves(trained: Model) -> None:
    person = trained.kinds["person"]
    assert person.chances != PRIOR["person"]
    for name, outcomes in person.chances.items():
        if name != "full_name":  # which stands for two fields, or corrects them
            assert sum(found.match for found in outcomes.values()) == pytest.approx(1, abs=0.1)
        assert all(1e-9 < chances.random <= 1 for chances in outcomes.values())


def test_some_of_the_records_teach_nearly_the_same(trained: Model) -> None:
    """What is read is other records; all of them are counted all the same."""
    with filled_workspace(rows_of(crowd(1_500))) as db:
        found = train_model(db, most=1_000)
    assert found.records == trained.records
    some, whole = (model.kinds["person"] for model in (found, trained))
    assert some.frequencies["family"] == whole.frequencies["family"]
    assert some.chances != whole.chances
    for outcome, chances in whole.chances["birth_date"].items():
        assert some.chances["birth_date"][outcome].match == pytest.approx(chances.match, abs=0.1)


def test_frequencies_are_those_of_values_seen_twice(trained: Model) -> None:
    person = trained.kinds["person"]
    for column, shares in person.frequencies.items():
        alone = person.rarest[column]
        for value, share in shares.items():
            least = company_share(value, alone) if column == "organisation" else alone
            assert least < share
            assert share < 1 or column == "full_name"  # which says how many times as frequent
    assert person.frequencies["given"]["maria"] > person.rarest["given"]


def test_few_records_leave_the_prior_its_chances() -> None:
    found = _train(rows_of(crowd(300)))
    assert {kind: model.chances for kind, model in found.kinds.items()} == PRIOR
    shares = [model.match_share for model in found.kinds.values()]
    assert all(0 < share < 0.02 for share in shares)


@pytest.mark.parametrize("count", [10, LEAST_RECORDS + 200])
def test_records_without_values_teach_nothing(count: int) -> None:
    """Of either kind: nothing can be compared, so no outcome is seen."""
    found = _train([Row(number, Features("open")) for number in range(count)])
    for kind, model in found.kinds.items():
        for name, outcomes in model.chances.items():
            for outcome, chances in outcomes.items():
                prior = PRIOR[kind][name][outcome]
                assert chances.match == pytest.approx(prior.match, abs=0.05), (name, outcome)


def test_one_column_that_nobody_fills_stays_the_priors() -> None:
    rows = rows_of(crowd(1_500))
    bare = [row._replace(features=row.features._replace(birth_date=None)) for row in rows]
    found = _train(bare).kinds["person"].chances["birth_date"]
    for outcome, prior in PRIOR["person"]["birth_date"].items():
        assert found[outcome].match == pytest.approx(prior.match, abs=0.05)


def test_copies_teach_that_a_match_says_the_same(trained: Model) -> None:
    with filled_workspace(rows_of(crowd(1_500))) as db:
        found = train_model(db, copies=dict.fromkeys(range(1_500), 3))
    same, before = (
        model.kinds["person"].chances["birth_date"]["same"].match for model in (found, trained)
    )
    assert same > before


def _living(count: int, country: str | None, city: str | None) -> list[Row]:
    return [Row(n, Features("person", country=country, city=city)) for n in range(count)]


@pytest.mark.parametrize(
    ("countries", "expected"),
    [({"DE": 900}, 1.0), ({"DE": 450, "AT": 450}, 0.55), ({None: 500}, 1.0), ({}, 1.0)],
)
def test_how_often_two_records_are_of_one_country(
    countries: dict[str | None, int], expected: float
) -> None:
    """Mixed with a hundred records of one country; who names no town is not asked."""
    living = [row for country, count in countries.items() for row in _living(count, country, "x")]
    rows = [*living, *_living(300, "FR", None)]
    with filled_workspace([Row(n, row.features) for n, row in enumerate(rows)]) as db:
        assert one_country_share(db) == pytest.approx(expected)


def test_towns_say_less_where_countries_differ() -> None:
    """Records of ten countries: of strangers of one name more live in one town than of all."""
    bodies = crowd(3_000)
    for n, body in enumerate(bodies):
        for address in body["addresses"]:
            address["country"] = ("AT", "DE", "FR", "IT", "ES", "NL", "PL", "CZ", "SE", "PT")[
                n % 10
            ]
    apart, together = _train(rows_of(bodies)), _train(rows_of(crowd(3_000)))
    for outcome in ("postcode, no street known", "city, no more known"):
        found = [m.kinds["person"].chances["address"][outcome].random for m in (apart, together)]
        assert found[0] > 3 * found[1]
