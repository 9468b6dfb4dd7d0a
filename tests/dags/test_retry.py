"""Each class of error leads to the retry that the tree promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import errors

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

RETRIED = {
    errors.TransientSourceError,
    errors.RateLimitedError,
    errors.SourceUnavailableError,
    errors.CircuitOpenError,
    errors.CursorExpiredError,
    errors.StoreError,
    errors.WatermarkRegressionError,
    errors.CrosswalkConflictError,
}
UNDECIDED = {errors.HubError, errors.SourceError}


def every_error(kind: type[errors.HubError] = errors.HubError) -> list[type[errors.HubError]]:
    """The whole tree, so that a new class has to be decided on here."""
    below = [found for sub in kind.__subclasses__() for found in every_error(sub)]
    return [found for found in (kind, *below) if found.__module__ == "hub.errors"]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_decision(kind: type[errors.HubError]) -> None:
    from hub.airflow.retry import ErrorTreePolicy

    decision = ErrorTreePolicy().evaluate(kind("customer@example.com"), 1, 3)
    wanted = "retry" if kind in RETRIED else "default" if kind in UNDECIDED else "fail"
    assert decision.action.value == wanted
    assert "example.com" not in (decision.reason or "")


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, timedelta(minutes=5)),
        (90.0, timedelta(seconds=90)),
        (-3.0, timedelta(seconds=1)),
        (1e9, timedelta(hours=6)),
    ],
)
def test_the_wait_that_a_system_asked_for_is_kept(asked: float | None, wait: timedelta) -> None:
    from hub.airflow.retry import ErrorTreePolicy

    error = errors.RateLimitedError("slow down", retry_after=asked)
    assert ErrorTreePolicy().evaluate(error, 1, 3).retry_delay == wait


def test_other_errors_follow_airflow() -> None:
    from hub.airflow.retry import ErrorTreePolicy

    decision = ErrorTreePolicy().evaluate(OSError("disk"), 1, 3)
    assert decision.action.value == "default"
    assert ErrorTreePolicy().evaluate(errors.StoreError("x"), 1, 3).retry_delay is None
