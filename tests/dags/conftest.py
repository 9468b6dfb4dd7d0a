"""Airflow reads its settings when it is imported, so its home is set up before the first import."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from hub.bundled import bundled

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
