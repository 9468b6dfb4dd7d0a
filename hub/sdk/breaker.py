"""A circuit breaker: a system that fails again and again is left alone for a while.

pybreaker keeps the states; what counts as a failure is ours. Each client has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pybreaker

from hub.errors import CircuitOpenError, OutcomeUnknownError, SourceUnavailableError
from hub.sdk.limits import RestPolicy

Given = ParamSpec("Given")
Result = TypeVar("Result")
_FAILURES = (SourceUnavailableError, OutcomeUnknownError)


class Breaker:
    """Counts failures in a row; refusals and rate limits are answers, so they are none."""

    def __init__(self, policy: RestPolicy, *, system: str) -> None:
        self._system = system
        self._pause = policy.break_pause
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=policy.break_after,
            reset_timeout=policy.break_pause,
            exclude=[lambda error: not isinstance(error, _FAILURES)],
            throw_new_error_on_trip=False,
        )

    def call(
        self, function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Call it, or raise CircuitOpenError at once while the circuit is open."""
        try:
            result: Result = self._circuit.call(function, *given, **named)
        except pybreaker.CircuitBreakerError as error:
            raise CircuitOpenError(
                f"not asked: it failed {self._circuit.fail_max} times in a row; it is tried again "
                f"{self._pause:g} s after the last failure",
                system=self._system,
            ) from error
        return result
