"""Counts how long a connector's transport wants to sleep, and lets it go on at once."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from hub.sdk.overrides import policy_overrides


class Waits:
    """While it lasts, no client of the SDK really waits; ``total`` is what it would have."""

    def __init__(self) -> None:
        self.total = 0.0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(policy_overrides(sleep=self._note))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _note(self, seconds: float) -> None:
        self.total += seconds
