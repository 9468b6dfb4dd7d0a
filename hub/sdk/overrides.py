"""Times and limits of the transports for a while: how tests make a connector give up quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from hub.sdk.limits import RateBudget, RestPolicy


class PolicyOverrides(TypedDict, total=False):
    """Numbers of a :class:`RestPolicy` that may be set from outside; the rest is the vendor's."""

    attempts: int
    backoff: float
    max_backoff: float
    max_retry_after: float
    connect_timeout: float
    read_timeout: float
    total_timeout: float
    sleep: Callable[[float], None]


_CURRENT: Final[ContextVar[PolicyOverrides]] = ContextVar("policy_overrides")
_Budgets = dict[tuple[int, float], RateBudget]
_SHARED: Final[ContextVar[_Budgets | None]] = ContextVar("shared_budgets", default=None)


@contextmanager
def policy_overrides(**numbers: Unpack[PolicyOverrides]) -> Iterator[None]:
    """Every client that is built inside has these numbers, whatever policy its connector chose.

    It holds for this thread and for contexts copied from it; inner ones go before outer ones.
    """
    token = _CURRENT.set({**_CURRENT.get({}), **numbers})
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def shared_budgets() -> Iterator[None]:
    """Clients of one system that are built inside share their rate limit, as if they were one."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def policy_in_effect(policy: RestPolicy | None) -> RestPolicy:
    """The policy with the numbers that are overridden; a transport asks once, as it is built."""
    chosen, shared = replace(policy or RestPolicy(), **_CURRENT.get({})), _SHARED.get()
    if chosen.budget is None or shared is None:
        return chosen
    return replace(chosen, budget=shared.setdefault(chosen.budget.rate, chosen.budget))
