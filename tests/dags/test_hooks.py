"""The Test button: what it says of good and bad settings."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.errors import ConfigError
from hub.plugins import discover
from hub.sdk.standin import StandIn, StandInState

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow


@pytest.fixture
def desk() -> Iterator[StandIn]:
    """A help desk that answers on a socket."""
    running = discover().standins["request_tracker"].start(StandInState({}), 0)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No hub.toml, as in an API server that knows none."""
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def press(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> tuple[bool, str]:
    """Fill the form in with a connector's settings, and press Test."""
    from hub.airflow.hooks import HOOKS

    form = {
        "conn_type": "hub_request_tracker",
        "host": settings["base_url"],
        "login": settings["username"],
        "password": settings["password"],
        "extra": {"page_size": None, "ca_file": "", **settings.get("extra", {})},
    }
    monkeypatch.setenv("AIRFLOW_CONN_DESK", orjson.dumps(form).decode())
    return HOOKS["RequestTrackerHook"]("desk").test_connection()


def test_good_settings(desk: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = press(monkeypatch, desk.config)
    assert done, told
    assert told


def test_a_wrong_password(desk: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = press(monkeypatch, {**desk.config, "password": "not-it-at-all"})
    assert not done
    assert told.startswith("AuthenticationError")
    assert "not-it-at-all" not in told


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = {"base_url": address, "username": "hub", "password": "secret"}
        done, told = press(monkeypatch, settings)
    assert not done
    assert told.startswith("SourceUnavailableError")


def test_a_misspelt_setting(desk: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = press(monkeypatch, {**desk.config, "extra": {"pagesize": 5}})
    assert not done
    assert "pagesize: unknown key, did you mean 'page_size'?" in told


def test_an_end_after_a_while() -> None:
    from hub.airflow.trial import _within

    never = threading.Event()
    with pytest.raises(ConfigError, match=r"no answer within 0\.1 seconds"):
        _within(0.1, lambda: str(never.wait(30)))
    never.set()


def test_options_of_the_only_such_connection_count(
    desk: StandIn, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["[connections.desk]", 'connector = "request_tracker"', 'credentials = "airflow:desk"']
    options = "options = { page_size = 7000 }"
    (elsewhere / "hub.toml").write_text("\n".join([*lines, options]), encoding="utf-8")
    done, told = press(monkeypatch, desk.config)
    assert not done
    assert "connections.desk: page_size" in told
