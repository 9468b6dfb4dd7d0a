"""A customer is found while one types, and everything about it is on one page."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from hub.store.database import reading
from hub.store.standing import as_uuid
from tests.browser.visitor import Visitor, visiting
from tests.web.company import Company

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


def _large(company: Company) -> str:
    """The customer of most records."""
    most = sa.text(
        "SELECT party_id FROM link WHERE recorded_to IS NULL "
        "GROUP BY party_id ORDER BY COUNT(*) DESC, party_id LIMIT 1"
    )
    with reading(company.work.engine) as db:
        return as_uuid(db.scalar(most))


def test_one_is_found_while_typing_and_opened_by_keyboard(steward: Visitor) -> None:
    name = steward.queue(1)[0].left.name
    steward.open("/customers")
    steward.page.keyboard.type(name[:8])
    row = steward.page.locator("#found tbody tr", has_text=name).first
    expect(row).to_be_visible()
    expect(steward.page.locator("#found .foot")).not_to_contain_text("Changed last")
    steward.page.wait_for_load_state("networkidle")
    steward.shoot("found")
    assert "?" not in steward.page.url
    steward.press("ArrowDown", "Enter")
    expect(steward.page.locator("h1")).to_be_visible()
    steward.page.wait_for_url("**/customers/*-*")


def test_nobody_found_says_what_to_do(steward: Visitor) -> None:
    steward.open("/customers")
    steward.page.keyboard.type("qqqq zzzz")
    expect(steward.page.locator(".empty")).to_contain_text("fewer letters")
    steward.shoot("found-nobody")
    assert steward.flaws() == []


def test_the_origin_of_a_value_is_told_on_hover_and_focus(steward: Visitor) -> None:
    steward.open(f"/customers/{_large(steward.company)}")
    value = steward.page.locator(".value[aria-describedby]").first
    tip = value.locator(".origin")
    expect(tip).to_be_hidden()
    value.hover()
    expect(tip).to_be_visible()
    steward.page.mouse.move(1, 1)
    expect(tip).to_be_hidden()
    value.focus()
    expect(tip).to_contain_text("by ")
    steward.shoot("origin")
    assert steward.flaws() == []


def test_why_two_records_are_one_is_drawn(steward: Visitor) -> None:
    steward.open(f"/customers/{_large(steward.company)}")
    steward.press("w")
    expect(steward.page.locator("#why .answer")).to_be_visible()
    expect(steward.page.locator("#why svg.waterfall")).to_be_visible()
    steward.shoot("why")
    assert steward.flaws() == []


def test_the_past_is_gone_through_with_a_slider(steward: Visitor) -> None:
    steward.open(f"/customers/{_large(steward.company)}")
    steward.press("5")
    slider = steward.page.locator("#turn")
    expect(slider).to_be_visible()
    slider.focus()
    steward.press("Home")
    expect(steward.page.locator(".slider output")).to_contain_text("1 of")
    steward.shoot("slider")
    assert steward.flaws() == []


def test_a_kind_of_event_is_left_out(steward: Visitor) -> None:
    steward.open(f"/customers/{_large(steward.company)}")
    box = steward.page.locator("[data-shows]").first
    kind = box.get_attribute("data-shows")
    events = steward.page.locator(f".timeline li[data-kind={kind}]")
    expect(events.first).to_be_visible()
    box.uncheck()
    expect(events.first).to_be_hidden()


def test_two_are_merged_and_a_record_is_taken_out(steward: Visitor) -> None:
    case = steward.queue(1)[0]
    steward.open(f"/customers/{case.left.party_id}")
    steward.press("m")
    steward.page.keyboard.type(str(case.right.party_id))
    steward.press("Enter")
    expect(steward.page.locator("h1")).to_have_text("Merge two customers")
    steward.shoot("merge")
    assert steward.flaws() == []
    steward.page.fill("#reason", "one company")
    steward.press("Enter")
    expect(steward.page.locator("#golden")).to_be_visible()
    boxes = steward.page.locator("input[name=record]")
    before = boxes.count()
    boxes.first.check()
    steward.page.fill("#why-out", "it is not")
    steward.press("Enter")
    steward.page.wait_for_load_state("networkidle")
    assert steward.page.locator("input[name=record]").count() in {0, before - 1}


def test_searching_works_without_scripts(browser: Browser, company: Company) -> None:
    with visiting(browser, company, java_script_enabled=False) as steward:
        steward.open("/customers")
        steward.page.fill("#text", "gmbh")
        steward.page.click("main button")
        assert steward.page.locator("#found tbody tr").count() > 3


def test_a_viewer_sees_no_address(browser: Browser, company: Company) -> None:
    with visiting(browser, company, role="viewer") as viewer:
        viewer.open(f"/customers/{_large(company)}")
        viewer.shoot("customer-viewer")
        assert "@" not in viewer.page.inner_text("main")
        assert "•••" in viewer.page.inner_text("#golden")
