"""What an administrator does in Airflow: fill in, test, see it fail, mend it, approve, clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.sdk.standin import StandIn
from tests.dags.server import Server
from tests.dags.site import write_twins

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]


def form(desk: StandIn, **changed: Any) -> dict[str, Any]:
    """The form of the help desk's connection as the UI sends it."""
    filled = {
        "connection_id": "desk",
        "conn_type": "hub_request_tracker",
        "host": desk.config["base_url"],
        "login": desk.config["username"],
        "password": desk.config["password"],
        "extra": '{"page_size": 50, "ca_file": null}',
    }
    return {**filled, **changed}


def test_each_system_has_its_pool(server: Server) -> None:
    pools = {pool["name"]: pool["slots"] for pool in server.call("GET", "/api/v2/pools")["pools"]}
    assert {"hub_sfa", "hub_erp", "hub_partners", "hub_desk", "shelf"} <= set(pools)
    assert "hub_twins" not in pools


def test_the_form_asks_for_the_settings(server: Server) -> None:
    types = {it["connection_type"]: it for it in server.call("GET", "/ui/connections/hook_meta")}
    desk, erp = types["hub_request_tracker"], types["hub_tryton"]
    assert desk["standard_fields"]["login"]["title"] == "Username"
    assert desk["extra_fields"]["page_size"]["schema"]["maximum"] == 100
    assert erp["extra_fields"]["key_secret"]["schema"]["format"] == "password"


def press_test(server: Server, filled: dict[str, Any]) -> tuple[bool, str]:
    found = server.call("POST", "/api/v2/connections/test", json=filled)
    return bool(found["status"]), str(found["message"])


def test_a_wrong_password_is_seen_mended_and_cleared(server: Server, desk: StandIn) -> None:
    wrong = form(desk, password="not-the-password")
    server.call("POST", "/api/v2/connections", json=wrong)
    done, told = press_test(server, wrong)
    assert (done, told[:19]) == (False, "AuthenticationError")
    run_id = server.trigger("hub_sync__desk")
    assert server.finish("hub_sync__desk", run_id) == "failed"
    tries = {it["try_number"] for it in streams(server, run_id)}
    assert tries == {1}
    server.call("PATCH", "/api/v2/connections/desk", json=form(desk))
    assert press_test(server, form(desk))[0]
    server.clear("hub_sync__desk", run_id, failed=True)
    assert server.finish("hub_sync__desk", run_id) == "success"
    assert {it["state"] for it in streams(server, run_id)} == {"success"}


def streams(server: Server, run_id: str) -> list[Any]:
    tasks = server.tasks("hub_sync__desk", run_id)
    return [it for it in tasks if it["task_id"] == "sync_stream"]


def test_a_mass_merge_is_approved(server: Server, folder: Path) -> None:
    for alike in (False, True):
        write_twins(folder / "hub.toml", alike=alike)
        run_id = server.trigger("hub_sync__twins")
        assert server.finish("hub_sync__twins", run_id) == "success"
        assert set(server.await_runs("hub_resolve")) == {"success"}
    assert server.approve("hub_approve_merges") == "success"
    (asked,) = (run["dag_run_id"] for run in server.runs("hub_approve_merges"))
    place = f"/api/v2/dags/hub_approve_merges/dagRuns/{asked}/taskInstances/approve"
    counts = server.call("GET", f"{place}/xcomEntries/return_value")["value"]
    assert counts["merged"] == 3


def test_what_is_not_new_leads_to_nothing(server: Server) -> None:
    before = len(server.runs("hub_resolve"))
    run_id = server.trigger("hub_sync__erp")
    assert server.finish("hub_sync__erp", run_id) == "success"
    states = {it["task_id"]: it["state"] for it in server.tasks("hub_sync__erp", run_id)}
    assert states["announce"] == "skipped"
    assert len(server.runs("hub_resolve")) == before


def test_the_store_is_backed_up(server: Server, folder: Path) -> None:
    run_id = server.trigger("hub_maintain")
    assert server.finish("hub_maintain", run_id) == "success"
    states = {it["task_id"]: it["state"] for it in server.tasks("hub_maintain", run_id)}
    assert states == {
        "back_up": "success",
        "forget": "success",
        "tidy": "success",
        "train": "skipped",
    }
    assert list((folder / "backups").glob("hub-*.sqlite"))
