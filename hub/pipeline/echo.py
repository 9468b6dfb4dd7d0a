"""Echoes: a value that we wrote to a system and read back is no statement of that system.

Without this, a published phone number would come back as evidence for the match that chose it, and
the touched record would be the most recent one (law 8). An echo is undone before the record is
translated: its canonical record stays what it was, and nothing follows from our own write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hub.store.deliveries import AcknowledgedWrite


class Echo(NamedTuple):
    """What a record would say without us; ``updated_at`` where our write was its last change."""

    payload: dict[str, Any]
    updated_at: str | None


def undo_echoes(
    payload: Mapping[str, Any], writes: Sequence[AcknowledgedWrite], version: str | None
) -> Echo:
    """The payload with our own values taken back; ``writes`` are the record's, newest first."""
    plain = dict(payload)
    updated_at = None
    for field in dict.fromkeys(write.field for write in writes):
        own = [write for write in writes if write.field == field]
        if str(plain.get(field) or "") != own[0].value:
            continue
        oldest = first_of_chain(own)
        plain[field] = oldest.before
        if version is not None and version == own[0].target_version:
            updated_at = _time(oldest.expected_version)
    return Echo(plain, updated_at)


def first_of_chain(writes: Sequence[AcknowledgedWrite]) -> AcknowledgedWrite:
    """The oldest of our writes that nobody else's value lies between."""
    first = writes[0]
    for earlier in writes[1:]:
        if earlier.value != first.before:
            break
        first = earlier
    return first


def _time(version: str | None) -> str | None:
    """The version as a time where it is one: many systems' version is the time of change."""
    try:
        return version if version and datetime.fromisoformat(version).tzinfo else None
    except ValueError:
        return None
