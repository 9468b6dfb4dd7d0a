"""What an administrator finds in Airflow: pools, forms, and what a run leads to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.dags.server import DONE, Server

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]


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


def test_what_is_not_new_leads_to_nothing(server: Server) -> None:
    run_id = server.trigger("hub_sync__sfa")
    assert server.finish("hub_sync__sfa", run_id) == "success"
    states = {it["task_id"]: it["state"] for it in server.tasks("hub_sync__sfa", run_id)}
    assert states["announce"] == "skipped"
    events = server.call("GET", f"/api/v2/assets/events?source_run_id={quote(run_id)}")
    assert events["total_entries"] == 0


def move_deadline(folder: Path, dag_id: str, run_id: str) -> int:
    """Put a run's deadline into the past, as if that much time had gone by; returns how many."""
    with closing(sqlite3.connect(folder / ".airflow" / "airflow.db", timeout=30)) as db, db:
        done = db.execute(
            "UPDATE deadline SET deadline_time = '2026-01-01 00:00:00' WHERE dagrun_id IN "
            "(SELECT id FROM dag_run WHERE dag_id = ? AND run_id = ?)",
            (dag_id, run_id),
        )
        return done.rowcount


def resize(server: Server, slots: int) -> None:
    """How many tasks may talk to the ERP at once."""
    body = {"name": "hub_erp", "slots": slots, "include_deferred": False}
    server.call("PATCH", "/api/v2/pools/hub_erp", json=body)


def test_a_run_past_its_deadline_is_told(server: Server, folder: Path, told: list[Any]) -> None:
    resize(server, 0)
    run_id = server.trigger("hub_sync__erp")
    server.wait(lambda: move_deadline(folder, "hub_sync__erp", run_id), 30)
    late = server.wait(lambda: [one for one in told if "hub_sync__erp takes" in one["text"]], 60)
    assert "no free slot" in late[0]["text"]
    assert server.state("hub_sync__erp", run_id) not in DONE
    resize(server, 2)
    assert server.finish("hub_sync__erp", run_id) == "success"


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
