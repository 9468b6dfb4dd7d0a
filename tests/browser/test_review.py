"""A steward decides by keyboard: one key a case, and the next one is there."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from hub.store.database import reading
from hub.store.review import get_case
from tests.browser.visitor import Visitor, visiting
from tests.faults.tally import Tell
from tests.web.company import Company

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


def _state(visitor: Visitor, case: str) -> str:
    with reading(visitor.company.work.engine) as db:
        row = get_case(db, case)
    assert row is not None
    return str(row["state"])


def _at_hand(visitor: Visitor) -> str:
    box = visitor.page.locator(".queue li[aria-current] input[name=case]")
    return str(box.get_attribute("value"))


def _decide(visitor: Visitor, key: str) -> str:
    """Press a key, and wait until another case is at hand."""
    case = _at_hand(visitor)
    visitor.press(key)
    current = visitor.page.locator(".queue li[aria-current] input[name=case]")
    expect(current).not_to_have_attribute("value", case)
    return case


def test_thirty_cases_are_decided_with_one_key_each(steward: Visitor, tell: Tell) -> None:
    """How long a steward waited is told; the rest of five minutes is left for looking."""
    steward.open("/review")
    decided, waits = [], []
    for key in "arararaarr" * 3:
        begun = time.perf_counter()
        decided.append((_decide(steward, key), key))
        waits.append(time.perf_counter() - begun)
    steward.shoot("review-after")
    expected = {"a": "accepted", "r": "rejected"}
    for case, key in decided:
        assert _state(steward, case) in {expected[key], "obsolete"}
    mean, most = (round(1000 * wait) for wait in (sum(waits) / len(waits), max(waits)))
    tell(f"review: {len(decided)} cases, a key each; waited {mean} ms, {most} ms at most")


def test_a_decision_is_taken_back_by_keyboard(steward: Visitor) -> None:
    steward.open("/review")
    case = _decide(steward, "a")
    assert _state(steward, case) == "accepted"
    steward.press("u")
    expect(steward.page.locator(".done")).to_contain_text("Taken back")
    assert _state(steward, case) == "open"
    assert _at_hand(steward) == case


def test_a_reason_is_said_with_the_decision(steward: Visitor) -> None:
    steward.open("/review")
    case = _at_hand(steward)
    steward.press("c")
    steward.page.keyboard.type("same address")
    steward.press("Escape")
    _decide(steward, "r")
    audit = steward.company.get("/audit?limit=50")["entries"]
    assert [item["reason"] for item in audit if item["action"] == "reject"] == ["same address"]
    assert _state(steward, case) == "rejected"


def test_cases_are_passed_over_and_taken(steward: Visitor) -> None:
    steward.open("/review")
    first = _decide(steward, "j")
    assert _state(steward, first) == "open"
    assert _decide(steward, "k") != first
    assert _at_hand(steward) == first
    steward.press("m")
    expect(steward.page.locator(".done")).to_contain_text("Yours now")


def test_customers_are_never_linked(steward: Visitor) -> None:
    steward.open("/review")
    case = _decide(steward, "n")
    assert _state(steward, case) != "open"


def test_cases_are_chosen_looked_at_and_rejected(steward: Visitor) -> None:
    steward.open("/review")
    cases = [item.case for item in steward.queue(2)]
    steward.press("x")
    _decide(steward, "j")
    steward.page.locator(f"input[name=case][value='{cases[0]}']").check()
    steward.press("x", "Shift+R")
    steward.page.wait_for_url("**/review-bulk/preview")
    steward.shoot("bulk")
    assert steward.flaws() == []
    steward.page.fill("#reason", "looked at both")
    steward.press("Enter")
    expect(steward.page.locator(".done")).to_contain_text("decided")
    assert {_state(steward, case) for case in cases} <= {"rejected", "obsolete"}


def test_the_keys_are_told(steward: Visitor) -> None:
    steward.open("/review")
    steward.press("?")
    told = steward.page.locator("#keys")
    for words in ("Accept", "Reject", "Never link", "Next case", "Take the case", "To Customers"):
        expect(told).to_contain_text(words)
    steward.shoot("keys")
    assert steward.flaws() == []
    steward.press("Escape", "g", "c")
    steward.page.wait_for_url("**/customers")


def test_a_case_that_another_settled_is_told_of(steward: Visitor) -> None:
    steward.open("/review")
    case = _at_hand(steward)
    steward.company.post(f"/cases/{case}/reject", {"reason": "first"})
    steward.press("a")
    expect(steward.page.locator("#notice")).to_contain_text("somebody has settled it")
    steward.shoot("settled-meanwhile")
    steward.complaints.clear()


def test_deciding_works_without_scripts(browser: Browser, company: Company) -> None:
    with visiting(browser, company, java_script_enabled=False) as steward:
        steward.open("/review")
        case = steward.queue(1)[0].case
        steward.page.click("button:has-text('Different')")
        steward.page.wait_for_load_state()
        assert _state(steward, case) == "rejected"
