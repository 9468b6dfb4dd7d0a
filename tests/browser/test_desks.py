"""Deliveries, quarantine, reports, health: what people do there, and the pages in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, expect

from hub.pipeline.delivery_desk import show_delivery
from hub.pipeline.writeback import pause
from hub.store.database import writing
from tests.browser.visitor import Visitor, visiting
from tests.web.company import Company
from tests.web.served import served

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


def _conflict(company: Company) -> str:
    """A delivery of which somebody changed the target, as publishing would find it."""
    delivery = company.get("/deliveries?state=acknowledged&limit=1")["deliveries"][0]
    with writing(company.work.engine) as db:
        db.execute(
            sa.text(
                "UPDATE delivery SET state = 'conflict', found = '+49 40 123456', "
                "message = 'the target''s value changed after it was read' WHERE id = :id"
            ),
            {"id": delivery["delivery_id"].replace("-", "")},
        )
    return str(delivery["delivery_id"])


@pytest.mark.parametrize(
    ("button", "state"), [("Keep theirs", "abandoned"), ("Write ours", "planned")]
)
def test_a_conflict_is_decided(steward: Visitor, button: str, state: str) -> None:
    delivery = _conflict(steward.company)
    steward.open("/deliveries")
    steward.shoot("conflict")
    assert steward.flaws() == []
    steward.page.click(f"button:has-text('{button}')")
    steward.page.wait_for_load_state("networkidle")
    assert show_delivery(steward.company.work.engine, delivery)["state"] == state


def test_a_state_and_a_system_are_chosen(steward: Visitor) -> None:
    steward.open("/deliveries")
    steward.page.select_option("select[name=state]", "acknowledged")
    steward.page.wait_for_url("**state=acknowledged*")
    expect(steward.page.locator("h2").first).to_contain_text("acknowledged")


def test_quarantine_is_mapped_again(steward: Visitor) -> None:
    steward.open("/quarantine")
    steward.press("r")
    expect(steward.page.locator(".done")).to_contain_text("tried again")
    steward.shoot("quarantine-after")


def test_a_paused_system_is_set_going(steward: Visitor) -> None:
    pause(steward.company.work, "erp", actor="eva", reason="month end")
    steward.open("/")
    steward.shoot("health-paused")
    steward.page.click("button:has-text('Let writing go on')")
    expect(steward.page.locator("button:has-text('Let writing go on')")).to_have_count(0)


def test_a_broken_system_stands_first_with_its_remedy(steward: Visitor) -> None:
    with writing(steward.company.work.engine) as db:
        db.execute(
            sa.text(
                "UPDATE run SET state = 'failed', error = 'sfa: the login was refused (401)' "
                "WHERE step = 'extract' AND stream_id IN (SELECT s.id FROM stream s JOIN "
                "connection k ON k.id = s.connection_id WHERE k.name = 'sfa')"
            )
        )
    steward.open("/")
    first = steward.page.locator(".connections tbody").first
    expect(first).to_contain_text("sfa")
    expect(first).to_contain_text("hub connection check sfa")
    steward.shoot("health-broken")
    assert steward.flaws() == []
    first.locator("[data-copy]").click()
    expect(steward.page.locator("#notice")).to_contain_text("hub connection check sfa")


def test_a_break_is_explained(browser: Browser, company: Company) -> None:
    with visiting(browser, company, role="controller") as controller:
        controller.open("/reports")
        controller.page.locator("table a[href*='breaks?report']").first.click()
        controller.page.locator("[data-row]").first.click()
        controller.page.fill("#reason", "booked a day later")
        controller.page.click("button:has-text('Explain')")
        expect(controller.page.locator(".moments")).to_contain_text("booked a day later")
        controller.shoot("break-explained")
        assert controller.flaws() == []
        assert controller.complaints == []


def test_a_report_is_downloaded_and_opened(steward: Visitor) -> None:
    steward.open("/reports")
    with steward.page.expect_download() as download:
        steward.page.click("a:has-text('Workbook')")
    assert download.value.suggested_filename == "reconciliation.xlsx"
    steward.page.click("a:has-text('Whole report')")
    expect(steward.page.locator("h1").first).to_be_visible()


@contextmanager
def _framed(company: Company) -> Iterator[str]:
    """The pages under a path of another application, which shows them as Airflow does."""
    outer = FastAPI()

    @outer.get("/", response_class=HTMLResponse)
    def around() -> str:
        allowed = "allow-scripts allow-same-origin allow-forms allow-downloads"
        frame = f'<iframe src="hub/review" sandbox="{allowed}" width="1300" height="800"></iframe>'
        return f'<link rel="icon" href="data:,">{frame}'

    outer.mount("/hub", company.app)
    with served(outer) as address:
        yield address


def test_a_case_is_decided_in_a_frame(browser: Browser, company: Company) -> None:
    with (
        _framed(company) as address,
        visiting(browser, company, root=f"{address}/hub") as steward,
    ):
        steward.page.goto(f"{address}/")
        frame = steward.page.frame_locator("iframe")
        first = frame.locator(".queue li[aria-current] input[name=case]")
        case = str(first.get_attribute("value"))
        frame.locator("#decide button.no").click()
        expect(frame.locator(".done")).to_contain_text("Rejected")
        expect(first).not_to_have_attribute("value", case)
        assert [
            said for said in steward.complaints if "can escape its sandboxing" not in said
        ] == []
