"""When Airflow tries a task again: transient errors after a wait, permanent ones never."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from hub.errors import (
    AuthenticationError,
    ConfigError,
    ContractError,
    PermanentSourceError,
    RateLimitedError,
    StoreError,
    TransientSourceError,
)


def retry_policy() -> ExceptionRetryPolicy:
    """The error tree in Airflow's words; the first rule that fits counts."""
    wait = timedelta(minutes=1)
    rules = [
        RetryRule(exception=RateLimitedError, action=RetryAction.RETRY, retry_delay=wait * 5),
        RetryRule(exception=TransientSourceError, action=RetryAction.RETRY, retry_delay=wait),
        RetryRule(exception=StoreError, action=RetryAction.RETRY, retry_delay=wait),
    ]
    permanent = (AuthenticationError, PermanentSourceError, ConfigError, ContractError)
    rules += [RetryRule(exception=kind, action=RetryAction.FAIL) for kind in permanent]
    return ExceptionRetryPolicy(rules)
