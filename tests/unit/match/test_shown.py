"""Shown names that are a desk's or the mailbox once more."""

from __future__ import annotations

from typing import Any

import pytest

from hub.match.profile import build_profile
from hub.match.shown import told_name, without_department
from tests.unit.match.crowd import company, outcomes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Accounts Payable", ""),
        ("Büro", ""),
        ("Customer Service Center", ""),
        ("n/a", ""),
        ("[not provided]", ""),
        ("Unbekannt", ""),
        ("Einkauf - Lorenz Holz GmbH", "Lorenz Holz GmbH"),
        ("Lorenz Holz | Info", "Lorenz Holz"),
        ("Lorenz Holz", "Lorenz Holz"),
        ("Service Partner GmbH", "Service Partner GmbH"),
        ("Müller-Lüdenscheidt", "Müller-Lüdenscheidt"),
        ("Holz / Metall", "Holz / Metall"),
        ("", ""),
    ],
)
def test_desks_are_no_names(text: str, expected: str) -> None:
    assert told_name(text) == expected


def _names(shown: str, mailbox: str) -> tuple[Any, ...]:
    points = [{"kind": "email", "value": mailbox}]
    return build_profile({"kind": "person", "display_name": shown, "contact_points": points}).people


@pytest.mark.parametrize("shown", ["jsmith2", "Jsmith2", "JSMITH2", "j.smith2"])
def test_the_mailbox_once_more_is_no_name(shown: str) -> None:
    assert _names(shown, f"{shown.lower()}@example.com") == ()
    assert _names(shown, "office.seven@example.com") != ()


def test_what_is_written_in_words_is_a_name_though_the_mailbox_says_so_too() -> None:
    found = _names("Anna Berg", "anna.berg@example.com")
    assert [(name.given, name.family) for name in found] == [(("anna",), ("berg",))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Buchhaltung Lorenz Holz", "Lorenz Holz"),
        ("Lorenz Holz Accounts Payable", "Lorenz Holz"),
        ("Buchhaltung", "Buchhaltung"),
        ("Info Systems Ltd", "Info Systems Ltd"),
    ],
)
def test_departments_beside_a_company(text: str, expected: str) -> None:
    assert without_department(text) == expected


def test_a_desk_does_not_speak_against_its_company() -> None:
    desk = company("Accounts Payable", email="ap@lorenz-holz.example")
    whole = company("Lorenz Holz GmbH", email="ap@lorenz-holz.example")
    assert outcomes(desk, whole) == {"email": "same"}


def _called(shown: str) -> dict[str, Any]:
    """Who has a company's desk for a mailbox, and calls himself a person."""
    desk = {"kind": "email", "value": "info@lorenz-holz.example"}
    return {"kind": "person", "display_name": shown, "contact_points": [desk]}


def test_who_has_a_companys_mailbox_and_no_name_is_the_company() -> None:
    whole = company("Holzbau Lorenz GmbH", email="info@lorenz-holz.example")
    assert outcomes(_called("Info"), whole) == {"email": "same"}
    assert outcomes(_called("Ivo Lorenz"), whole)["email"] == "same, but one may be a person's"
