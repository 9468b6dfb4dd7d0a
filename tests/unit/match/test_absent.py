"""Texts that only say that there is no value."""

from __future__ import annotations

from typing import Any

import pytest

from hub.match.absent import is_filler, says_none
from hub.match.profile import build_profile

NOTHING = [
    *("n/a", "N/A", "NULL", "null", "None", "nan", "NaN", "-", "--", "...", "?", "[not provided]"),
    *("#N/A", "(null)", "<null>", r"\N", "keine Angabe", "k.A.", "k. A.", "Non renseigné"),
    *("нет данных", "", "  "),
]
SOMETHING = ["Null", "Nan", "Nil", "Na", "N", "X", "0", "Noneman", "An", "Ka", "NULLMEIER", "🙂"]


@pytest.mark.parametrize("text", NOTHING)
def test_it_says_that_there_is_none(text: str) -> None:
    assert says_none(text)


@pytest.mark.parametrize("text", SOMETHING)
def test_names_are_left(text: str) -> None:
    assert not says_none(text)
    assert not is_filler(text)


@pytest.mark.parametrize("text", NOTHING)
def test_nobody_is_called_so_lives_there_or_has_that_number(text: str) -> None:
    name = {"given": text, "middle": text, "family": text}
    body = {
        "kind": "person",
        "display_name": text,
        "person": name,
        "organisation": {"legal_name": text, "trading_names": [text]},
        "contact_points": [{"kind": kind, "value": text} for kind in ("email", "phone", "web")],
        "addresses": [{"lines": [text], "locality": text, "postcode": text}],
        "identifiers": [{"scheme": scheme, "value": text} for scheme in ("tax_id", "eu_vat")],
    }
    found = build_profile(body)
    assert not any(found[1:-1])
    assert not any(build_profile({**body, "kind": "organisation"})[1:-1])


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ({"given": "NULL", "family": "Berg"}, None),
        ({"given": "n/a", "middle": "NaN", "family": "Berg"}, None),
        ({}, "None Berg"),
        ({}, "Berg, n/a"),
        ({"family": "Berg"}, "unknown"),
    ],
)
def test_a_missing_part_is_no_part_of_the_name(person: dict[str, Any], shown: str | None) -> None:
    found = build_profile({"kind": "person", "person": person, "display_name": shown})
    assert [name.given + name.family for name in found.people] == [("berg",)]


def test_a_postcode_of_zeros_is_none() -> None:
    places = [
        build_profile(
            {"kind": "person", "addresses": [{"postcode": code, "locality": "Graz"}]}
        ).places
        for code in ("00000", "8010")
    ]
    assert [place.postcode for (place,) in places] == ["", "8010"]
