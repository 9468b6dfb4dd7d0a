"""The API: pages of lists, tags, decisions with the name of who made them, problems."""

from __future__ import annotations

from typing import Any

import pytest

from hub.roles import Role
from hub.store.breaks import Note
from hub.store.tables import delivery
from hub.web.served_routes import served_routes
from tests.web.company import API, Company

BY = "Program steward (program-steward)"
LISTS = [
    ("/cases", "cases", "case_id", Role.STEWARD),
    ("/deliveries?state=acknowledged&state=planned", "deliveries", "delivery_id", Role.STEWARD),
    ("/quarantine", "entries", "id", Role.STEWARD),
    ("/breaks", "breaks", "id", Role.CONTROLLER),
    ("/audit", "entries", "id", Role.STEWARD),
]


def read_all(company: Company, path: str, name: str, role: Role, limit: int) -> list[Any]:
    sign, rows, after = "&" if "?" in path else "?", [], ""
    while True:
        page = company.get(f"{path}{sign}limit={limit}{after}", role)
        assert len(page[name]) <= limit
        rows += page[name]
        if page["next"] is None:
            return rows
        after = f"&after={page['next']}"


@pytest.mark.parametrize(("path", "name", "key", "role"), LISTS)
def test_pages_hold_the_whole_list_in_its_order(
    shared_company: Company, path: str, name: str, key: str, role: Role
) -> None:
    whole = read_all(shared_company, path, name, role, 500)
    assert len(whole) > 1
    for limit in (1, 2, 7):
        assert read_all(shared_company, path, name, role, limit) == whole
    assert len({row[key] for row in whole}) == len(whole)


def test_names_are_paged_too(shared_company: Company) -> None:
    def hits(limit: int) -> list[Any]:
        rows, after = [], None
        while True:
            wanted = {"text": "E", "limit": limit, "after": after}
            page = shared_company.post("/customers/by-name", wanted, Role.VIEWER)
            rows += page["customers"]
            after = page["next"]
            if after is None:
                return rows

    whole = hits(100)
    assert len(whole) > 10
    assert hits(3) == whole
    assert all("e" in row["name"].lower() for row in whole)


def test_a_search_finds_customers_as_one_types(shared_company: Company) -> None:
    (hit,) = shared_company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    view = shared_company.get(f"/customers/{hit['party_id']}")
    named = str(hit["name"]).split()[0][:5]
    source = view["records"][0]["source"]
    reference = f"{source['connection']}:{source['type']}:{source['key']}"
    for text in (named, hit["party_id"], reference):
        wanted = {"text": text, "limit": 100}
        found = shared_company.post("/customers/search", wanted, Role.VIEWER)["customers"]
        assert hit["party_id"] in {row["party_id"] for row in found}


def test_what_is_settled_while_paging_loses_no_other(company: Company) -> None:
    before = [row["case_id"] for row in read_all(company, "/cases", "cases", Role.STEWARD, 500)]
    first = company.get("/cases?limit=2")
    company.post(f"/cases/{before[0]}/reject", {"reason": "another branch"})
    seen = before[:2]
    after = first["next"]
    while after:
        page = company.get(f"/cases?limit=2&after={after}")
        seen += [row["case_id"] for row in page["cases"]]
        after = page["next"]
    left = {row["case_id"] for row in read_all(company, "/cases", "cases", Role.STEWARD, 500)}
    assert left & set(before) <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("after", ["x", "WyJjYXNlcyIsWzFdXQ", "é"])
def test_a_position_that_nobody_gave_is_refused(shared_company: Company, after: str) -> None:
    caller = shared_company.program(Role.STEWARD)
    found = caller.get(f"{API}/cases", params={"after": after})
    assert (found.status_code, "position" in found.json()["detail"]) == (422, True)


def test_a_position_of_another_list_is_refused(shared_company: Company) -> None:
    given = shared_company.get("/cases?limit=1")["next"]
    found = shared_company.program(Role.STEWARD).get(f"{API}/audit", params={"after": given})
    assert found.status_code == 422


def test_who_has_an_answer_is_not_sent_it_again(company: Company) -> None:
    caller = company.program(Role.STEWARD)
    (case,) = company.get("/cases?limit=1")["cases"]
    path = f"{API}/cases/{case['case_id']}"
    tag = caller.get(path).headers["etag"]
    again = caller.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    caller.post(f"{path}/assign", json={"assignee": "steward"})
    changed = caller.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["assignee"]) == (200, "steward")


def test_tags_differ_with_what_a_role_sees(shared_company: Company) -> None:
    (hit,) = shared_company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    path = f"{API}/customers/{hit['party_id']}"
    tags = {role: shared_company.program(role).get(path).headers["etag"] for role in Role}
    assert tags[Role.STEWARD] == tags[Role.CONTROLLER] != tags[Role.VIEWER] == tags[Role.ADMIN]


def test_nothing_is_decided_on_an_old_look(company: Company) -> None:
    caller = company.program(Role.STEWARD)
    (case,) = company.get("/cases?limit=1")["cases"]
    path = f"{API}/cases/{case['case_id']}"
    old = {"If-Match": caller.get(path).headers["etag"]}
    caller.post(f"{path}/assign", json={"assignee": "somebody"})
    refused = caller.post(f"{path}/accept", json={}, headers=old)
    assert (refused.status_code, caller.get(path).json()["state"]) == (412, "open")
    new = {"If-Match": caller.get(path).headers["etag"]}
    assert caller.post(f"{path}/accept", json={}, headers=new).status_code == 200


@pytest.mark.parametrize(("verb", "state"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_case_is_decided_once_and_by_name(company: Company, verb: str, state: str) -> None:
    (case,) = company.get("/cases?limit=1")["cases"]
    path = f"/cases/{case['case_id']}"
    counts = company.post(f"{path}/{verb}", {"reason": "I asked them"})["counts"]
    assert (counts["merged"] > 0) == (verb == "accept")
    view = company.get(path)
    assert (view["state"], view["settled_by"]) == (state, BY)
    entries = company.get(f"/audit?action={verb}")["entries"]
    assert [(entry["actor"], entry["reason"]) for entry in entries] == [(BY, "I asked them")]
    again = company.program(Role.STEWARD).post(f"{API}{path}/{verb}", json={})
    assert (again.status_code, "somebody has settled it" in again.json()["detail"]) == (409, True)


def test_customers_are_merged_and_taken_apart(company: Company) -> None:
    hits = company.post("/customers/by-name", {"text": "e", "limit": 2})["customers"]
    one, other = (hit["party_id"] for hit in hits)
    theirs = [row["record"] for row in company.get(f"/customers/{other}")["records"]]
    company.post(f"/customers/{one}/merge", {"other": other, "reason": "one shop"})
    joined = company.get(f"/customers/{other}")
    assert joined == company.get(f"/customers/{one}")
    assert set(theirs) <= {row["record"] for row in joined["records"]}
    old, new = joined["party_id"], {one, other} - {joined["party_id"]}
    company.post(f"/customers/{old}/unmerge", {"records": theirs, "reason": "two after all"})
    (revived,) = new
    assert company.get(f"/customers/{revived}")["party_id"] == revived
    told = [moment["what"] for moment in company.get(f"/customers/{revived}/history")["moments"]]
    assert "merged away" in told
    assert "revived" in told


def test_the_past_is_told_as_it_was(company: Company) -> None:
    (case,) = company.get("/cases?limit=1")["cases"]
    before = company.get("/audit?limit=1")["entries"][0]["at"]
    view = company.get(f"/cases/{case['case_id']}")
    company.post(f"/cases/{case['case_id']}/accept", {})
    for party in (view["left_party"], view["right_party"]):
        then = company.get(f"/customers/{party}/as-of?known={before.replace('+', '%2B')}")
        assert (then["party_id"], then["status"]) == (party, "active")
    now = [company.get(f"/customers/{view[side]}/as-of") for side in ("left_party", "right_party")]
    assert now[0] == now[1]
    early = company.program(Role.VIEWER).get(
        f"{API}/customers/{view['left_party']}/as-of?known=1990-01-01T00:00:00Z"
    )
    assert early.status_code == 404


def test_a_reference_leads_to_the_keys_elsewhere(shared_company: Company) -> None:
    hits = shared_company.post("/customers/by-name", {"text": "e", "limit": 100})["customers"]
    views = (shared_company.get(f"/customers/{hit['party_id']}") for hit in hits)
    view = next(
        v for v in views if {"sfa", "erp"} <= {r["source"]["connection"] for r in v["records"]}
    )
    mine = next(r["source"] for r in view["records"] if r["source"]["connection"] == "sfa")
    found = shared_company.post("/crosswalk", {"source": mine, "targets": ["erp"]}, Role.VIEWER)
    assert found["party_id"] == view["party_id"]
    theirs = [r["source"] for r in view["records"] if r["source"]["connection"] == "erp"]
    assert found["references"] == theirs
    everywhere = shared_company.post("/crosswalk", {"source": mine}, Role.VIEWER)["references"]
    assert mine not in everywhere
    assert len(everywhere) == len(view["records"]) - 1
    caller = shared_company.program(Role.VIEWER)
    unknown = {"source": {**mine, "key": "nobody's"}}
    assert caller.post(f"{API}/crosswalk", json=unknown).status_code == 404
    strange = {"source": mine, "targets": ["nowhere"]}
    assert caller.post(f"{API}/crosswalk", json=strange).status_code == 403


def test_a_break_is_explained_by_name(company: Company) -> None:
    (found,) = company.get("/breaks?limit=1&report=R1", Role.CONTROLLER)["breaks"]
    path = f"/breaks/{found['id']}"
    said = {"kind": "explain", "reason": "comes in December", "cause": "timing"}
    view = company.post(f"{path}/notes", said, Role.CONTROLLER)
    assert (view["state"], view["cause"]) == ("explained", "timing")
    (note,) = view["notes"]
    assert Note(**note).actor == "Program controller (program-controller)"
    assert view["sources"]
    assert view["sources"][0]["payload"]
    hidden = company.get(path, Role.ADMIN)
    assert {source["payload"] for source in hidden["sources"]} == {None}


def test_quarantine_is_replayed(company: Company) -> None:
    entries = company.get("/quarantine")["entries"]
    wanted = {"ids": [entries[0]["id"]], "reason": "mapping mended"}
    counts = company.post("/quarantine/replay", wanted)["counts"]
    assert (counts["queued"], counts["quarantined"]) == (1, 1)
    (entry,) = company.get("/audit?action=replay_quarantine")["entries"]
    assert (entry["actor"], entry["reason"]) == (BY, "mapping mended")
    nothing = company.program(Role.STEWARD).post(f"{API}/quarantine/replay", json={"ids": [2**52]})
    assert nothing.status_code == 404


def test_four_eyes_sign_a_period(company: Company) -> None:
    company.post("/sign-offs", {"period": "2026-01", "reason": "complete"}, Role.CONTROLLER)
    path = f"{API}/sign-offs/2026-01/approve"
    own = company.program(Role.CONTROLLER).post(path, json={})
    assert (own.status_code, "another person" in own.json()["detail"]) == (409, True)
    other = company.browser(Role.CONTROLLER)
    signed = other.post(path, json={}, headers={"X-CSRF-Token": other.token()}).json()
    assert signed["state"] == "signed"
    assert signed["prepared_by"] == "Program controller (program-controller)"
    assert signed["approved_by"] == "Controller (controller)"
    (row,) = company.get("/sign-offs", Role.CONTROLLER)["sign_offs"]
    assert row["approved_by"] == "Controller (controller)"


def test_a_delivery_is_given_up_by_name(company: Company) -> None:
    (row,) = company.get("/deliveries?state=acknowledged&limit=1")["deliveries"]
    path = f"/deliveries/{row['delivery_id']}"
    refused = company.program(Role.STEWARD).post(f"{API}{path}/abandon", json={})
    assert refused.status_code == 409
    with company.work.engine.begin() as db:
        db.execute(delivery.update().values(state="conflict", found="+49 40 1"))
    (first, *_) = company.get("/deliveries?state=conflict&limit=1")["deliveries"]
    path = f"/deliveries/{first['delivery_id']}"
    assert company.get(path)["found"] == "+49 40 1"
    assert company.post(f"{path}/abandon", {"reason": "theirs is right"})["state"] == "abandoned"
    (entry,) = company.get("/audit?action=abandon_delivery")["entries"]
    assert (entry["actor"], entry["reason"]) == (BY, "theirs is right")


def test_a_problem_says_what_where_and_what_to_do(shared_company: Company) -> None:
    caller = shared_company.program(Role.STEWARD)
    found = caller.post(f"{API}/never-links", json={"ones": [0], "secret": "anna@example.com"})
    assert found.headers["content-type"] == "application/problem+json"
    problem = found.json()
    assert (problem["status"], problem["title"]) == (422, found.reason or problem["title"])
    assert {flaw["where"] for flaw in problem["flaws"]} >= {"body.ones.0", "body.others"}
    assert "anna" not in found.text


def test_the_document_describes_every_route(shared_company: Company) -> None:
    found = shared_company.get("/openapi.json", Role.VIEWER)
    routes = list(served_routes(shared_company.app))
    served = {
        (route.path_format, method.lower())
        for route in routes
        if route.path.startswith(API) and route.include_in_schema
        for method in route.methods
    }
    described = {(path, method) for path, methods in found["paths"].items() for method in methods}
    assert described == served
    assert found["components"]["schemas"]["Problem"]["properties"]["flaws"]


def test_a_method_that_is_not_served_is_told_from_those_that_are(shared_company: Company) -> None:
    caller = shared_company.program(Role.CONTROLLER)
    for path, allowed in (("/sign-offs", "GET, POST"), ("/customers/search", "POST")):
        found = caller.ask("DELETE", f"{API}{path}")
        assert (found.status_code, found.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("period", ["0000-01", "9999-12", "2026-13", "2026-1", "２０２６-01"])
def test_what_is_no_month_is_refused(shared_company: Company, period: str) -> None:
    caller = shared_company.program(Role.CONTROLLER)
    found = caller.post(f"{API}/sign-offs", json={"period": period})
    assert found.status_code == 422


def test_a_month_that_is_not_over_is_not_signed(shared_company: Company) -> None:
    caller = shared_company.program(Role.CONTROLLER)
    found = caller.post(f"{API}/sign-offs", json={"period": "2099-01"})
    assert (found.status_code, "not over yet" in found.json()["detail"]) == (409, True)


@pytest.mark.parametrize("time", ["0", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z"])
def test_a_time_is_written_with_its_zone(shared_company: Company, time: str) -> None:
    (hit,) = shared_company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    for path in ("history", "as-of"):
        address = f"{API}/customers/{hit['party_id']}/{path}"
        found = shared_company.program(Role.VIEWER).get(address, params={"known": time})
        assert (found.status_code, found.json()["flaws"][0]["where"]) == (422, "query.known")


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_a_decision_is_taken_back_by_name(company: Company, verb: str) -> None:
    (case,) = company.get("/cases?limit=1")["cases"]
    path = f"/cases/{case['case_id']}"
    before = company.get(path)
    refused = company.program(Role.STEWARD).post(f"{API}{path}/undo", json={})
    assert refused.status_code == 409
    company.post(f"{path}/{verb}", {})
    company.post(f"{path}/undo", {"reason": "too quick"})
    after = company.get(path)
    assert (after["state"], after["left_party"], after["right_party"]) == (
        "open",
        before["left_party"],
        before["right_party"],
    )
    (entry,) = company.get("/audit?action=undo")["entries"]
    assert (entry["actor"], entry["reason"]) == (BY, "too quick")


def test_many_cases_are_looked_at_and_decided(company: Company) -> None:
    queue = company.get("/queue?limit=3")["cases"]
    priorities = [case["priority"] for case in queue]
    assert priorities == sorted(priorities, reverse=True)
    wanted = {"verb": "reject", "cases": [case["case_id"] for case in queue]}
    looked = company.post("/queue/preview", wanted)
    assert (len(looked["cases"]), looked["merged"]) == (len(queue), 0)
    done = company.post("/queue/decide", {**wanted, "reason": "all different"})["counts"]
    assert done["decided"] + done["gone"] == len(queue)
    assert done["decided"] >= 1
    assert company.get("/queue/figures")["decided"][BY]["rejected"] == done["decided"]


def test_writing_is_paused_by_name(company: Company) -> None:
    company.post("/connections/erp/pause", {"reason": "year's end"})
    (row,) = [c for c in company.get("/connections")["connections"] if c["connection"] == "erp"]
    assert row["state"] == "paused"
    company.post("/connections/erp/resume", {})
    (entry,) = company.get("/audit?action=pause")["entries"]
    assert (entry["actor"], entry["reason"]) == (BY, "year's end")


def test_dealings_stand_in_one_line_of_time(shared_company: Company) -> None:
    hits = shared_company.post("/customers/by-name", {"limit": 200})["customers"]
    lines = [shared_company.get(f"/customers/{hit['party_id']}/timeline") for hit in hits]
    longest = max(lines, key=lambda line: len(line["events"]))["events"]
    assert len(longest) > 2
    assert [event["at"] for event in longest] == sorted(
        (event["at"] for event in longest), reverse=True
    )
    assert {event["kind"] for line in lines for event in line["events"]} >= {"invoice", "ticket"}
    assert any(line["ageing"] for line in lines)


@pytest.mark.parametrize("limit", [True, "3", 1.5, 0, 501])
def test_a_number_in_a_body_is_a_number(shared_company: Company, limit: object) -> None:
    caller = shared_company.program(Role.VIEWER)
    found = caller.post(f"{API}/customers/by-name", json={"limit": limit})
    assert (found.status_code, found.json()["flaws"][0]["where"]) == (422, "body.limit")
