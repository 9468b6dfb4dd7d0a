"""What becomes of a card: its record, its canonical records, and an edit read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.carddav.cards import edit_card, read_card
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.model.party import Party, Relationship

PERSON = """FN:Dr. Ann Example
N:Example;Ann;Maria;Dr.;
ORG:Example Mills;Sales;Export
TITLE:Buyer
EMAIL;TYPE=INTERNET,HOME:ann@home.example
EMAIL;TYPE=INTERNET,WORK,PREF:ann@mills.example
item1.TEL;TYPE=VOICE:+43 1 0000
item1.X-ABLabel:_$!<Work>!$_
ADR;TYPE=WORK:;Top 2;Gasse 1;Wien;;1010;Austria
BDAY:19800203
REV:20260131T120000Z
UID:u-1
CATEGORIES:Customers,VIP
X-ERP-NUMBER:17
X-TAG:a
X-TAG:b
PHOTO;ENCODING=b;TYPE=JPEG:AAAA
NOTE:Likes tea"""
WRITABLE = ["fn", "title", "role", "org", "tel", "email", "impp", "x-erp-number", "x-new"]


@pytest.fixture(scope="module")
def mapping() -> CompiledMapping:
    path = Path(__file__).parents[2] / "mappings" / "carddav.yaml"
    return compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))


def card(lines: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCARD", "VERSION:3.0", *lines.splitlines(), "END:VCARD", ""]
    ).encode()


def translate(mapping: CompiledMapping, lines: str) -> dict[str, Any]:
    made = mapping.stream("card").translate({"href": "/b/1.vcf", **read_card(card(lines))})
    assert [one.gaps for one in made] == [[] for _ in made]
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_a_record_is_flat_and_holds_nothing_twice() -> None:
    record = read_card(card(PERSON))
    assert (record["email"], record["email_type"]) == ("ann@mills.example", ["work"])
    assert record["more_email"] == [{"value": "ann@home.example", "type": ["home"]}]
    assert (record["tel"], record["tel_type"]) == ("+43 1 0000", ["work"])
    assert record["n"] == {
        "family": "Example",
        "given": "Ann",
        "additional": "Maria",
        "prefix": "Dr.",
    }
    assert (record["org"], record["org_unit"]) == ("Example Mills", ["Sales", "Export"])
    assert (record["x-erp-number"], record["x-tag"]) == ("17", ["a", "b"])
    assert (record["bday"], record["rev"]) == ("1980-02-03", "2026-01-31T12:00:00Z")


def test_notes_and_pictures_are_not_read() -> None:
    assert not {"note", "photo"} & set(read_card(card(PERSON)))
    assert "tea" not in str(read_card(card(PERSON)))


def test_a_value_out_of_all_measure_is_named_and_left_out() -> None:
    record = read_card(card(f"FN:Ann\nX-PICTURE:{'A' * 5_000}"))
    assert record == {"fn": "Ann", "cut": ["x-picture"]}


@pytest.mark.parametrize("line", ["BDAY:--0203", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03", "REV:1"])
def test_half_a_date_is_none(line: str) -> None:
    assert read_card(card(f"FN:Ann\n{line}")) == {"fn": "Ann"}


def test_a_person_its_company_and_what_joins_them(mapping: CompiledMapping) -> None:
    made = translate(mapping, PERSON)
    assert sorted(made) == ["", "company", "contact_of"]
    person, company, bond = made[""], made["company"], made["contact_of"]
    assert isinstance(person, Party)
    assert isinstance(bond, Relationship)
    assert (person.kind, person.display_name) == ("person", "Dr. Ann Example")
    assert person.person is not None
    assert (person.person.given, person.person.family) == ("Ann", "Example")
    assert [point.value for point in person.contact_points] == [
        *("ann@mills.example", "ann@home.example", "+43 1 0000"),
    ]
    assert (person.addresses[0].lines, person.addresses[0].country) == (("Gasse 1", "Top 2"), "AT")
    assert (company.kind, company.organisation.legal_name) == ("organisation", "Example Mills")
    assert (bond.job_title, bond.to_party.part) == ("Buyer", "company")


def test_a_desk_is_shared_and_no_telephone_is_made_of_nothing(mapping: CompiledMapping) -> None:
    made = translate(mapping, "FN:Ann Example\nEMAIL:info@mills.example\nEMAIL:ann@mills.example")
    points = made[""].contact_points
    assert [(point.value, point.shared) for point in points] == [
        *(("info@mills.example", True), ("ann@mills.example", False)),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        *("FN:Example Mills\nORG:Example Mills", "KIND:org\nFN:Example Mills"),
        *("FN:Example Mills\nORG:Example Mills\nN:;;;;", "FN:Example Mills\nX-ABShowAs:COMPANY"),
    ],
)
def test_an_organisation(mapping: CompiledMapping, lines: str) -> None:
    made = translate(mapping, lines)
    assert list(made) == [""]
    assert (made[""].kind, made[""].person) == ("organisation", None)
    assert made[""].organisation.legal_name == "Example Mills"


def test_a_card_of_version_four_needs_no_structured_name(mapping: CompiledMapping) -> None:
    made = translate(mapping, "FN:Ann Example\nORG:Example Mills\nTEL;VALUE=uri:tel:+43-1-0;ext=1")
    assert (made[""].kind, made[""].person.family) == ("person", "Example")
    assert made[""].contact_points[0].value == "+43-1-0"
    assert made["company"].display_name == "Example Mills"


def test_a_distribution_list_is_left_out(mapping: CompiledMapping) -> None:
    record = read_card(card("FN:All\nX-ADDRESSBOOKSERVER-KIND:group"))
    assert mapping.stream("card").excluded_by(record) == "distribution list"


@given(
    st.sampled_from(WRITABLE), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
)
def test_what_is_written_is_read_back_and_the_rest_kept(name: str, text: str) -> None:
    before = read_card(card(PERSON))
    edited = edit_card(card(PERSON), {name: text})
    after = read_card(edited)
    if text.strip() and not text.strip().lower().startswith(("tel:", "mailto:")):
        assert after[name] == text.strip()
        assert {**after, name: before.get(name)} == {**before, name: before.get(name)}
    assert b"NOTE:Likes tea\r\n" in edited
    assert b"PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\n" in edited
