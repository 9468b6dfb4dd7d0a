"""The profile of a record, its digest, and the row of features that is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.match.features import LISTS, build_features
from hub.match.profile import build_profile

BODY: dict[str, Any] = {
    "kind": "person",
    "person": {"given": "Anna", "family": "Berg", "birth_date": "1980-05-04"},
    "contact_points": [
        {"kind": "email", "value": "anna.berg7@example.com"},
        {"kind": "email", "value": "info@example.com"},
        {"kind": "phone", "value": "030 1234567"},
        {"kind": "phone", "value": "030 7654321", "shared": True},
        {"kind": "web", "value": "https://www.berg.example/anna"},
    ],
    "addresses": [{"lines": ["Hauptstr. 1"], "locality": "Berlin", "country": "DE"}],
    "identifiers": [{"scheme": "eu_vat", "value": "DE123456789"}],
}


def _changed(**parts: Any) -> dict[str, Any]:
    return {**BODY, **parts}


@pytest.mark.parametrize(
    "other",
    [
        _changed(kind="organisation"),
        _changed(person={**BODY["person"], "given": "Anne"}),
        _changed(person={**BODY["person"], "birth_date": "1980-05-05"}),
        _changed(contact_points=BODY["contact_points"][:3]),
        _changed(contact_points=BODY["contact_points"][1:]),
        _changed(addresses=[{**BODY["addresses"][0], "locality": "Bremen"}]),
        _changed(addresses=[*BODY["addresses"], {"locality": "Bremen"}]),
        _changed(identifiers=[]),
        _changed(organisation={"legal_name": "Example Foods Ltd"}),
    ],
)
def test_another_content_has_another_digest(other: dict[str, Any]) -> None:
    assert build_profile(other).digest != build_profile(BODY).digest


def test_the_order_of_what_is_stated_does_not_matter() -> None:
    turned = _changed(contact_points=BODY["contact_points"][::-1])
    assert build_profile(turned) == build_profile(BODY)


def test_every_feature_stands_in_its_column() -> None:
    row = build_features(build_profile(BODY))
    assert (row.kind, row.given, row.family, row.birth_date) == (
        "person",
        "anna",
        "berg",
        "1980-05-04",
    )
    assert (row.mailbox, row.mail_names) == ("anna.berg7@example.com", ("anna.berg7",))
    assert (row.desks, row.domains) == (("info@example.com",), ("berg.example", "example.com"))
    assert (row.phones, row.shared_phones) == (("301234567",), ("307654321",))
    assert (row.houses, row.street) == (("hauptstr|1|berlin",), "hauptstr")
    assert (row.house_number, row.city, row.country) == ("1", "berlin", "DE")
    assert row.identifiers == ("eu_vat:DE:DE123456789",)
    assert (row.identifier, row.issuers) == ("eu_vat:DE:DE123456789", ("eu_vat:DE",))


def test_lists_are_lists_and_nothing_is_empty() -> None:
    for body in (BODY, {"kind": "organisation", "display_name": "Muster GmbH"}, {"kind": "open"}):
        for name, value in build_features(build_profile(body))._asdict().items():
            assert value is None or isinstance(value, tuple if name in LISTS else str)
            assert value is None or value


def test_what_is_stated_apart_is_part_of_the_name() -> None:
    body = {"kind": "person", "person": {"given": "Bob", "family": "Smith", "suffix": "Jr."}}
    assert build_features(build_profile(body)).generation == "jr"
    stated = {"legal_name": "Muster t/a Zenith", "legal_form": "GmbH"}
    row = build_features(build_profile({"kind": "organisation", "organisation": stated}))
    assert (row.organisation_words, row.legal_form) == (("muster", "zenith"), "gmbh")


def _contact(name: str, employer: str, mail: str = "") -> dict[str, Any]:
    points = [{"kind": "email", "value": mail}] if mail else []
    organisation = {"legal_name": employer} if employer else {}
    return {
        "kind": "person",
        "display_name": name,
        "organisation": organisation,
        "contact_points": points,
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (_contact("Toni Winkler", "Example Foods Ltd"), "person"),
        (_contact("Toni Winkler", "Example Foods Ltd", "info@example.org"), "person"),
        (_contact("Winkler Foods", "Winkler Foods Ltd"), "open"),
        (_contact("Tischlerei Lorenz", ""), "open"),
        (_contact("", "Example Foods Ltd", "info@example.org"), "open"),
        (_contact("Lorenz GmbH", ""), "organisation"),
    ],
)
def test_who_works_for_a_company_of_another_name_is_a_person(
    body: dict[str, Any], kind: str
) -> None:
    assert build_profile(body).kind == kind


def test_an_employer_is_compared_and_ones_own_name_is_none() -> None:
    row = build_features(build_profile(_contact("Toni Winkler", "Example Foods Ltd")))
    assert (row.employer, row.employer_words) == ("example foods", ("example", "foods"))
    assert row.organisation is None
    freelance = {**_contact("Toni Winkler", "Toni Winkler"), "person": {"birth_date": "1980-05-04"}}
    assert build_features(build_profile(freelance)).employer is None


def test_a_country_alone_is_told() -> None:
    body = {"kind": "person", "display_name": "Anna Berg", "addresses": [{"country": "at"}]}
    row = build_features(build_profile(body))
    assert (row.country, row.city, row.houses) == ("AT", None, None)


def test_a_family_name_in_both_fields_is_no_given_name() -> None:
    body = {"kind": "person", "person": {"given": "Jansen", "family": "Jansen"}}
    row = build_features(build_profile(body))
    assert (row.given, row.family, row.full_name) == (None, "jansen", None)


@pytest.mark.parametrize(
    "long",
    [
        {"identifiers": [{"scheme": "eu_vat", "value": "DE" + "12345" * 13}]},
        {"contact_points": [{"kind": "email", "value": "a" * 250 + "@berg.example"}]},
        {"contact_points": [{"kind": "web", "value": "https://" + "a" * 250 + ".example"}]},
    ],
)
def test_a_text_that_no_such_value_can_have_says_nothing(long: dict[str, Any]) -> None:
    silent: dict[str, Any] = {name: [] for name in long}
    assert build_profile(_changed(**long)) == build_profile(_changed(**silent))


@pytest.mark.parametrize("gap", [" ", "\t \n", "(formerly ", "| ", " - "])
def test_of_a_text_without_end_the_beginning_is_a_name(gap: str) -> None:
    text = "Anna Berg" + gap * 100_000 + "Holz"
    for kind in ("person", "organisation"):
        bodies = [
            {"kind": kind, "display_name": name, "organisation": {"legal_name": name}}
            for name in (text, text[:400])
        ]
        one, other = map(build_profile, bodies)
        assert one.digest == other.digest
        assert one.people or one.organisations


def test_a_couple_is_no_company() -> None:
    couple = {"given": "Anna & Otto", "family": "Berg"}
    assert build_profile({"kind": "person", "person": couple}).kind != "organisation"
    firm = {"kind": "person", "display_name": "Berg & Holz"}
    assert build_profile(firm).kind == "organisation"
