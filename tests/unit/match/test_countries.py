"""The country that a record speaks of, by its addresses, numbers and mailboxes."""

from __future__ import annotations

from typing import Any

import pytest

from hub.match.countries import country_of_domain, told_country
from hub.match.profile import build_profile


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


def _person(**parts: Any) -> dict[str, Any]:
    return {"kind": "person", "display_name": "Anna Berg", **parts}


def _point(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "value": value, **more}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([_point("email", "anna.berg@bluewin.ch")], "CH"),
        ([_point("phone", "+31 6 12345678")], "NL"),
        ([_point("phone", "0031 6 12345678")], "NL"),
        ([_point("phone", "06 12345678")], ""),  # read by the connection's country: no sign
        ([_point("phone", "+1 212 893 1125")], ""),  # the United States, Canada and others
        ([_point("email", "a.berg@gmx.at"), _point("phone", "+49 30 2345678")], ""),
        ([_point("email", "a.berg@gmx.at", status="invalid")], ""),
    ],
)
def test_contact_points_tell_it(points: list[dict[str, Any]], expected: str) -> None:
    assert build_profile(_person(contact_points=points)).country == expected


def test_two_records_that_differ_in_it_are_two_contents() -> None:
    bodies = [
        _person(contact_points=[_point("phone", text)])
        for text in ("+49 30 2345678", "030 2345678")
    ]
    one, other = map(build_profile, bodies)
    assert one.phones == other.phones
    assert one.digest != other.digest
