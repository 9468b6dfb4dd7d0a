"""The country that a record speaks of, by its addresses, numbers and mailboxes."""

from __future__ import annotations

import pytest

from hub.match.countries import country_of_domain, told_country
from hub.match.profile import build_profile
from tests.unit.match.crowd import person


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("orange.fr", "FR"),
        ("shop.example.co.uk", "GB"),
        ("gmail.com", ""),
        ("start-up.io", ""),
        ("praxis.me", ""),
        ("example", ""),
        ("", ""),
    ],
)
def test_the_end_of_a_domain(domain: str, expected: str) -> None:
    assert country_of_domain(domain) == expected


@pytest.mark.parametrize(
    ("addresses", "contacts", "numbers", "expected"),
    [
        (["at"], {"AT"}, ["ATU61901353"], "AT"),
        (["AT"], {"DE"}, [], ""),
        ([], {"GB"}, ["XI123456789"], "GB"),
        ([], set(), ["EL094259216"], "GR"),
        ([], set(), ["??"], ""),
        ([], set(), [], ""),
    ],
)
def test_all_signs_agree_or_nothing_is_told(
    addresses: list[str], contacts: set[str], numbers: list[str], expected: str
) -> None:
    assert told_country(addresses, contacts, numbers) == expected


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ({"email": "anna.berg@bluewin.ch"}, "CH"),
        ({"phone": "+31 6 12345678"}, "NL"),
        ({"phone": "0031 6 12345678"}, "NL"),
        ({"phone": "06 12345678"}, ""),  # read by the connection's country: no sign
        ({"phone": "+1 212 893 1125"}, ""),  # the United States, Canada and others
        ({"email": "a.berg@gmx.at", "phone": "+49 30 2345678"}, ""),
    ],
)
def test_contact_points_tell_it(reached: dict[str, str], expected: str) -> None:
    assert build_profile(person("Anna", "Berg", **reached)).country == expected


def test_a_contact_point_that_no_longer_holds_tells_nothing() -> None:
    body = person("Anna", "Berg", email="a.berg@gmx.at")
    body["contact_points"][0]["status"] = "invalid"
    assert build_profile(body).country == ""


def test_two_records_that_differ_in_it_are_two_contents() -> None:
    numbers = ("+49 30 2345678", "030 2345678")
    one, other = (build_profile(person("Anna", "Berg", phone=number)) for number in numbers)
    assert one.phones == other.phones
    assert one.digest != other.digest
