"""The files in deploy/: nothing here runs them, so what they name must exist and be no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
OURS = {"HUB_CONFIG", "HUB_STORE", "HUB_ALERT_URL", "HUB_DB_PASSWORD"}
CALLED_SECRET = re.compile("PASSWORD|SECRET|FERNET|CONN$|RESULT_BACKEND|BROKER_URL")


def settings() -> Iterator[tuple[str, str]]:
    """Airflow's settings that the files name, as section and option."""
    for service in COMPOSE["services"].values():
        for name in service["environment"]:
            if match := re.fullmatch("AIRFLOW__([A-Z_]+?)__([A-Z_]+)", name):
                yield match[1].lower(), match[2].lower()
    for section, options in VALUES["config"].items():
        yield from ((section, option) for option in options)


@pytest.mark.airflow
def test_airflow_knows_the_settings() -> None:
    airflow = pytest.importorskip("airflow", reason="runs in .venv-airflow")
    text = Path(airflow.__path__[0], "config_templates", "config.yml").read_text(encoding="utf-8")
    known = yaml.safe_load(text)
    celery = {("celery", "result_backend"), ("celery", "broker_url")}
    for section, option in set(settings()) - celery:
        assert option in known[section]["options"], (section, option)


def test_the_version_is_the_one_that_is_tested() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    version = VALUES["airflowVersion"]
    assert f"apache-airflow=={version}\n" in pins
    assert f"FROM apache/airflow:{version}\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_secrets_come_from_outside() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if CALLED_SECRET.search(name):
                assert "${" in value, name
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert wanted == set(re.findall(r"(?m)^([A-Z_]+)=", example))


def test_what_is_ours_is_known() -> None:
    named = {
        name
        for service in COMPOSE["services"].values()
        for name in service.get("environment", {})
        if name.startswith("HUB_")
    }
    assert named <= OURS


def test_only_this_machine_reaches_a_port() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
