"""What each role sees of people: found in the store's own contact data, wherever it stands."""

from __future__ import annotations

import html

import orjson
import pytest

from hub.match.levels import FIELDS
from hub.roles import Role
from hub.web.masking import MASK, masked
from tests.web.company import Company
from tests.web.people import person

VIEWER = person(Role.VIEWER)
SEEING = [Role.STEWARD, Role.CONTROLLER]
BLIND = [Role.VIEWER, Role.ADMIN]


def contact_data(company: Company, party: str) -> set[str]:
    """Addresses, numbers and dates that the golden record holds."""
    golden = company.get(f"/customers/{party}/as-of")["golden"]
    lines = [line for address in golden.get("addresses", ()) for line in address.get("lines", ())]
    known = golden.get("identifiers", ())
    ids = [item["value"] for item in known if item["scheme"] != "customer_no"]
    return {*golden.get("emails", ()), *golden.get("phones", ()), *lines, *ids}


@pytest.mark.parametrize("role", BLIND)
def test_contact_data_is_nowhere(shared_company: Company, role: Role) -> None:
    hits = shared_company.post("/customers/by-name", {"text": "e", "limit": 60})["customers"]
    caller = shared_company.program(role)
    seen = 0
    for hit in hits:
        party = hit["party_id"]
        hidden = {text for text in contact_data(shared_company, party) if len(text) > 6}
        for path in ("", "/history", "/as-of", "/values/email", "/values/phone"):
            told = caller.get(f"/api/v1/customers/{party}{path}").text
            assert not [text for text in hidden if text in told]
            seen += len(hidden)
    assert seen > 100


@pytest.mark.parametrize("role", BLIND)
def test_contact_data_is_nowhere_on_the_pages(shared_company: Company, role: Role) -> None:
    hits = shared_company.post("/customers/by-name", {"limit": 40})["customers"]
    caller, seen = shared_company.browser(role), 0
    token = {"X-CSRF-Token": caller.token()}
    for hit in hits:
        party = hit["party_id"]
        hidden = {text for text in contact_data(shared_company, party) if len(text) > 6}
        found = caller.post("/customers/search", data={"text": party}, headers=token)
        pages = [found, caller.get(f"/customers/{party}"), caller.get(f"/customers/{party}/past")]
        records = [r["record"] for r in shared_company.get(f"/customers/{party}")["records"]]
        if len(records) > 1:
            pair = {"pair": records[:2]}
            pages.append(caller.post(f"/customers/{party}/compare", data=pair, headers=token))
        assert {page.status_code for page in pages} == {200}
        told = html.unescape("".join(page.text for page in pages))
        assert not [text for text in hidden if text in told]
        seen += len(hidden)
    assert seen > 50


@pytest.mark.parametrize("role", SEEING)
def test_who_works_with_it_sees_it(shared_company: Company, role: Role) -> None:
    (hit,) = shared_company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    told = shared_company.program(role).get(f"/api/v1/customers/{hit['party_id']}").text
    assert all(
        text in orjson.dumps(orjson.loads(told)).decode()
        for text in contact_data(shared_company, hit["party_id"])
    )


def test_an_administrator_sees_a_case_without_contact_data(shared_company: Company) -> None:
    for case in shared_company.get("/cases?limit=100")["cases"]:
        path = f"/cases/{case['case_id']}"
        told = orjson.dumps(shared_company.get(path, Role.ADMIN)).decode()
        for field in shared_company.get(path)["fields"]:
            if field["name"] in ("email", "phone", "addresses", "birth_date"):
                for side in (field["left"], field["right"]):
                    assert side is None or side not in told


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"email": "a@b.example"}, {"email": MASK}),
        ({"subject": "from a@b.example: hello"}, {"subject": f"from {MASK}: hello"}),
        ({"key": "a@b.example", "type": "user"}, {"key": MASK, "type": "user"}),
        ({"field": "phone", "value": "+49"}, {"field": "phone", "value": MASK}),
        ({"name": "birth date", "left": "x"}, {"name": "birth date", "left": MASK}),
        (
            {"name": "identifiers[0].value", "left": "x"},
            {"name": "identifiers[0].value", "left": MASK},
        ),
        ({"field": "kind", "value": "person"}, {"field": "kind", "value": "person"}),
        (
            {"address": {"lines": ["x"], "country": "DE"}},
            {"address": {"lines": [MASK], "country": "DE"}},
        ),
        ({"payload": {"anything": [1, "x"]}}, {"payload": None}),
        (
            {"name": "contact.email", "left": "x", "same": True},
            {"name": "contact.email", "left": MASK, "same": True},
        ),
    ],
)
def test_what_is_hidden(content: object, shown: object) -> None:
    assert masked(content, VIEWER) == shown


def test_every_field_that_is_compared_is_shown_or_hidden_on_purpose() -> None:
    shown = {
        *("full_name", "given_name", "family_name", "organisation", "legal_form", "generation"),
        *("lookalike", "before", "relation", "trading_name"),
        *("middle_name", "employer", "country"),
    }
    compared = {item.name for fields in FIELDS.values() for item in fields}
    for name in compared - shown:
        assert masked({"name": name, "left": "x"}, VIEWER)["left"] == MASK, name
