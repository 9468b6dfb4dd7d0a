"""The name of a canonical record: where it came from."""

from __future__ import annotations

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
