"""The DAGs under the real scheduler: by REST, on SQLite, with the LocalExecutor."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.store.database import open_store
from hub.store.digest import dump
from tests.dags.server import Server
from tests.dags.site import CONNECTIONS

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]


def test_assets_lead_from_sync_to_publish(server: Server) -> None:
    assert {run["run_type"] for run in server.runs("hub_resolve")} == {"asset_triggered"}
    assert set(server.await_runs("hub_publish")) == {"success"}
    assert server.call("GET", "/api/v2/importErrors")["total_entries"] == 0


def test_customers_are_there(server: Server, folder: Path) -> None:
    engine = open_store(f"sqlite:///{folder / 'hub.db'}")
    tables = [orjson.loads(line)[0] for line in dump(engine)]
    engine.dispose()
    assert tables.count("golden_record") > 20


def test_reconcile_writes_reports(server: Server, folder: Path) -> None:
    run_id = server.trigger("hub_reconcile")
    assert server.finish("hub_reconcile", run_id) == "success"
    assert list((folder / "reports").rglob("*.html"))


def test_streams_are_named_in_the_ui(server: Server) -> None:
    run, *_ = server.runs("hub_sync__erp")
    names = {
        task["rendered_map_index"] for task in server.tasks("hub_sync__erp", run["dag_run_id"])
    }
    assert "party.party" in names


def test_what_airflow_stores_is_small_counts(server: Server) -> None:
    for name in CONNECTIONS:
        for entry in values_of(server, f"hub_sync__{name}"):
            assert len(orjson.dumps(entry)) < 1000
            assert all(isinstance(item, int | str) for item in entry)
    assert values_of(server, "hub_resolve")


def values_of(server: Server, dag_id: str) -> list[Any]:
    """The returned values of every task of the first run."""
    run_id = server.runs(dag_id)[0]["dag_run_id"]
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
    entries = server.call("GET", f"{path}/~/xcomEntries?limit=100")["xcom_entries"]
    assert {entry["key"] for entry in entries} == {"return_value"}
    return [
        server.call(
            "GET",
            f"{path}/{entry['task_id']}/xcomEntries/return_value?map_index={entry['map_index']}",
        )["value"]
        for entry in entries
    ]


def test_one_broken_stream_is_red_at_once_and_the_others_go_on(server: Server) -> None:
    run_id = server.trigger("hub_sync__partners")
    assert server.finish("hub_sync__partners", run_id) == "failed"
    found = {
        task["rendered_map_index"] or task["task_id"]: (task["state"], task["try_number"])
        for task in server.tasks("hub_sync__partners", run_id)
    }
    assert found["customers"] == ("success", 1)
    assert found["elsewhere"] == ("failed", 1)
    assert found["announce"] == ("success", 1)
    assert server.followed("hub_sync__partners", run_id, "hub_resolve") == "success"


def test_it_listens_on_loopback_alone(server: Server) -> None:
    psutil = pytest.importorskip("psutil", reason="comes with Airflow")
    root = psutil.Process(server.pid)
    listening: set[str] = set()
    for program in (root, *root.children(recursive=True)):
        # A task's process may end between the listing and the question.
        with contextlib.suppress(psutil.NoSuchProcess):
            listening |= {
                connection.laddr.ip
                for connection in program.net_connections()
                if connection.status == psutil.CONN_LISTEN
            }
    assert listening == {"127.0.0.1"}


def test_secrets_are_for_their_owner_alone(server: Server, folder: Path) -> None:
    home = folder / ".airflow"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "passwords.json").stat().st_mode) == 0o600
