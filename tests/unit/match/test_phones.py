"""Telephone numbers: the fast path says what Google's phonenumbers says."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat

from hub.match.phones import find_well_formed, line_of, standardise_phone

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = {
    region: [
        number
        for kind in phonenumbers.PhoneNumberType.values()
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    for region in REGIONS
}
SLIPS = st.tuples(st.integers(0, 20), st.sampled_from(["", *"0123456789", *" -./()+"]))
"""Where something is put in; nothing means that a character goes."""


def _reference(value: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(value, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    number.extension = None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("+49 (0)30 123456", "DE", "+4930123456"),
        ("030/123456", "DE", "+4930123456"),
        ("(030) 12 34 56", "DE", "+4930123456"),
        ("0049 30 123456", "AT", "+4930123456"),
        ("702-919-1300", "US", "+17029191300"),
        ("06 39 98 39 10", "FR", "+33639983910"),
        ("0000000", "DE", None),
        ("123456789", "DE", None),
        ("110", "DE", None),
        ("call me", "DE", None),
        ("+44 161 870728-79", "DE", "+44161870728"),
        ("01 5223847-12", "AT", "+431522384712"),
    ],
)
def test_spellings(value: str, country: str, expected: str | None) -> None:
    assert standardise_phone(value, country) == expected


@st.composite
def _spellings(draw: st.DrawFn) -> tuple[str, str]:
    """An example number of any region as somebody writes it down, and the region he is in."""
    region = draw(st.sampled_from(REGIONS))
    style = draw(st.sampled_from([0, 1, 2]))
    text = phonenumbers.format_number(draw(st.sampled_from(EXAMPLES[region])), style)
    for place, sign in draw(st.lists(SLIPS, max_size=3)):
        text = text[:place] + sign + text[place + (not sign) :]
    prefix = draw(st.sampled_from(["", "", "", "0", "00", "011", "1", "+"]))
    return prefix + text, draw(st.one_of(st.just(region), st.sampled_from(REGIONS)))


@settings(max_examples=1_500, deadline=None)
@given(_spellings())
def test_fast_way_agrees_with_phonenumbers_everywhere(spelling: tuple[str, str]) -> None:
    value, country = spelling
    found = find_well_formed(value, country)
    assert found in (None, _reference(value, country))
    reference = _reference(value, country)
    assert reference is None or standardise_phone(value, country) in (None, reference)


@pytest.mark.parametrize(
    "region", ["DE", "AT", "CH", "FR", "NL", "GB", "BE", "ES", "IT", "US", "CA", "PL", "SE"]
)
@pytest.mark.parametrize("style", [PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL])
def test_well_formed_numbers_go_the_fast_way(region: str, style: int) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE)
    assert number is not None
    text = phonenumbers.format_number(number, style)
    assert find_well_formed(text, region) == _reference(text, region) is not None


@pytest.mark.parametrize("digits", ["0000000", "123456789", "110", "+49 110"])
def test_placeholders_are_none(digits: str) -> None:
    assert standardise_phone(digits, "DE") is None


def test_any_white_space_parts_a_number() -> None:
    assert standardise_phone("030\t123456\n", "DE") == "+4930123456"


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789", min_size=9, max_size=9), st.sampled_from(" -./"))
def test_separators_do_not_matter(digits: str, sign: str) -> None:
    spread = sign.join((digits[:2], digits[2:5], digits[5:]))
    assert standardise_phone("+4917" + spread, "DE") == standardise_phone("+4917" + digits, "DE")


@given(st.text(max_size=30))
def test_any_text_is_taken(text: str) -> None:
    found = standardise_phone(text, "DE")
    assert found is None or found.startswith("+")


@pytest.mark.parametrize(
    ("stated", "country", "bare"),
    [
        ("+44 20 8496 7222", "GB", "020 84967222"),
        ("+1 402 413 1499", "US", "4024131499"),
        ("+1 402 413 1499", "US", "1-402-413-1499"),
        ("+48 534 196 094", "PL", "48534196094"),
        ("+39 02 4178 8911", "IT", "0241788911"),
        ("+33 6 78 59 06 31", "FR", "678590631"),
        ("+47 22 33 44 55", "NO", "22334455"),
    ],
)
def test_a_line_is_found_where_no_country_is_told(stated: str, country: str, bare: str) -> None:
    numbers = [standardise_phone(stated, country), standardise_phone(bare, "DE")]
    one, other = (line_of(number or "") for number in numbers)
    assert one == other != ""


def test_lines_of_other_numbers_differ() -> None:
    numbers = ("+4930123456", "+4930123457", "+49301234567", "+4940123456", "+442084967222")
    assert len({line_of(number) for number in numbers}) == len(numbers)
