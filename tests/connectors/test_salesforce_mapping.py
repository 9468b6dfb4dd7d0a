"""The mapping of Salesforce's records, with records as its stand-in gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.model.party import Party, Relationship
from hub.model.service import Opportunity

ROOT = Path(__file__).parents[2]
NOW = {"Id": "x", "SystemModstamp": "2026-01-31T12:00:00.000+0000", "IsDeleted": False}


@pytest.fixture(scope="module")
def mapping() -> CompiledMapping:
    path = ROOT / "mappings" / "salesforce.yaml"
    return compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))


def translate(mapping: CompiledMapping, stream: str, **row: Any) -> dict[str, Any]:
    """Canonical records by part; nothing may be unknown to the mapping."""
    made = mapping.stream(stream).translate(NOW | row)
    assert [one.gaps for one in made] == [[] for _ in made]
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_an_account_is_an_organisation(mapping: CompiledMapping) -> None:
    row = {"Name": "Example Mills", "Type": "Customer - Direct", "Phone": " +43 1 0000 "}
    row |= {"VAT_Number__c": "ATU00000000", "ERP_Account__c": "C-17", "OwnerId": "005x"}
    row |= {"BillingStreet": "Gasse 1\nTop 2", "BillingCountry": "Austria", "BillingCity": "Wien"}
    made = translate(mapping, "Account", **row)
    party = made[""]
    assert isinstance(party, Party)
    assert list(made) == [""]
    assert (party.kind, party.display_name) == ("organisation", "Example Mills")
    assert [(r.role, r.role_raw) for r in party.roles] == [("customer", "Customer - Direct")]
    assert [(i.scheme, i.value, i.issuer) for i in party.identifiers] == [
        ("eu_vat", "ATU00000000", None),
        ("customer_no", "C-17", "erp"),
    ]
    (address,) = party.addresses
    assert (address.lines, address.country) == (("Gasse 1", "Top 2"), "AT")
    assert address.purpose == ("billing",)


def test_an_account_of_no_type_has_no_role(mapping: CompiledMapping) -> None:
    party = translate(mapping, "Account", Name="Example", Type=None, OwnerId="005x")[""]
    assert party.roles == ()
    assert party.addresses == ()


def test_an_unknown_type_is_counted(mapping: CompiledMapping) -> None:
    (made,) = mapping.stream("Account").translate(NOW | {"Name": "Example", "Type": "Franchisee"})
    assert made.body["roles"][0]["role"] == "other"
    assert [gap[1] for gap in made.gaps] == ["Franchisee"]


def test_a_parent_account_is_a_relationship(mapping: CompiledMapping) -> None:
    parent = translate(mapping, "Account", Name="Example", ParentId="001p")["parent"]
    assert isinstance(parent, Relationship)
    assert (parent.from_party.key, parent.to_party.key) == ("001p", "x")
    assert parent.type == "parent_company"


def test_a_contact_is_a_person_of_its_account(mapping: CompiledMapping) -> None:
    row = {"FirstName": "Ada", "LastName": "Example", "Name": "Ada Example", "Title": "CFO"}
    row |= {"Email": "ada@mills.example", "MobilePhone": "+43 660 0000", "AccountId": "001a"}
    made = translate(mapping, "Contact", **row, HasOptedOutOfEmail=True, Birthdate="1980-02-03")
    person, works = made[""], made["contact_of"]
    assert (person.person.family, str(person.person.birth_date)) == ("Example", "1980-02-03")
    assert [(p.kind, p.value) for p in person.contact_points] == [
        ("email", "ada@mills.example"),
        ("phone", "+43 660 0000"),
    ]
    assert [(c.channel, c.state) for c in person.consents] == [("email", "out")]
    assert (works.to_party.type, works.to_party.key, works.job_title) == ("Account", "001a", "CFO")


def test_a_contact_of_no_account_stands_alone(mapping: CompiledMapping) -> None:
    assert list(translate(mapping, "Contact", LastName="Example", Name="Example")) == [""]


def test_a_lead_is_a_person_and_a_company(mapping: CompiledMapping) -> None:
    row = {"FirstName": "Bo", "LastName": "Sample", "Name": "Bo Sample", "Company": "Sample Ltd"}
    made = translate(mapping, "Lead", **row, Status="Open", Country="Germany")
    assert (made[""].kind, made["company"].kind) == ("person", "organisation")
    assert made["company"].display_name == "Sample Ltd"
    assert [role.role for role in made[""].roles + made["company"].roles] == ["lead", "lead"]
    assert made["contact_of"].to_party.part == "company"


@pytest.mark.parametrize("company", ["Bo Sample", "[not provided]", "", None])
def test_a_lead_without_a_company_is_a_person_only(mapping: CompiledMapping, company: Any) -> None:
    assert list(translate(mapping, "Lead", Name="Bo Sample", Company=company)) == [""]


@pytest.mark.parametrize(
    ("won", "closed", "stage"),
    [(True, True, "won"), (False, True, "lost"), (False, False, "open")],
)
def test_an_opportunity(mapping: CompiledMapping, won: bool, closed: bool, stage: str) -> None:
    row: dict[str, Any] = {
        "Name": "Deal",
        "AccountId": "001a",
        "StageName": "X",
        "CloseDate": "2026-03-01",
    }
    row |= {"Amount": 1234.5, "Probability": 75.0, "IsWon": won, "IsClosed": closed}
    deal = translate(mapping, "Opportunity", **row)[""]
    assert isinstance(deal, Opportunity)
    assert (deal.stage, str(deal.amount), deal.probability) == (stage, "1234.5", 0.75)
    assert deal.party is not None
    assert deal.party.key == "001a"


def test_the_example_for_files_maps_its_columns() -> None:
    path = ROOT / "mappings" / "file.yaml"
    example = compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))
    row = {"id": "1", "name": "Example Ltd", "kind": "Company", "email": "a@mills.example"}
    row |= {"phone": "", "street": "Gasse 1", "city": "Wien", "postcode": "1010", "country": "AT"}
    (made,) = example.stream("customers").translate(row)
    party = Party.model_validate(made.body)
    assert (party.kind, party.roles[0].role, len(party.contact_points)) == (
        "organisation",
        "partner",
        1,
    )
