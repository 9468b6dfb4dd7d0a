"""Verdicts: how a delivery ends, by what was seen of its record and by what its request met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from hub.errors import (
    AuthenticationError,
    ConflictError,
    HubError,
    RateLimitedError,
    RejectedError,
    SourceError,
    SourceUnavailableError,
)
from hub.pipeline.pace import Pace
from hub.pipeline.publish import as_text, means_same
from hub.sdk.contract import Record
from hub.store import deliveries
from hub.store.deliveries import Outcome

Row = Mapping[str, Any]

_LONGEST_WAIT: Final = timedelta(hours=1)
_UNSEEN: Final = (
    "it was sent, and the target does not show it: it may have been lost, or be late; "
    "look there, then retry or abandon it"
)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a pace makes of what was seen."""

    pace: Pace

    def seen(self, row: Row, current: Record | None, *, guarded: bool) -> Outcome | None:
        """How it ends without being sent: gone, done already, changed meanwhile, or nobody knows.

        None where it is to be written; ``guarded`` says that twice is then as good as once.
        """
        if current is None:
            return Outcome(state="conflict", message=deliveries.GONE)
        return self._compared(row, current) or self._unseen(row, guarded=guarded)

    def met(self, error: HubError, row: Row) -> Outcome:
        """How it ends after an error; one that does not say leaves it unknown.

        Only what is wrong with the delivery itself counts against it, never a system that is away.
        """
        if isinstance(error, AuthenticationError):
            return Outcome(state="planned", message="the target refuses our credentials")
        if is_away(error):
            return Outcome(state="planned", message=str(error))
        if isinstance(error, SourceError):
            state = "dead" if row["failures"] + 1 >= self.pace.max_failures else "planned"
            return Outcome(state=state, message=str(error), failed=True)
        if isinstance(error, ConflictError | RejectedError):
            state = "conflict" if isinstance(error, ConflictError) else "rejected"
            return Outcome(state=state, message=str(error))
        return Outcome(state="unknown", message=str(error), wait=self.pace.settle)

    def _compared(self, row: Row, current: Record) -> Outcome | None:
        """A target may spell a value anew; of one that was sent, another spelling is our own."""
        held = as_text(current.data.get(row["field"]))
        wanted = row["value"] or None
        if held == wanted or (held and row["sent_at"] and self._is_spelling(row, held)):
            return Outcome(state="acknowledged", version=current.version, held=held)
        return None if held == row["before"] else self.pace.conflicts.outcome(row, held, current)

    def _unseen(self, row: Row, *, guarded: bool) -> Outcome | None:
        """Of one that has left, nothing is to be seen: it may come late, and twice if sent again.

        Where neither a key nor a version at the target rules that out, a person decides; until then
        it is looked up now and then.
        """
        if guarded or row["state"] == "planned" or row["sent_at"] is None:
            return None
        wait = min(self.pace.settle * 2.0 ** min(row["attempts"], 10), _LONGEST_WAIT)
        return Outcome(state="unknown", message=_UNSEEN, wait=wait)

    def _is_spelling(self, row: Row, held: str) -> bool:
        return means_same(row["attribute"], held, row["value"], self.pace.country)


def is_away(error: HubError) -> bool:
    """Whether the target could not take anything now, whatever it was."""
    return isinstance(error, RateLimitedError | SourceUnavailableError)
