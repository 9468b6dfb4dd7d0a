"""What is told of two companies: slips in mailboxes and names, and lines that are a person's."""

from __future__ import annotations

import pytest

from tests.unit.match.crowd import company, outcomes, person


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("mail@hohenmayr.de", "mail@hohenmayr.de", "same"),
        ("mail@hohenmayr.de", "office@hohenmayr.de", "same domain"),
        ("mail@hohenmayr-immobilien.de", "mail@hohenmayr-imobilienn.de", "slip"),
        ("mail@wi.de", "mail@wo.de", "different"),
    ],
)
def test_a_companys_mailbox_may_be_mistyped(one: str, other: str, expected: str) -> None:
    bodies = (company("Hohenmayr Immobilien", email=address) for address in (one, other))
    assert outcomes(*bodies)["email"] == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Wienkstahl Textil", "Wienkstahl Texti", "slip"),
        ("Wink", "Wonk", "slip in a short name"),
    ],
)
def test_one_letter_says_less_of_a_short_name(one: str, other: str, expected: str) -> None:
    assert outcomes(company(one), company(other))["organisation"] == expected


def test_a_line_of_a_company_may_be_somebodys_in_it() -> None:
    line = "+43 316 555000"
    office = company("Wienkstahl Textil", phone=line)
    assert outcomes(office, company("Wienkstahl", phone=line))["phone"] == "same"
    somebody = outcomes(office, person("Agnes", "Hohenmayr", phone=line))
    assert somebody["phone"] == "same, but one may be a person's"
