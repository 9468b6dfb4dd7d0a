"""What waits in quarantine, by its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from hub.store.database import Engine, reading
from hub.store.overview import known_streams
from hub.store.quarantine import list_quarantine

_MOST = 5_000


class Rejection(NamedTuple):
    """One entry; the payload is not told."""

    id: int
    record: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Entries of one stream that were rejected for one reason, the oldest first."""

    connection: str
    stream: str
    stage: str
    error: str
    message: str
    entries: Sequence[Rejection]

    @property
    def replayable(self) -> bool:
        """Whether mapping again can help: what could not be read has to be read again."""
        return any(entry.record is not None for entry in self.entries)


def read_reasons(engine: Engine, connection: str | None = None) -> list[Reason]:
    """Why things wait in quarantine, the commonest first; the oldest 5,000 are looked through."""
    with reading(engine) as db:
        streams = known_streams(db)
        rows = list_quarantine(db, limit=_MOST)
    found: dict[tuple[Any, ...], list[Rejection]] = {}
    for row in rows:
        names = streams[row["stream_id"]]
        if connection is None or names[0] == connection:
            place = (*names, row["stage"], row["error"], row["message"])
            entry = Rejection(row["id"], row["record_id"], row["created_at"])
            found.setdefault(place, []).append(entry)
    reasons = [
        Reason(connection=p[0], stream=p[1], stage=p[2], error=p[3], message=p[4], entries=entries)
        for p, entries in found.items()
    ]
    return sorted(reasons, key=lambda item: (-len(item.entries), item.connection, item.message))
