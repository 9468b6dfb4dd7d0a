"""What people are told when something is red: where, which error, what to do, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hub import errors
from hub.airflow import alerts
from tests.dags.chat import chat_room

TASK = SimpleNamespace(dag_id="hub_sync__sfa", task_id="sync_stream", map_index=2)


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A chat system's webhook, with what it was sent."""
    with chat_room() as (address, messages):
        monkeypatch.setenv(alerts.ADDRESS, address)
        yield messages


def test_a_failure_is_told_without_what_the_error_says(chat: list[Any]) -> None:
    alerts.failed(
        {"task_instance": TASK, "exception": errors.AuthenticationError("anna@x.example")}
    )
    (message,) = chat
    assert message["text"].startswith("hub_sync__sfa · sync_stream[2] failed (AuthenticationError)")
    assert "Admin → Connections" in message["text"]
    assert "anna" not in message["text"]


def test_a_task_that_was_killed_has_no_error(chat: list[Any]) -> None:
    alerts.failed({"task_instance": TASK})
    assert "ended from outside" in chat[0]["text"]


def test_a_late_run_is_told(chat: list[Any]) -> None:
    alerts.late(dag_id="hub_sync__sfa", context={"dag_run": {"conf": {"name": "Anna"}}})
    assert "hub_sync__sfa takes longer than usual" in chat[0]["text"]
    assert "Anna" not in chat[0]["text"]


def test_an_alert_that_cannot_be_sent_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUB_ALERT_URL", "http://127.0.0.1:9/hook")
    alerts.late(dag_id="hub_sync__sfa")
    assert "could not be sent" in caplog.text


def every_error(kind: type[errors.HubError] = errors.HubError) -> list[type[errors.HubError]]:
    below = [found for sub in kind.__subclasses__() for found in every_error(sub)]
    return [kind, *below]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_has_its_advice(kind: type[errors.HubError]) -> None:
    general = {errors.HubError, errors.SourceError}
    recorded = issubclass(kind, errors.RecordError | errors.CursorExpiredError)
    has_own = alerts.advice(kind("x")) != alerts.advice(ValueError())
    assert has_own or kind in general or recorded or kind is errors.PushRefusedError
