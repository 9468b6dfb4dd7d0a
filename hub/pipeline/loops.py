"""Loops: threads that do their chores when there is news or their time has come.

A chore that fails is done again later and later; no other loop waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from hub.errors import AuthenticationError, ConfigError, HubError, RateLimitedError
from hub.pipeline.blame import name_breakdown

Counts = Mapping[str, int]

_FIRST: Final = 1.0
_LONGEST: Final = 300.0
_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What one chore has done, as it is told: what it counted, or what went wrong.

    ``again`` says after how many seconds a chore that failed is done again.
    """

    step: str
    connection: str | None
    counts: Counts
    seconds: float
    error: str | None = None
    again: float | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_dict(self) -> dict[str, Any]:
        """For a line of JSON; what says nothing is left out."""
        shown = {
            "at": self.at.isoformat(timespec="milliseconds"),
            "step": self.step,
            "connection": self.connection,
            "seconds": round(self.seconds, 3),
            **self.counts,
            "error": self.error,
            "again": self.again,
        }
        return {name: value for name, value in shown.items() if value is not None}


Tell = Callable[[Cycle], None]


class Done(NamedTuple):
    """What a chore has counted, and what it could not do now, if anything."""

    counts: Counts
    trouble: HubError | None = None


@dataclass(slots=True, kw_only=True)
class Chore:
    """Something that is done again and again; where it counts anything, it wakes other loops.

    ``every`` is after how many seconds, without news; ``woken`` whether news hastens it, which it
    never does while the chore fails.
    """

    step: str
    act: Callable[[], Done]
    every: float | None = None
    woken: bool = True
    wakes: Sequence[Loop] = ()
    _failures: int = 0
    _due: float = 0.0

    @property
    def due(self) -> float:
        """When it is done without news, by the monotonic clock."""
        return self._due

    def is_due(self, *, news: bool) -> bool:
        """Whether it is to be done now."""
        return time.monotonic() >= self._due or (news and self.woken and not self._failures)

    def go_well(self) -> None:
        """It is due again after its time."""
        self._failures = 0
        self._due = _NEVER if self.every is None else time.monotonic() + self.every

    def go_wrong(self, error: HubError) -> float:
        """It is due again after the seconds that are returned."""
        self._failures += 1
        pause = _pause(error, self._failures)
        self._due = time.monotonic() + pause
        return pause


def _pause(error: HubError, failures: int) -> float:
    """Wrong credentials are not tried often: systems lock accounts out."""
    if isinstance(error, AuthenticationError | ConfigError):
        return _LONGEST
    grown = min(_FIRST * 2.0 ** min(failures - 1, 16), _LONGEST)
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return max(grown, error.retry_after)
    return grown


class Loop:
    """A thread that does its chores in their order, each when it is due, until all shall end."""

    def __init__(
        self,
        chores: Sequence[Chore],
        tell: Tell,
        *,
        ending: threading.Event,
        connection: str | None = None,
    ) -> None:
        self.name = f"{chores[0].step} {connection}" if connection else chores[0].step
        self._chores = chores
        self._tell = tell
        self._connection = connection
        self._news = threading.Event()
        self._ending = ending
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin; every chore is due."""
        self._thread.start()

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False where a chore still goes on."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._ending.is_set():
            news = self._news.is_set()
            if news:  # what comes in between is not wiped away: it is news of the next round
                self._news.clear()
            for chore in self._chores:
                if chore.is_due(news=news) and not self._ending.is_set():
                    self._do(chore)
            due = min(chore.due for chore in self._chores)
            self._news.wait(None if due == _NEVER else max(0.0, due - time.monotonic()))

    def _do(self, chore: Chore) -> None:
        began, again = time.monotonic(), None
        done = _attempt(chore)
        if done.trouble is None:
            chore.go_well()
        else:
            again = chore.go_wrong(done.trouble)
        counts = {name: count for name, count in done.counts.items() if count}
        if counts:
            for loop in chore.wakes:
                loop.wake()
        if counts or done.trouble:
            self._tell(
                Cycle(
                    step=chore.step,
                    connection=self._connection,
                    counts=counts,
                    seconds=time.monotonic() - began,
                    error=None if done.trouble is None else str(done.trouble),
                    again=again,
                )
            )


def _attempt(chore: Chore) -> Done:
    """Whatever goes wrong is trouble of this chore alone: a loop must live."""
    try:
        return chore.act()
    except HubError as error:
        return Done({}, error)
    except Exception as error:  # noqa: BLE001  # its text may quote values
        return Done({}, HubError(f"unexpected {name_breakdown(error)}"))
