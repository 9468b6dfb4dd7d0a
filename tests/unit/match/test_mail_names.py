"""Names that a mailbox tells where a record leaves them out."""

from __future__ import annotations

import pytest

from hub.match.names import PersonName
from hub.match.profile import build_profile
from tests.unit.match.crowd import outcomes, person


def _people(given: str, family: str, *mailboxes: str) -> set[tuple[str, str]]:
    points = [{"kind": "email", "value": mailbox} for mailbox in mailboxes]
    body = {**person(given, family), "contact_points": points}
    return {(" ".join(one.given), " ".join(one.family)) for one in build_profile(body).people}


@pytest.mark.parametrize(
    ("mailbox", "expected"),
    [
        ("anna.berg@example.com", ("anna", "berg")),
        ("Anna_Berg1982@example.com", ("anna", "berg")),
        ("anna.berg+news@gmail.com", ("anna", "berg")),
        ("jean-luc.berg@example.com", ("jean luc", "berg")),
    ],
)
def test_a_mailbox_names_who_states_no_name(mailbox: str, expected: tuple[str, str]) -> None:
    assert _people("", "", mailbox) == {expected}


@pytest.mark.parametrize(
    "mailbox",
    [
        "annaberg@example.com",
        "a.berg@example.com",
        "familie.berg@example.com",
        "info@berg.example",
        "sales.berlin@berg.example",
        "anna.maria.von.berg@example.com",
        "x1.y2z@example.com",
    ],
)
def test_what_may_mean_anything_names_nobody(mailbox: str) -> None:
    assert _people("", "", mailbox) == set()


@pytest.mark.parametrize(
    ("given", "family", "mailbox", "expected"),
    [
        ("Anna", "", "anna.berg@example.com", ("anna", "berg")),
        ("Anna", "", "berg.anna@example.com", ("anna", "berg")),
        ("Anna", "", "annaberg7@example.com", ("anna", "berg")),
        ("", "Berg", "anna.berg@example.com", ("anna", "berg")),
        ("", "Berg", "a.berg@example.com", ("a", "berg")),
        ("Anna Berg", "", "anna.berg@example.com", ("anna", "berg")),
        ("Anna", "", "annab@example.com", ("anna", "")),
        ("Anna", "", "anna@example.com", ("anna", "")),
        ("Tom", "", "anna.berg@example.com", ("tom", "")),
        ("Tom", "Holz", "anna.berg@example.com", ("tom", "holz")),
    ],
)
def test_a_mailbox_fills_in_what_is_missing_alone(
    given: str, family: str, mailbox: str, expected: tuple[str, str]
) -> None:
    assert _people(given, family, mailbox) == {expected}


def test_gmails_dots_part_words_however_often_it_is_written_without() -> None:
    mailboxes = ("annaberg@gmail.com", "anna.berg@gmail.com")
    assert _people("", "", *mailboxes) == _people("", "", *mailboxes[::-1]) == {("anna", "berg")}


def test_the_order_of_mailboxes_does_not_matter() -> None:
    mailboxes = ("anna.berg@example.com", "anna.holz@example.com")
    assert _people("Anna", "", *mailboxes) == _people("Anna", "", *mailboxes[::-1])


def test_a_name_from_a_mailbox_is_compared() -> None:
    silent = person("", "", email="anna.berg@example.com")
    assert outcomes(silent, person("Anna", "Berg"))["full_name"] == "same"


def test_the_call_name_gets_its_full_form_too() -> None:
    found = build_profile(person("Babsi", "", email="barbara.winkler@example.com")).people
    assert found == (PersonName(("babsi",), ()),)
    assert _people("Babsi", "Winkler", "barbara.winkler@example.com") == {
        ("babsi", "winkler"),
        ("barbara", "winkler"),
    }


@pytest.mark.parametrize(
    ("given", "family", "mailbox"),
    [
        ("Marek", "Malik", "m.malik@example.com"),
        ("Marek", "Malik", "malik7@example.com"),
        ("Mara", "Malik", "malik.maria@example.com"),
    ],
)
def test_the_family_name_is_no_full_form_of_a_given_name_that_starts_alike(
    given: str, family: str, mailbox: str
) -> None:
    names = _people(given, family, mailbox)
    assert (given.lower(), family.lower()) in names
    assert ("malik", "malik") not in names
