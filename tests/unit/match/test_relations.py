"""Relations: households and branches are told, and what many share makes none."""

from __future__ import annotations

from hub.match.blocking import without_shared
from hub.match.features import build_features
from hub.match.profile import build_profile
from hub.match.relations import Relation, relation_of
from hub.match.weigh import weigh
from hub.pipeline.models import shipped_model
from tests.unit.pipeline.party_world import Body, company, person

LINE = {"phone": "030 1234567"}
HOME = {"street": "Hauptstr. 5", "city": "Berlin", "postcode": "10115"}


def between(one: Body, other: Body, *shared: str) -> Relation | None:
    """The relation of two bodies; ``shared`` are keys that too many hold."""
    rows = [build_features(build_profile(body, "DE")) for body in (one, other)]
    left, right = (without_shared(row, set(shared)) for row in rows)
    found = weigh(left, right, shipped_model())
    return relation_of(found) if found is not None else None


def test_one_name_and_line_make_a_household() -> None:
    found = between(person("Hans", "Berg", **LINE), person("Erika", "Berg", **LINE))
    assert found is not None
    assert (found.name, found.housed) == ("household", False)
    assert [item.field for item in found.shared] == ["family_name", "phone"]


def test_one_house_alone_is_told_as_such() -> None:
    found = between(person("Hans", "Berg", **HOME), person("Erika", "Berg", **HOME))
    assert found is not None
    assert found.housed


def test_one_name_and_domain_make_a_branch() -> None:
    found = between(
        company("Acme GmbH", email="berlin@acme.example", city="Berlin", postcode="10115"),
        company("Acme GmbH", email="wien@acme.example", city="Hamburg", postcode="20095"),
    )
    assert found is not None
    assert found.name == "branch"
    assert "email" in {item.field for item in found.shared}


def test_a_line_of_many_makes_no_household() -> None:
    pair = person("Hans", "Berg", **LINE), person("Erika", "Berg", **LINE)
    assert between(*pair, "ph:301234567") is None


def test_a_switchboard_makes_colleagues_and_no_household() -> None:
    hans = person("Hans", "Berg", email="hans.berg@acme.example", **LINE)
    assert between(hans, person("Erika", "Koch", email="erika.koch@acme.example", **LINE)) is None


def test_one_customer_is_related_to_none() -> None:
    anna = person("Anna", "Berg", email="anna@berg.example", **LINE)
    assert between(anna, anna) is None


def test_strangers_and_parties_of_two_kinds_have_no_relation() -> None:
    assert between(person("Hans", "Berg"), person("Erika", "Berg")) is None
    assert between(person("Hans", "Berg", **LINE), company("Berg GmbH", **LINE)) is None
