"""What people do on the pages: each decision is the same as on the command line."""

from __future__ import annotations

import re

import pytest

from hub.pipeline.customer import customer_view
from hub.pipeline.queue import Waiting, read_queue
from hub.store.audit import AuditRow, list_entries
from hub.store.database import reading
from hub.store.review import get_case
from tests.web.company import Company
from tests.web.pages import person
from tests.web.served import Caller

HTMX = {"HX-Request": "true"}


def _first(company: Company) -> Waiting:
    return read_queue(company.work.engine, limit=1)[0]


def _state(company: Company, case: str) -> str:
    with reading(company.work.engine) as db:
        row = get_case(db, case)
    assert row is not None
    return str(row["state"])


def _audited(company: Company, action: str) -> AuditRow:
    with reading(company.work.engine) as db:
        return list_entries(db, action=action, limit=1)[0]


def _act(caller: Caller, case: str, verb: str, **form: str) -> str:
    answer = caller.post(f"/review/{case}/{verb}", data=form, headers=HTMX)
    assert answer.status_code == 200
    return answer.text


def test_accepting_shows_the_next_case_and_can_be_taken_back(company: Company) -> None:
    steward, case = person(company, "steward"), _first(company)
    second = read_queue(company.work.engine, limit=2)[1]
    page = _act(steward, case.case, "accept", reason="same person")
    assert _state(company, case.case) == "accepted"
    assert f"/review/{second.case}/accept" in page
    assert f"/review/{case.case}/undo" in page
    entry = _audited(company, "accept")
    assert (entry.actor, entry.reason) == ("Steward (steward)", "same person")
    _act(steward, case.case, "undo")
    assert _state(company, case.case) == "open"


def test_rejecting_keeps_apart(company: Company) -> None:
    case = _first(company)
    _act(person(company, "steward"), case.case, "reject")
    assert _state(company, case.case) == "rejected"


def test_never_linking_keeps_both_customers_apart(company: Company) -> None:
    case = _first(company)
    _act(person(company, "steward"), case.case, "never")
    assert _state(company, case.case) != "open"
    assert _audited(company, "never_link").actor == "Steward (steward)"


def test_a_case_is_taken_and_found_among_ones_own(company: Company) -> None:
    steward, case = person(company, "steward"), _first(company)
    _act(steward, case.case, "assign")
    mine = steward.get("/review?whose=mine").text
    assert mine.count('name="case"') == 1
    assert case.case in mine


def test_deciding_works_without_a_script(company: Company) -> None:
    answer = person(company, "steward").post(f"/review/{_first(company).case}/accept")
    assert answer.status_code == 303


def test_many_cases_are_looked_at_and_then_decided(company: Company) -> None:
    steward = person(company, "steward")
    cases = [item.case for item in read_queue(company.work.engine, limit=3)]
    form = {"verb": "reject", "case": cases}
    page = steward.post("/review-bulk/preview", data=form).text
    assert "Reject 3 cases" in page
    assert {_state(company, case) for case in cases} == {"open"}
    page = steward.post("/review-bulk", data={**form, "reason": "looked at"}).text
    assert "3 decided" in page
    assert {_state(company, case) for case in cases} == {"rejected"}


def test_a_viewer_decides_nothing(company: Company) -> None:
    viewer, case = person(company, "viewer"), _first(company)
    assert viewer.post(f"/review/{case.case}/accept").status_code == 403
    assert _state(company, case.case) == "open"


def test_two_customers_are_merged_and_taken_apart(company: Company) -> None:
    steward, case = person(company, "steward"), _first(company)
    one, other = case.left.party_id or "", case.right.party_id or ""
    look = steward.post(f"/customers/{one}/merge/preview", data={"other": other})
    assert "Merge two customers" in look.text
    form = {"other": other, "reason": "one company"}
    answer = steward.post(f"/customers/{one}/merge", data=form)
    assert answer.status_code == 303
    survivor = answer.headers["location"].rpartition("/")[2]
    assert survivor in {one, other}
    records = customer_view(company.work.engine, survivor).sources
    form = {"record": str(records[0].canonical_id), "reason": "it is not"}
    assert steward.post(f"/customers/{survivor}/unmerge", data=form).status_code == 303
    assert len(customer_view(company.work.engine, survivor).sources) == len(records) - 1


def test_quarantine_is_mapped_again(company: Company) -> None:
    steward = person(company, "steward")
    page = steward.get("/quarantine").text
    entries = re.findall(r'name="entry" value="(\d+)"', page)
    if not entries:
        pytest.skip("this company has no record in quarantine")
    page = steward.post("/quarantine/replay", data={"entry": entries}).text
    assert f"{len(entries)} tried again" in page
    assert _audited(company, "replay_quarantine").actor == "Steward (steward)"


def test_a_break_is_explained_by_a_controller_alone(company: Company) -> None:
    controller = person(company, "controller")
    page = controller.get("/reports/breaks").text
    key = re.findall(r"/reports/breaks/([0-9a-f]+)", page)[0]
    form = {"kind": "explain", "reason": "booked a day later"}
    assert person(company, "steward").post(f"/reports/breaks/{key}", data=form).status_code == 403
    assert controller.post(f"/reports/breaks/{key}", data=form).status_code == 303
    assert "booked a day later" in controller.get(f"/reports/breaks/{key}").text


def test_a_paused_system_is_written_to_again(company: Company) -> None:
    from hub.pipeline.writeback import pause

    pause(company.work, "erp", actor="eva", reason="month end")
    steward = person(company, "steward")
    assert "Let writing go on" in steward.get("/").text
    assert steward.post("/health/resume", data={"connection": "erp"}).status_code == 303
    assert "Let writing go on" not in steward.get("/").text


def test_a_change_without_the_sessions_token_is_refused(company: Company) -> None:
    steward, case = person(company, "steward"), _first(company)
    del steward.session.headers["X-CSRF-Token"]
    assert steward.post(f"/review/{case.case}/accept").status_code == 403
    assert _state(company, case.case) == "open"
