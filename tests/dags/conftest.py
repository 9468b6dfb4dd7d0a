"""Airflow reads its settings when it is imported, so its home is set up before the first import."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.airflow.alerts import ADDRESS
from hub.bundled import bundled
from hub.demo.company import generate
from hub.plugins import discover
from hub.sdk.standin import StandIn, StandInState
from tests.dags.chat import chat_room
from tests.dags.server import Server, airflow_at
from tests.dags.site import CONNECTIONS, PHONES, add_nameless, add_partners, add_twins, lay_out
from tests.servers import browser as chromium
from tests.servers.fixtures import require

if TYPE_CHECKING:
    from playwright.sync_api import Browser

if (
    find_spec("airflow") is None
    and os.environ.get("CI") == "true"
    and Path(sys.prefix).name == ".venv-airflow"
):
    raise RuntimeError("Airflow is missing from .venv-airflow: its tests must not be skipped in CI")

HOME = tempfile.mkdtemp(prefix="hub-airflow-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = HOME
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(bundled("dags"))
os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS"] = "False"
os.environ["AIRFLOW__DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL"] = "error"
os.environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] = "False"

DESK = """\
[connections.desk]
connector = "request_tracker"
credentials = "airflow:desk"
office = "service"
schedule = "none"
"""
CONFIG = """\
[connections.sfa]
connector = "salesforce"
credentials = "airflow:sfa"

[connections.erp]
connector = "tryton"
office = "back"
schedule = "none"
key_scan = "@daily"

[[publish.rules]]
attribute = "phone"
connection = "erp"
stream = "contact"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub.toml with two connections and one rule, found by HUB_CONFIG."""
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("HUB_CONFIG", str(path))
    return path


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A help desk that runs by itself, as a system of a company does."""
    path = tmp_path_factory.mktemp("desk") / "helpdesk.json"
    path.write_bytes(orjson.dumps(generate(7, 60).seeds["helpdesk"]))
    running = discover().standins["request_tracker"].start(StandInState.load(path), 0)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company: two systems, a help desk, two lots of files one of which is refused."""
    path = lay_out(tmp_path_factory.mktemp("site") / "company", customers=150)
    add_partners(path)
    add_twins(path)
    add_nameless(path)
    path.write_text(path.read_text(encoding="utf-8") + DESK + PHONES, encoding="utf-8")
    return path.parent


@pytest.fixture(scope="session")
def told() -> Iterator[list[Any]]:
    """What the running Airflow has told the chat system that HUB_ALERT_URL names."""
    with chat_room() as (address, messages), pytest.MonkeyPatch.context() as patch:
        patch.setenv(ADDRESS, address)
        yield messages


@pytest.fixture(scope="session")
def server(folder: Path, told: list[Any]) -> Iterator[Server]:
    """Airflow after everything was synced, resolved and reconciled; started once for all tests."""
    with airflow_at(folder) as running:
        running.await_dags({f"hub_sync__{name}" for name in CONNECTIONS} | {"hub_resolve"})
        started = {name: running.trigger(f"hub_sync__{name}") for name in CONNECTIONS}
        for name, run_id in started.items():
            assert running.finish(f"hub_sync__{name}", run_id) == "success"
            assert running.followed(f"hub_sync__{name}", run_id, "hub_resolve") == "success"
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: while it is open an event loop runs, beside which others can't begin one."""
    require(chromium.available)
    with chromium.running() as started:
        yield started
