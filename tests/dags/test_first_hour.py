"""The first hour of an administrator, in Airflow's own UI, as docs/airflow.md leads through it.

Fill in a connection, test it, see its sync fail with a wrong password, mend it, clear the run;
approve a mass merge; clear a task; find a customer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.sdk.standin import StandIn
from tests.dags.server import DONE, Server
from tests.dags.site import write_twins

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.dags.room import Room

CLEAR = "Press shift+c to clear"
"""What Airflow calls its button."""


@pytest.fixture(scope="module")
def admin(browser: Browser, server: Server) -> Iterator[Room]:
    from tests.dags.room import in_room

    with in_room(browser, server, "admin") as room:
        yield room


def dialog(admin: Room) -> Locator:
    return admin.page.get_by_role("dialog")


def fill_in(admin: Room, desk: StandIn, password: str) -> None:
    """Admin → Connections → Add Connection."""
    admin.airflow("connections")
    admin.button("Add Connection").click()
    admin.page.fill("input[name=connection_id]", "desk")
    dialog(admin).get_by_role("combobox").click()
    admin.page.keyboard.type("Hub: Request Tr")
    admin.press("Enter")
    form = {"host": "base_url", "login": "username"}
    for field, setting in form.items():
        dialog(admin).locator(f"input[name={field}]").fill(str(desk.config[setting]))
    dialog(admin).locator("input[name=password]").fill(password)
    admin.shoot("connection")
    dialog(admin).get_by_role("button", name="Save").click()
    dialog(admin).wait_for(state="detached")


def press_test(admin: Room) -> str:
    """The button in the connection's row; what it is told of."""
    with admin.page.expect_response("**/connections/test") as answer:
        row(admin).get_by_role("button", name="Test Connection").click()
    assert answer.value.status == 200
    return str(answer.value.json()["message"])


def row(admin: Room) -> Locator:
    return admin.page.locator("tr", has_text="hub_request_tracker")


def mend(admin: Room, password: str) -> None:
    admin.airflow("connections")
    row(admin).get_by_role("button", name="Edit Connection").click()
    dialog(admin).locator("input[name=password]").fill(password)
    dialog(admin).get_by_role("button", name="Save").click()
    dialog(admin).wait_for(state="detached")


def trigger(admin: Room, dag_id: str) -> str:
    """The button Trigger on a DAG's page; returns the run's id."""
    admin.airflow(f"dags/{dag_id}")
    admin.button("Trigger Dag").click()
    with admin.page.expect_response(f"**/dags/{dag_id}/dagRuns") as answer:
        dialog(admin).get_by_role("button", name="Trigger", exact=True).click()
    return str(answer.value.json()["dag_run_id"])


def clear(admin: Room, place: str, *, only_failed: bool) -> None:
    """The button Clear on the page of a run or a task."""
    admin.airflow(place)
    admin.page.get_by_label(CLEAR).first.click()
    if only_failed:
        dialog(admin).get_by_role("button", name="Clear only failed tasks").click()
    admin.shoot("clear")
    confirm = dialog(admin).get_by_role("button", name="Confirm")
    with admin.page.expect_response(lambda it: "clear" in it.url and _real(it.request)):
        confirm.click()


def _real(request: Any) -> bool:
    """Airflow first asks what would be cleared."""
    return '"dry_run":false' in (request.post_data or "").replace(" ", "")


def approve(admin: Room, server: Server, subject: str) -> str:
    """Answer the question, and again where it is asked anew (`Server.approve`); the run's id."""
    asked = str(server.wait(lambda: server.question("hub_approve_merges"), 120))
    while server.state("hub_approve_merges", asked) not in DONE:
        if server.question("hub_approve_merges") == asked:
            admin.airflow("required_actions")
            admin.page.get_by_role("link", name=subject).click()
            admin.page.wait_for_timeout(3000)  # as long as one reads
            admin.shoot("question")
            with admin.page.expect_response(lambda it: it.request.method == "PATCH"):
                admin.button("Approve").click()
        admin.page.wait_for_timeout(500)
    return asked


def states(server: Server, dag_id: str, run_id: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task in server.tasks(dag_id, run_id):
        found.setdefault(task["task_id"], set()).add(task["state"])
    return found


def test_a_wrong_password_is_seen_mended_and_cleared(
    admin: Room, server: Server, desk: StandIn, told: list[Any]
) -> None:
    fill_in(admin, desk, "not-the-password")
    assert press_test(admin).startswith("AuthenticationError")
    admin.page.get_by_text("AuthenticationError").wait_for()
    admin.shoot("test-refused")
    run_id = trigger(admin, "hub_sync__desk")
    assert server.finish("hub_sync__desk", run_id) == "failed"
    assert {task["try_number"] for task in server.tasks("hub_sync__desk", run_id)} == {1}
    assert any("hub_sync__desk · sync_stream" in one["text"] for one in told)
    mend(admin, str(desk.config["password"]))
    assert "accepts the account" in press_test(admin)
    clear(admin, f"dags/hub_sync__desk/runs/{run_id}", only_failed=True)
    assert server.finish("hub_sync__desk", run_id) == "success"
    assert set.union(*states(server, "hub_sync__desk", run_id).values()) == {"success"}


def test_a_mass_merge_is_approved(admin: Room, server: Server, folder: Path) -> None:
    for alike in (False, True):
        write_twins(folder / "hub.toml", alike=alike)
        run_id = trigger(admin, "hub_sync__twins")
        assert server.finish("hub_sync__twins", run_id) == "success"
        assert server.followed("hub_sync__twins", run_id, "hub_resolve") == "success"
    asked = approve(admin, server, "Customers to merge into others: 3")
    place = f"/api/v2/dags/hub_approve_merges/dagRuns/{asked}/taskInstances/approve"
    counts = server.call("GET", f"{place}/xcomEntries/return_value")["value"]
    assert counts["merged"] == 3


def test_a_task_is_cleared(admin: Room, server: Server) -> None:
    run_id = server.runs("hub_sync__sfa")[0]["dag_run_id"]
    clear(admin, f"dags/hub_sync__sfa/runs/{run_id}/tasks/list_streams", only_failed=False)
    assert server.finish("hub_sync__sfa", run_id) == "success"
    tries = {it["task_id"]: it["try_number"] for it in server.tasks("hub_sync__sfa", run_id)}
    assert tries["list_streams"] == 2


def test_a_customer_is_found(admin: Room) -> None:
    admin.airflow("")
    admin.page.get_by_role("link", name="Hub", exact=True).click()
    admin.frame().get_by_role("link", name="Customers").click()
    frame = admin.frame()
    frame.get_by_role("heading", name="Customers").wait_for()
    admin.page.keyboard.type("ahornbl")
    frame.locator("#found .foot", has_text="Changed last").wait_for(state="detached")
    admin.press("ArrowDown", "Enter")
    frame.get_by_role("heading", name="Ahornblick GmbH").wait_for()
    admin.shoot("first-customer")
