"""Every route, found in the application itself, for every caller who must not get through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import requests

from hub.roles import INCLUDED, Role
from hub.web.access import OpenRule, Rule, rules_of
from hub.web.served_routes import served_routes
from tests.web.company import API, Company
from tests.web.served import Caller

PUBLIC = {
    ("POST", "/push/{connection}"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("GET", "/static/{version}/{file:path}"),
}
"""What is served to whoever asks; each says in the code why."""
QUESTIONS = {
    "/customers/search",
    "/customers/by-name",
    "/customers/{party_id}/compare",
    "/crosswalk",
}
"""What is asked by POST because it is personal, and changes nothing."""
NOWHERE = "00000000-0000-7000-8000-000000000000"
BODIES: dict[str, Any] = {
    "accept": {},
    "reject": {},
    "assign": {"assignee": "steward"},
    "undo": {},
    "pause": {},
    "resume": {},
    "merge": {"other": NOWHERE, "reason": "same"},
    "unmerge": {"records": [1], "reason": "other"},
    "move": {"record": 1, "reason": "other"},
    "retry": {},
    "abandon": {},
    "notes": {"kind": "comment", "reason": "seen"},
    "approve": {},
}
"""A good body for each change of something that has an id."""


class Way(NamedTuple):
    """A route with one of its methods, and the roles it is for."""

    method: str
    path: str
    roles: frozenset[Role]

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def ways(company: Company) -> list[Way]:
    return list(_ways(company))


def _ways(company: Company) -> Iterator[Way]:
    for route in served_routes(company.app):
        for rule in rules_of(route):
            for method in sorted(route.methods - {"HEAD"}):
                yield Way(method, route.path, rule.roles if isinstance(rule, Rule) else frozenset())


def guarded(company: Company) -> list[Way]:
    found = [way for way in ways(company) if way.roles]
    assert len(found) > 30
    return found


@pytest.fixture(scope="module")
def ids(shared_company: Company) -> dict[str, str]:
    """Something that is there, for each kind of id."""
    get = shared_company.get
    (customer,) = shared_company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    (case,) = get("/cases?limit=1")["cases"]
    (delivery,) = get("/deliveries?state=acknowledged&limit=1")["deliveries"]
    (found,) = get("/breaks?limit=1", Role.CONTROLLER)["breaks"]
    file = get("/reports", Role.CONTROLLER)["files"][0]
    return {
        "party_id": customer["party_id"],
        "case_id": case["case_id"],
        "delivery_id": delivery["delivery_id"],
        "break_id": found["id"],
        "name": file["name"],
        "connection": "erp",
        "field": "display_name",
        "period": "2026-01",
    }


def ask(caller: Caller, way: Way, ids: dict[str, str], **more: Any) -> requests.Response:
    path = re.sub(r"{(\w+)[^}]*}", lambda found: ids.get(found[1], "x"), way.path)
    content: dict[str, Any] = (
        {"json": {}} if way.changes and "data" not in more and "json" not in more else {}
    )
    return caller.ask(way.method, path, **content, **more)


def test_what_is_public_is_known(shared_company: Company) -> None:
    found = {(way.method, way.path) for way in ways(shared_company) if not way.roles}
    assert found <= PUBLIC
    for route in served_routes(shared_company.app):
        (rule,) = rules_of(route)
        assert not isinstance(rule, OpenRule) or len(rule.reason) > 10


def test_nobody_gets_anything_without_signing_in(
    shared_company: Company, ids: dict[str, str]
) -> None:
    got_through = []
    for way in guarded(shared_company):
        found = ask(Caller(shared_company.address), way, ids)
        refused = (401,) if way.path.startswith(API) else (303, 401)
        led = found.headers.get("location", "/sign-in")
        if found.status_code not in refused or not led.startswith("/sign-in"):
            got_through.append((way, found.status_code))
    assert got_through == []


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_what_is_for_it_and_nothing_else(
    shared_company: Company, ids: dict[str, str], role: Role
) -> None:
    wrong = []
    caller = shared_company.program(role)
    for way in guarded(shared_company):
        allowed = bool(INCLUDED[role] & way.roles)
        if allowed and way.path.endswith(("/run", "/check", "/replay", "/files/{name}")):
            continue
        found = ask(caller, way, ids)
        if (found.status_code in (401, 403)) == allowed or found.status_code >= 500:
            wrong.append((way, found.status_code))
    assert wrong == []


def test_no_role_is_idle_and_none_does_all_but_the_administrator(shared_company: Company) -> None:
    found = guarded(shared_company)
    may = {role: {way[:2] for way in found if INCLUDED[role] & way.roles} for role in Role}
    assert may[Role.VIEWER] < may[Role.STEWARD] < may[Role.ADMIN]
    assert may[Role.VIEWER] < may[Role.CONTROLLER] < may[Role.ADMIN]
    assert may[Role.ADMIN] == {way[:2] for way in found}
    changing = {way.path for way in found if way.changes and Role.VIEWER in way.roles}
    assert {path.removeprefix(API) for path in changing} == QUESTIONS


def test_no_change_without_the_token_of_the_session(
    shared_company: Company, ids: dict[str, str]
) -> None:
    mine, other = (shared_company.browser(Role.ADMIN) for _ in range(2))
    steward = shared_company.browser(Role.STEWARD)
    shown = ["", "0" * 64, other.token(), steward.token()]
    got_through = [
        (way, token)
        for way in guarded(shared_company)
        if way.changes
        for token in shown
        if ask(mine, way, ids, headers={"X-CSRF-Token": token} if token else {}).status_code != 403
    ]
    assert got_through == []


def test_no_change_that_another_site_sends(shared_company: Company, ids: dict[str, str]) -> None:
    caller = shared_company.browser(Role.ADMIN)
    good = {"X-CSRF-Token": caller.token()}
    strange = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    )
    got_through = [
        (way, more)
        for way in guarded(shared_company)
        if way.changes
        for more in strange
        if ask(caller, way, ids, headers=good | more).status_code != 403
    ]
    assert got_through == []


def test_with_its_token_a_session_changes_things(company: Company) -> None:
    caller = company.browser(Role.STEWARD)
    (case,) = company.get("/cases?limit=1")["cases"]
    path = f"{API}/cases/{case['case_id']}/assign"
    good = {"X-CSRF-Token": caller.token(), "Origin": company.address}
    assert caller.post(path, json={"assignee": "steward"}, headers=good).status_code == 200


def test_an_id_that_is_nobodys_finds_nothing(shared_company: Company, ids: dict[str, str]) -> None:
    nothing = dict.fromkeys(ids, NOWHERE) | {"field": "display_name", "period": "2001-01"}
    caller = shared_company.program(Role.ADMIN)
    controller = shared_company.program(Role.CONTROLLER)
    wrong = []
    for way in guarded(shared_company):
        if way.path.startswith(API) and "{" in way.path:
            who = controller if "/files/" in way.path else caller
            body = {"json": BODIES[way.path.rpartition("/")[2]]} if way.changes else {}
            found = ask(who, way, nothing, **body)
            if found.status_code != 404:
                wrong.append((way, found.status_code))
    assert wrong == []


def test_an_id_of_another_kind_finds_nothing(shared_company: Company, ids: dict[str, str]) -> None:
    swapped = {**ids, "party_id": ids["case_id"], "case_id": ids["party_id"]}
    swapped |= {"delivery_id": ids["party_id"], "break_id": ids["case_id"], "name": "hub.toml"}
    caller = shared_company.program(Role.ADMIN)
    for way in guarded(shared_company):
        if way.method == "GET" and "{" in way.path and "/files/" not in way.path:
            assert ask(caller, way, swapped).status_code == 404
    assert UUID(ids["party_id"])


@pytest.mark.parametrize("name", ["../hub.toml", "..%2Fhub.toml", "%2e%2e/people.json", "hub.db"])
def test_no_file_but_the_reports_is_given_out(shared_company: Company, name: str) -> None:
    found = shared_company.program(Role.CONTROLLER).get(f"{API}/reports/files/{name}")
    assert found.status_code == 404
