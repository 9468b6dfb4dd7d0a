"""Every function of the closed set: what it makes, and what it refuses without quoting it."""

# ruff: noqa: E501  # a case on one line reads as a table

from __future__ import annotations

from typing import Any

import pytest

from hub.mapping import FUNCTIONS

GOOD: list[tuple[str, Any, Any, Any]] = [
    ("trim", None, " a ", "a"),
    ("lower", None, "ÄB", "äb"),
    ("upper", None, "äb", "ÄB"),
    ("text", None, True, "true"),
    ("text", None, 7, "7"),
    ("html_unescape", None, "M&uuml;ller &amp; Co", "Müller & Co"),
    ("strip_prefix", "tel:", "tel:123", "123"),
    ("strip_prefix", "tel:", "123", "123"),
    ("split", ";", "a; b;;c", ["a", "b", "c"]),
    ("split", ";", ";", None),
    ("split_lines", None, "a\r\n\r\n b \n", ["a", "b"]),
    ("null_if", ["-", "0"], "-", None),
    ("null_if", ["-"], "x", "x"),
    ("null_if", [0], "0", None),
    ("date", None, "2026-01-31", "2026-01-31"),
    ("date", None, "20260131", "2026-01-31"),
    ("date", None, 20260131, "2026-01-31"),
    ("date", None, "2026-01-31T23:00:00Z", "2026-01-31"),
    ("date", "%d.%m.%Y", "31.01.2026", "2026-01-31"),
    ("datetime", None, "2026-01-31T12:00:00.000+0000", "2026-01-31T12:00:00.000Z"),
    ("datetime", None, "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
    ("datetime", None, "2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"),
    ("datetime", None, "20260131T120000Z", "2026-01-31T12:00:00Z"),
    ("datetime", None, "2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00.123456Z"),
    ("datetime", "UTC", "2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
    ("datetime", "+01:00", "2026-01-31 12:00", "2026-01-31T11:00:00Z"),
    ("datetime", "Europe/Berlin", "2026-07-31 12:00:00", "2026-07-31T10:00:00Z"),
    ("datetime", {"zone": "UTC", "format": "%d.%m.%Y %H:%M"}, "31.01.2026 12:30", "2026-01-31T12:30:00Z"),
    ("epoch_seconds", None, 0, "1970-01-01T00:00:00Z"),
    ("epoch_seconds", None, "1769860800", "2026-01-31T12:00:00Z"),
    ("epoch_milliseconds", None, 1769860800500, "2026-01-31T12:00:00.500000Z"),
    ("mail_date", None, "Sat, 31 Jan 2026 13:00:00 +0100", "2026-01-31T12:00:00Z"),
    ("decimal", None, "1234.50", "1234.5"),
    ("decimal", None, 0.1, "0.1"),
    ("decimal", None, 1e-7, "0.0000001"),
    ("decimal", None, "-0.00", "0"),
    ("decimal", ",", "1.234,56", "1234.56"),
    ("decimal", ",", "1 234,56", "1234.56"),
    ("decimal", ".", "1,234.56", "1234.56"),
    ("integer", None, "7.0", 7),
    ("boolean", None, "Ja", True),
    ("boolean", None, 0, False),
    ("negate", None, "12.30", "-12.3"),
    ("scale", "0.01", 1999, "19.99"),
    ("currency", None, "eur", "EUR"),
    ("currency", None, "€", "EUR"),
    ("country_code", None, "DEU", "DE"),
    ("country_code", None, "at", "AT"),
    ("country_code", None, "Deutschland", "DE"),
    ("country_code", None, "ESPAÑA", "ES"),
    ("country_code", None, "Etats-Unis", "US"),
    ("country_code", None, "Germania", "DE"),
    ("country_code", None, "U.S.A.", "US"),
    ("country_code", None, "Atlantis", None),
    ("language", None, "de_DE.UTF-8", "de-DE"),
    ("language", None, "zh_hans_cn", "zh-Hans-CN"),
    ("email_domain", None, "Ann <ann@Example.COM>", "example.com"),
    ("email_domain", None, "nothing", None),
    *(("is_role_mailbox", None, f"{name}@example.com", True) for name in (
        "info", "Sales", "support", "office", "kontakt", "contact", "billing", "accounts", "hello",
        "team", "noreply", "no-reply", "sales-de", "info2", "support+x")),
    *(("is_role_mailbox", None, f"{name}@example.com", False) for name in (
        "ann", "ann.example", "infante", "salesio", "it.ann", "b")),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("name", "argument", "value", "expected"), GOOD)
def test_function(name: str, argument: Any, value: Any, expected: Any) -> None:
    found = FUNCTIONS[name].bind(argument)(value)
    assert found == expected
    assert type(found) is type(expected)


ORGANISATIONS = (
    "Muster GmbH", "MUSTER AG", "Beispiel & Co. KG", "Example Ltd.", "Example, Inc.", "Exemple SARL",
    "Exemple S.A.S.", "Voorbeeld B.V.", "Voorbeeld NV", "Beispiel SE", "Exemple SA", "Esimerkki Oy", "Exempel AB", "Esempio S.p.A.",
    "Esempio SRL", "Ejemplo S.L.", "Muster OHG", "Turnverein Muster e.V.", "Turnverein Muster e. V.",
    "University of Examples", "Stadt Musterhausen", "Musterverein", "Stadtwerke Muster", "Smith & Sons",
    "Muster GmbH & Co. KG", "Example LLC", "Przyklad Sp. z o.o.", "Musterbau GmbH (insolvent)",
    "Apotheke am Markt", "Kwiaciarnia Stokrotka", "Boulangerie Exemple", "Panadería Ejemplo", "Example Plumbing", "Musterbäckerei",
)  # fmt: skip  # a word list
PEOPLE = (
    "Ann Example", "Example, Ann", "Dr. Otto von Muster", "Sa Vang", "Kim Se", "Se Ri Example", "Li", "Co Van",
    "João da Silva", "Kim Ek Larsen", "Anna Muster-Beispiel", "Ann B. Example", "A. S. Example",
    "Anna Becker", "Otto Koch", "Ann Baker", "Piotr Kowal", "Ann Taller",
)  # fmt: skip  # a word list


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_names_of_organisations(name: str) -> None:
    assert FUNCTIONS["kind_of_name"].bind(None)(name) == "organisation"


@pytest.mark.parametrize("name", PEOPLE)
def test_names_of_people(name: str) -> None:
    assert FUNCTIONS["kind_of_name"].bind(None)(name) == "person"


@pytest.mark.parametrize(
    ("name", "given", "family"),
    [
        ("Ann Example", "Ann", "Example"),
        ("Example, Ann Mary", "Ann Mary", "Example"),
        ("Ann Mary Example", "Ann Mary", "Example"),
        ("Otto von der Muster", "Otto", "von der Muster"),
        ("João da Silva Santos", "João", "da Silva Santos"),
        ("Dr. Ann Example PhD", "Ann", "Example"),
        ("von Muster, Dr. Otto", "Otto", "von Muster"),
        ("Example, Jr.", None, "Example"),
        ("Cher", None, "Cher"),
        ("Vincent van Gogh", "Vincent", "van Gogh"),
    ],
)
def test_full_names(name: str, given: str | None, family: str) -> None:
    assert FUNCTIONS["given_name"].bind(None)(name) == given
    assert FUNCTIONS["family_name"].bind(None)(name) == family


BAD: list[tuple[str, Any, Any]] = [
    ("lower", None, {"secret": 1}),
    ("date", None, "secret"),
    ("date", None, "2026-02-30"),
    ("date", "%d.%m.%Y", "secret"),
    ("datetime", None, "2026-01-31T12:00:00"),
    ("datetime", None, "secret"),
    ("datetime", None, "0001-01-01T00:00:00+14:00"),
    ("datetime", "UTC", ["secret"]),
    ("epoch_seconds", None, "secret"),
    ("epoch_seconds", None, 10**20),
    ("mail_date", None, "secret"),
    ("decimal", None, "1,5"),
    ("decimal", None, "secret"),
    ("decimal", None, "1e999999999"),
    ("decimal", None, "9" * 10_000),
    ("decimal", None, float("nan")),
    ("decimal", None, True),
    ("integer", None, 7.5),
    ("integer", None, 10**50),
    ("boolean", None, "secret"),
    ("negate", None, "secret"),
    ("currency", None, "$"),
    ("language", None, "secret language"),
]


@pytest.mark.parametrize(("name", "argument", "value"), BAD)
def test_a_bad_value_is_refused_and_never_quoted(name: str, argument: Any, value: Any) -> None:
    with pytest.raises(ValueError) as caught:  # the contract of a Transform
        FUNCTIONS[name].bind(argument)(value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


BAD_ARGUMENTS: list[tuple[str, Any]] = [
    ("trim", "x"),
    ("split", None),
    ("split", ""),
    ("null_if", "x"),
    ("null_if", []),
    ("null_if", [[1]]),
    ("date", "%Q"),
    ("date", "no directive"),
    ("datetime", "Mars/Base"),
    ("datetime", "../../etc/passwd"),
    ("datetime", {"zone": "UTC", "other": 1}),
    ("decimal", ";"),
    ("scale", "x"),
    ("strip_prefix", None),
]


@pytest.mark.parametrize(("name", "argument"), BAD_ARGUMENTS)
def test_a_bad_argument_is_refused_when_the_file_is_read(name: str, argument: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        FUNCTIONS[name].bind(argument)


def test_every_function_says_what_it_does_in_one_line() -> None:
    for name, function in FUNCTIONS.items():
        assert function.doc.endswith("."), name
        assert "\n" not in function.doc, name
