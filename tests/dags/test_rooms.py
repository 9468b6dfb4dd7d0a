"""The hub's pages in a browser inside Airflow's own UI: each page, and what people do on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hub.pipeline.delivery_desk import show_delivery
from hub.pipeline.queue import read_queue
from hub.pipeline.workplace import Workplace, open_workplace
from hub.pipeline.writeback import pause
from hub.store.database import reading, writing
from hub.store.review import get_case
from tests.browser.addresses import PAGES
from tests.dags.server import Server

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dags.room import Room


@pytest.fixture(scope="module")
def work(server: Server, folder: Path) -> Iterator[Workplace]:
    """The site behind that Airflow, once it has written back and reconciled."""
    assert set(server.await_runs("hub_publish")) == {"success"}
    run_id = server.trigger("hub_reconcile")
    assert server.finish("hub_reconcile", run_id) == "success"
    found = open_workplace(folder / "hub.toml")
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def steward(browser: Browser, server: Server, work: Workplace) -> Iterator[Room]:
    from tests.dags.room import in_room

    with in_room(browser, server, "steward") as room:
        yield room


def test_the_login_of_airflow_leads_to_the_pages(steward: Room) -> None:
    steward.airflow("")
    steward.page.get_by_role("link", name="Hub", exact=True).click()
    steward.frame().get_by_role("heading", name="Health").wait_for()
    steward.press("g", "c")
    steward.page.wait_for_url("**/plugin/hub/hub/customers")
    assert steward.frame().locator(".who").inner_text().endswith("steward")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(steward: Room, work: Workplace, name: str) -> None:
    customer = read_queue(work.engine, limit=1)[0].left.party_id
    frame = steward.hub(PAGES[name].format(customer=customer))
    assert frame.locator("h1").count() == 1
    steward.shoot(name)
    assert steward.flaws() == []


def test_a_customer_is_found_and_opened_by_keyboard(steward: Room, work: Workplace) -> None:
    name = read_queue(work.engine, limit=1)[0].left.name
    frame = steward.hub("/customers")
    steward.page.keyboard.type(name[:9])
    frame.locator("#found .foot", has_text="Changed last").wait_for(state="detached")
    frame.locator("#found tbody tr", has_text=name).first.wait_for()
    steward.shoot("found")
    rows = frame.locator("#found tbody tr").all_inner_texts()
    place = next(place for place, row in enumerate(rows, 1) if name in row)
    steward.press(*["ArrowDown"] * place, "Enter")
    frame.locator("#golden").wait_for()
    assert name in frame.locator("h1").inner_text()


def _decide(room: Room, key: str) -> str:
    """Press a key at the case at hand, and wait until another one is there."""
    current = room.frame().locator(".queue li[aria-current] input[name=case]")
    case = str(current.get_attribute("value"))
    room.press(key)
    room.frame().wait_for_function(
        "was => document.querySelector('.queue li[aria-current] input')?.value !== was", arg=case
    )
    return case


def _state(work: Workplace, case: str) -> str:
    with reading(work.engine) as db:
        row = get_case(db, case)
    assert row is not None
    return str(row["state"])


def test_cases_are_decided_and_taken_back(steward: Room, work: Workplace) -> None:
    steward.hub("/review")
    for key, state in (("a", "accepted"), ("r", "rejected")):
        case = _decide(steward, key)
        assert _state(work, case) == state
        _decide(steward, "u")
        assert _state(work, case) == "open"
    case = _decide(steward, "n")
    assert _state(work, case) != "open"
    steward.shoot("decided")


def test_cases_are_rejected_together(steward: Room, work: Workplace) -> None:
    cases = [item.case for item in read_queue(work.engine, limit=2)]
    frame = steward.hub("/review")
    for case in cases:
        frame.locator(f"input[name=case][value='{case}']").check()
    steward.press("Shift+R")
    frame.get_by_role("heading", name="Reject 2 cases").wait_for()
    assert steward.flaws() == []
    frame.fill("#reason", "looked at both")
    steward.press("Enter")
    frame.locator(".done", has_text="decided").wait_for()
    assert {_state(work, case) for case in cases} <= {"rejected", "obsolete"}


def test_customers_are_merged_and_taken_apart(steward: Room, work: Workplace) -> None:
    case = read_queue(work.engine, limit=1)[0]
    frame = steward.hub(f"/customers/{case.left.party_id}")
    steward.press("m")
    steward.page.keyboard.type(str(case.right.party_id))
    steward.press("Enter")
    frame.get_by_role("heading", name="Merge two customers").wait_for()
    steward.shoot("merge")
    frame.fill("#reason", "one company")
    steward.press("Enter")
    boxes = frame.locator("input[name=record]")
    boxes.first.wait_for()
    boxes.first.check()
    frame.fill("#why-out", "it is not")
    steward.press("Enter")
    steward.frame().locator("#golden").wait_for()
    actions = [item["action"] for item in _audit(steward)]
    assert {"merge", "unmerge"} <= set(actions)


def _audit(room: Room) -> list[dict[str, str]]:
    answer = room.page.request.get(f"{room.server.address}/hub/api/v1/audit?limit=50")
    return list(answer.json()["entries"])


@pytest.mark.parametrize(
    ("button", "state"), [("Keep theirs", "abandoned"), ("Write ours", "planned")]
)
def test_a_conflict_is_decided(steward: Room, work: Workplace, button: str, state: str) -> None:
    delivery = _conflict(work)
    frame = steward.hub("/deliveries")
    steward.shoot("conflict")
    assert steward.flaws() == []
    with steward.page.expect_response("**/deliveries/**"):
        frame.get_by_role("button", name=button).first.click()
    steward.frame()
    assert show_delivery(work.engine, delivery)["state"] == state


def _conflict(work: Workplace) -> str:
    """A delivery of which somebody changed the target, as publishing would find it."""
    with writing(work.engine) as db:
        found = db.scalar(sa.text("SELECT id FROM delivery WHERE state = 'acknowledged' LIMIT 1"))
        db.execute(
            sa.text("UPDATE delivery SET state = 'conflict', found = '+49 40 1' WHERE id = :id"),
            {"id": found},
        )
    return str(found)


def test_quarantine_is_mapped_again(steward: Room) -> None:
    frame = steward.hub("/quarantine")
    steward.press("r")
    frame.locator(".done", has_text="tried again").wait_for()
    steward.shoot("mapped-again")


def test_a_paused_system_is_set_going(steward: Room, work: Workplace) -> None:
    pause(work, "erp", actor="steward", reason="month end")
    frame = steward.hub()
    steward.shoot("paused")
    going = frame.get_by_role("button", name="Let writing go on")
    going.click()
    going.wait_for(state="detached")


def test_a_break_is_explained(steward: Room) -> None:
    frame = steward.hub("/reports")
    frame.locator("table a[href*='breaks?report']").first.click()
    frame.locator("[data-row]").first.click()
    frame.fill("#reason", "booked a day later")
    frame.get_by_role("button", name="Explain").click()
    frame.locator(".moments", has_text="booked a day later").wait_for()
    steward.shoot("explained")
    assert steward.flaws() == []


def test_a_report_is_downloaded(steward: Room) -> None:
    frame = steward.hub("/reports")
    with steward.page.expect_download() as download:
        frame.get_by_role("link", name="Workbook").click()
    assert download.value.suggested_filename == "reconciliation.xlsx"


def test_a_viewer_sees_less(browser: Browser, server: Server, work: Workplace) -> None:
    from tests.dags.room import in_room

    customer = read_queue(work.engine, limit=1)[0].left.party_id
    with in_room(browser, server, "viewer") as viewer:
        frame = viewer.hub(f"/customers/{customer}")
        viewer.shoot("customer-viewer")
        assert "@" not in frame.inner_text("main")
        assert frame.get_by_role("link", name="Review").count() == 0
        assert viewer.flaws() == []
