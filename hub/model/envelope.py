"""The envelope around what a source system said: where it came from and which version it is."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class SourceKey(NamedTuple):
    """Names one canonical record for ever: connection, type, source key, part (law 5)."""

    connection: str
    type: str
    key: str
    part: str = ""

    def __str__(self) -> str:
        tail = f"#{self.part}" if self.part else ""
        return f"{self.connection}:{self.type}:{self.key}{tail}"


class SourceRecord(NamedTuple):
    """One version of one source record, as landed and never edited."""

    source: SourceKey
    version: int
    source_version: str | None
    observed_at: datetime
    payload_hash: str
    payload: str
    deleted: bool
