"""The story of a pair adds up, names what was compared, and what every match key is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.match import blocking
from hub.match.blocking import FREQUENT, SHARED, match_keys
from hub.match.features import Features, build_features
from hub.match.levels import FIELDS
from hub.match.profile import build_profile
from hub.match.weigh import weigh
from hub.pipeline.explain_pair import COLUMNS, MEANINGS, Content, Lens, PairStory, tell_pair
from hub.pipeline.models import SHIPPED, shipped_model
from tests.unit.match.crowd import Body, company, crowd, features_of, person

ANNA = person("Anna", "Zyxwinkel", email="anna.zyxwinkel@mail.example", phone="+49 30 5550100")


def content(body: Body) -> Content:
    profile = build_profile(body)
    return Content(profile.digest, build_features(profile))


def told(one: Body, other: Body, **over: int) -> PairStory:
    cap = {key.replace("_", ":", 1): value for key, value in over.items()}
    return tell_pair(content(one), content(other), Lens(SHIPPED, shipped_model(), cap))


def rows() -> list[Features]:
    return features_of(crowd(300))


def test_the_parts_come_to_the_weight_for_every_pair_of_a_crowd() -> None:
    lens = Lens(SHIPPED, shipped_model(), {})
    found = 0
    some = rows()[:40]
    for one in some:
        for other in some:
            story = tell_pair(Content("a", one), Content("b", other), lens)
            weight = weigh(one, other, lens.model)
            assert (story.bits is None) == (weight is None)
            if weight is None:
                continue
            parts = sum(item.bits for item in story.fields)
            assert story.before + parts + story.lookalikes == pytest.approx(weight.bits)
            found += 1
    assert found > 500


def test_values_stand_beside_the_outcome_and_silence_counts_nothing() -> None:
    story = told(ANNA, person("Anna", "Zyxwinkel", phone="+49 30 5550199", born="1990-05-01"))
    by_name = {item.field: item for item in story.fields}
    phone, birth = by_name["phone"], by_name["birth_date"]
    assert (phone.outcome, phone.left, phone.right) == ("different", "…305550100", "…305550199")
    assert phone.bits < 0
    assert (birth.outcome, birth.bits, birth.left, birth.right) == (None, 0, "", "1990-05-01")
    assert birth.note == "one of the two says nothing of it"
    assert by_name["email"].left == "anna.zyxwinkel@mail.example"
    assert "generation" not in by_name
    assert story.fields[-1].outcome is None


def test_a_middle_name_is_told_by_all_that_is_known_of_it() -> None:
    story = told(person("Anna Maria", "Zyxwinkel"), person("Anna M.", "Zyxwinkel"))
    middle = next(item for item in story.fields if item.field == "middle_name")
    assert (middle.outcome, middle.left, middle.right) == ("initial", "maria", "m")


def test_a_country_is_weighed_with_the_address() -> None:
    bodies = (
        {"kind": "person", "display_name": "Anna Zyxwinkel", "addresses": [address]}
        for address in (
            {"locality": "Graz", "country": "AT"},
            {"locality": "Wien", "country": "AT"},
        )
    )
    country = next(item for item in told(*bodies).fields if item.field == "country")
    assert (country.outcome, country.note) == (None, "weighed with the address")


def test_a_household_is_told_as_what_explains_the_pair() -> None:
    home = {"street": "Ring 4", "town": ("80331", "München"), "phone": "+49 89 5550100"}
    story = told(person("Otto", "Zyxwinkel", **home), person("Ruth", "Zyxwinkel", **home))
    assert story.lookalike == "household"
    assert story.relations == ("household", "colleagues")
    assert story.kin > story.colleagues
    assert story.lookalikes < -5
    assert story.grade == "none"


def test_a_person_and_an_organisation_are_not_weighed() -> None:
    story = told(ANNA, company("Zyxwinkel GmbH", phone="+49 30 5550100"))
    assert (story.kind, story.bits, story.fields, story.grade) == (None, None, (), "none")
    assert [key.key for key in story.keys] == ["ph:305550100"]


def test_crowded_contact_points_are_nobodys_own() -> None:
    other = person("Ivo", "Brunnov", phone="+49 30 5550100")
    own, shared = told(ANNA, other), told(ANNA, other, ph_305550100=SHARED)
    assert {item.outcome for item in own.fields if item.field == "phone"} == {"same"}
    (line,) = [item for item in shared.fields if item.field == "phone"]
    assert (line.outcome, line.left) == ("same, of several people", "…305550100 (of several)")
    assert [item.key for item in shared.crowded] == ["ph:305550100"]
    assert shared.compared
    assert "nobody's own" in shared.keys[0].note


def test_a_key_of_too_many_finds_nobody() -> None:
    other = person("Ivo", "Brunnov", phone="+49 30 5550100")
    story = told(ANNA, other, ph_305550100=FREQUENT)
    assert [(item.key, item.finds) for item in story.keys] == [("ph:305550100", False)]
    assert "finds nobody" in story.keys[0].note
    assert not story.compared


def test_copies_are_compared_without_any_key() -> None:
    story = told(company("+"), company("+"))
    assert (story.keys, story.same_content, story.compared) == ((), True, True)


@pytest.mark.parametrize(
    ("given", "family", "outcome"),
    [
        ("Anna", "Zyxwinkel", "same"),
        ("Zyxwinkel", "Anna", "swapped"),
        ("Zyxwinkl", "Anna", "swapped, with a slip"),
    ],
)
def test_a_full_name_that_agrees_is_told_once(given: str, family: str, outcome: str) -> None:
    story = told(person("Anna", "Zyxwinkel"), person(given, family))
    by_name = {item.field: item for item in story.fields}
    full = by_name["full_name"]
    assert (full.outcome, full.left, full.right) == (
        outcome,
        "anna zyxwinkel",
        f"{given} {family}".lower(),
    )
    for name in ("given_name", "family_name"):
        assert (by_name[name].outcome, by_name[name].bits) == (None, 0)
        assert by_name[name].note == "weighed with the full name"


def test_names_that_agree_in_part_are_told_one_by_one_and_together() -> None:
    by_name = {item.field: item for item in told(ANNA, person("Anna", "Brunnov")).fields}
    assert by_name["given_name"].outcome == "same"
    assert by_name["family_name"].outcome == "different"
    assert by_name["full_name"].outcome == "not both different"


def test_values_of_different_parts_do_not_compare() -> None:
    one = person("Anna", "Zyxwinkel", street="Ring 4")
    other = person("Anna", "Zyxwinkel", town=("", "Berlin"))
    (address,) = [item for item in told(one, other).fields if item.field == "address"]
    assert (address.left, address.right) == ("ring, 4", "berlin")
    assert address.note == "the two say nothing of it that compares"


def test_every_match_key_has_words() -> None:
    """By what the module writes, not only by what some records have."""
    written = set(re.findall(r'"([a-z]{2}):', Path(blocking.__file__).read_text()))
    seen = {key.partition(":")[0] for row in rows() for key in match_keys(row)}
    assert len(seen) > 15
    assert seen <= written == MEANINGS.keys()


def test_every_field_has_its_values() -> None:
    assert {item.name for fields in FIELDS.values() for item in fields} == COLUMNS.keys()
    assert {name for names in COLUMNS.values() for name in names} <= set(Features._fields)
