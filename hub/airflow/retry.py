"""When Airflow tries a task again: transient errors after a wait, permanent ones never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from airflow.sdk import RetryDecision, RetryPolicy

from hub.errors import (
    ConfigError,
    ContractError,
    CursorExpiredError,
    DeliveryError,
    PermanentSourceError,
    PushRefusedError,
    RateLimitedError,
    RecordError,
    StoreError,
    TransientSourceError,
)

RETRIED: Final = (TransientSourceError, StoreError, CursorExpiredError)
STOPPED: Final = (
    ConfigError,
    ContractError,
    PermanentSourceError,
    RecordError,
    DeliveryError,
    PushRefusedError,
)

RATE_LIMIT_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=6)


class ErrorTreePolicy(RetryPolicy):  # type: ignore[misc]  # Any where Airflow is not installed
    """The error tree in Airflow's words; what is outside the tree is retried as Airflow would.

    A wait that the system asked for is kept; all others are the task's own backoff. Reasons are
    stored by Airflow and shown, so they name the class of the error and nothing it says.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # the signature is Airflow's
        max_tries: int,  # noqa: ARG002  # the signature is Airflow's
        context: Any = None,  # noqa: ARG002  # the signature is Airflow's
    ) -> RetryDecision:
        """Decide by the class of the error alone."""
        reason = type(exception).__name__
        if isinstance(exception, RateLimitedError):
            return RetryDecision.retry(_asked_wait(exception), reason)
        if isinstance(exception, RETRIED):
            return RetryDecision.retry(reason=reason)
        if isinstance(exception, STOPPED):
            return RetryDecision.fail(f"{reason}: a person has to mend something first")
        return RetryDecision.default()


def _asked_wait(error: RateLimitedError) -> timedelta:
    if error.retry_after is None:
        return RATE_LIMIT_WAIT
    seconds = min(max(error.retry_after, 1.0), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds)
