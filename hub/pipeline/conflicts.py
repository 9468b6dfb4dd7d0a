"""Conflicts: what happens where a target holds another value than a write was planned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub.ownership import ASK, NEWEST
from hub.sdk.contract import Record
from hub.store.deliveries import Outcome


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The policy of each attribute; a person is asked where none is stated."""

    policies: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, row: Mapping[str, Any], held: str | None, current: Record) -> Outcome | None:
        """How a delivery ends that finds another value; None where it is written over it."""
        policy = self.policies.get(row["attribute"], ASK)
        if policy == NEWEST:
            return _newest(row, held, current)
        return None if policy != ASK else _ask(held)


def _ask(held: str | None) -> Outcome:
    message = "the target's value changed after it was read"
    return Outcome(state="conflict", message=message, found=held)


def _newest(row: Mapping[str, Any], held: str | None, current: Record) -> Outcome | None:
    """The later of two changes; a target that does not tell times has a person asked."""
    theirs, ours = _moment(current.version), row["golden_since"]
    if theirs is None or ours is None:
        return _ask(held)
    if theirs <= ours:
        return None
    return Outcome(state="superseded", message="the target's value is newer")


def _moment(version: str | None) -> datetime | None:
    """The version as a time, which many systems give."""
    try:
        moment = datetime.fromisoformat(version or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
