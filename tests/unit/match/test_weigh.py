"""Two records weigh in Python what they weigh in DuckDB, for every pair of a crowd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hub.match.engines.statements import weigh_pairs
from hub.match.engines.training import train_model
from hub.match.features import Features
from hub.match.levels import FIELDS
from hub.match.model import Model, dump_model, load_model, prior_model
from hub.match.weigh import Weight, kind_of, relation_name, weigh
from tests.unit.match.crowd import company, crowd, features_of, person, rows_of
from tests.unit.match.workspace import filled_workspace, loaded_features

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SUMS = ("bits", "score", "kin", "colleagues", "evidence", "joins", "tie", "against")


class _World(NamedTuple):
    db: DuckDBPyConnection
    model: Model
    features: dict[int, Features]


def _model() -> Model:
    """A model trained on other records, so that some values here are known to it and some not."""
    with filled_workspace(rows_of(crowd(1_500))) as db:
        return train_model(db)


@pytest.fixture(scope="module", params=("measured", "frozen"))
def world(request: pytest.FixtureRequest) -> Iterator[_World]:
    """Frequencies measured from the rows themselves, or frozen in a model of other rows."""
    frozen = _model() if request.param == "frozen" else None
    # 20 colleagues behind one line and one mailbox: nobody's own, once they are counted
    crew = [person(f"N{n:02}", f"Falk{n:02}", phone="+43 316 555000") for n in range(20)]
    with filled_workspace(rows_of([*crowd(300, seed=1), *crew]), frozen) as db:
        yield _World(db, frozen or train_model(db), loaded_features(db))


def _in_duckdb(world: _World, kind: str) -> dict[tuple[int, int], tuple[float, ...]]:
    query = weigh_pairs(kind, world.model.kinds[kind], f"{kind}_all")
    rows = world.db.execute(f"select left_id, right_id, {', '.join(_SUMS)} from ({query})")
    return {row[:2]: row[2:] for row in rows.fetchall()}


@pytest.mark.parametrize("kind", list(FIELDS))
def test_duckdb_and_python_weigh_alike(world: _World, kind: str) -> None:
    found = _in_duckdb(world, kind)
    assert len(found) > 1_000
    for (left, right), sums in found.items():
        weight = weigh(world.features[left], world.features[right], world.model)
        assert weight is not None
        ours = [getattr(weight, name) for name in _SUMS]
        assert ours == pytest.approx(sums, abs=1e-6), (left, right)


def test_they_agree_about_which_records_are_compared(world: _World) -> None:
    ours = {
        (left, right, kind_of(one, other))
        for left, one in world.features.items()
        for right, other in world.features.items()
        if left < right
    }
    for kind in FIELDS:
        rows = world.db.execute(f"select left_id, right_id from {kind}_all").fetchall()
        assert {pair[:2] for pair in ours if pair[2] == kind} == set(rows)


def test_a_weight_does_not_depend_on_the_side(world: _World) -> None:
    rows = list(world.features.values())[:80]
    for one in rows:
        for other in rows:
            assert weigh(one, other, world.model) == weigh(other, one, world.model)


def test_swapped_names_weigh_nearly_what_they_weigh_in_order() -> None:
    straight = _weigh(person("Barbara", "Winkler"), person("Barbara", "Winkler"))
    swapped = _weigh(person("Barbara", "Winkler"), person("Winkler", "Barbara"))
    slipped = _weigh(person("Barbara", "Winkler"), person("Winkler", "Barabra"))
    assert straight.bits > swapped.bits > slipped.bits > straight.bits - 5
    assert [part.outcome for part in slipped.parts] == ["swapped, with a slip"]


def test_a_models_text_weighs_as_the_model(world: _World) -> None:
    again = load_model(dump_model(world.model))
    one, other = world.features[0], world.features[1]
    assert weigh(one, other, again) == weigh(one, other, world.model)


def _weigh(one: dict[str, object], other: dict[str, object]) -> Weight:
    left, right = features_of([one, other])
    found = weigh(left, right, prior_model(10_000))
    assert found is not None
    return found


def test_the_parts_add_up_and_missing_fields_have_none() -> None:
    mail = "winklerbarbara75@example.org"
    found = _weigh(
        person("Barbara", "Winkler", email=mail, born="1975-10-12"),
        person("Barbara", "Winkler", email=mail),
    )
    assert [part.field for part in found.parts] == ["full_name", "email"]
    assert sum(part.match for part in found.parts) == pytest.approx(found.evidence)
    assert found.bits > 5


def test_a_household_explains_a_shared_line() -> None:
    home = {"phone": "+43 316 123456", "street": "Holzgasse 7", "town": ("8010", "Graz")}
    found = _weigh(person("Barbara", "Winkler", **home), person("Georg", "Winkler", **home))
    assert found.lookalike == "kin"
    assert relation_name("kin", "person") == "household"
    assert found.bits < 0


def test_what_has_one_name_in_one_house_is_no_branch() -> None:
    here = {"street": "Holzgasse 7", "town": ("8010", "Graz"), "phone": "+43 316 123456"}
    there = {**here, "street": "Marktplatz 1"}
    same = _weigh(company("Muster Holz GmbH", **here), company("Muster Holz GmbH", **here))
    branch = _weigh(company("Muster Holz GmbH", **here), company("Muster Holz GmbH", **there))
    assert same.joins
    assert same.bits > branch.bits + 5


@pytest.mark.parametrize("other", ["Muster Holz Holding GmbH", "Muster Holz 2 GmbH"])
def test_another_company_of_the_name_is_none_in_the_same_house_either(other: str) -> None:
    here = {"street": "Holzgasse 7", "town": ("8010", "Graz"), "phone": "+43 316 123456"}
    assert not _weigh(company("Muster Holz GmbH", **here), company(other, **here)).joins


def test_father_and_son_at_one_address_are_two() -> None:
    home = {"phone": "+43 316 123456", "street": "Holzgasse 7", "town": ("8010", "Graz")}
    found = _weigh(person("Georg", "Winkler Sr.", **home), person("Georg", "Winkler Jr.", **home))
    assert found.vetoes == ("another generation",)


def _employed(name: str, firm: str, country: str = "") -> dict[str, object]:
    address = [{"country": country}] if country else []
    body: dict[str, object] = {"kind": "person", "display_name": name, "addresses": address}
    return {**body, "organisation": {"legal_name": firm}} if firm else body


def test_one_employer_speaks_for_a_name_and_another_against_it() -> None:
    alone, same, similar, changed = (
        _weigh(_employed("Barbara Winkler", one), _employed("Barbara Winkler", other)).bits
        for one, other in (
            ("", ""),
            ("Muster Holz GmbH", "Muster Holz"),
            ("Muster Holz GmbH", "Muster Holz Graz"),
            ("Muster Holz GmbH", "Zenith AG"),
        )
    )
    assert same > similar > alone + 4
    assert alone - 4 < changed < alone


def test_another_country_speaks_against_a_name_where_nothing_else_of_an_address_is_told() -> None:
    alone, same, other = (
        _weigh(_employed("Barbara Winkler", "", "AT"), _employed("Barbara Winkler", "", there)).bits
        for there in ("", "AT", "US")
    )
    assert same > alone > other + 2


def test_a_person_and_a_company_are_not_weighed() -> None:
    bodies = [person("Ana", "Falk", born="1980-02-03"), company("Falk Holz GmbH")]
    one, other = features_of(bodies)
    assert weigh(one, other, prior_model(10)) is None


def _email_outcome(*mailboxes: str) -> str | None:
    one, other = (person("", "", email=mailbox) for mailbox in mailboxes)
    return next((part.outcome for part in _weigh(one, other).parts if part.field == "email"), None)


def test_another_first_letter_or_number_of_a_mailbox_is_no_slip() -> None:
    assert _email_outcome("b.winkler@mail.example", "b.winkeler@mail.example") == "slip"
    assert _email_outcome("b.winkler@mail.example", "k.winkler@mail.example") == "same company"
    assert _email_outcome("winkler12@mail.example", "winkler13@mail.example") == "same company"


def test_only_a_chosen_name_of_a_mailbox_tells_of_its_owner_elsewhere() -> None:
    told = [
        _weigh(person("Barbara", "Winkler", email=f"{name}@one.example"),
               person("Barbara", "Lorenz", email=f"{name}@other.example")).parts
        for name in ("sonne4711regen", "barbara4711")
    ]  # fmt: skip
    outcomes = [{part.field: part.outcome for part in parts}["email"] for parts in told]
    assert outcomes == ["same name elsewhere", "different"]


def test_who_writes_from_a_companys_box_is_not_the_company() -> None:
    box = "info@muster.example"
    named, nameless = company("Muster", email=box), company("", email=box)
    writer = {**person("", "Lorenz", email=box), "display_name": "Lorenz"}
    assert _weigh(named, nameless).bits > _weigh(named, writer).bits + 3
