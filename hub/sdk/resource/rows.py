"""A declaration compiled: rows of an answer become records, tombstones and unreadable ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.sdk.contract import Record, Tombstone, Unreadable, composite_key
from hub.sdk.records import Find, compile_path, raw_text
from hub.sdk.resource.stream import RestStream
from hub.sdk.sweep import format_time


@dataclass(slots=True)
class Batch:
    """What the rows of one answer are.

    ``keys`` has one entry for each row, '' for one without; ``times`` are the times of change.
    """

    records: list[Record] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)


class RowReader:
    """Reads the rows of one stream; built once for a connection."""

    def __init__(self, stream: RestStream) -> None:
        self._stream = stream
        self._quirks = stream.quirks
        self._key = [compile_path(path) for path in stream.key]
        self._version = compile_path(stream.version) if stream.version else None
        self._deleted = compile_path(stream.deleted) if stream.deleted else None
        self._merged = compile_path(stream.merged_into) if stream.merged_into else None
        self._absorbed = compile_path(stream.absorbed) if stream.absorbed else None

    def read(self, rows: Sequence[Any]) -> Batch:
        """Sort the rows; one without a key or a readable time is unreadable, the others go on."""
        batch = Batch()
        for row in rows:
            self._take(batch, row)
        return batch

    def record(self, row: Any) -> Record | None:
        """One row alone; None where it is a tombstone or unreadable."""
        batch = self.read([row])
        return batch.records[0] if batch.records else None

    def key(self, row: Any) -> str | None:
        """The source key of a row as the answer has it; None where it has none."""
        return key_of(row, self._key) if isinstance(row, dict) else None

    def _take(self, batch: Batch, row: Any) -> None:
        if not isinstance(row, dict):
            batch.keys.append("")
            batch.unreadable.append(
                Unreadable(None, "a row of the list is no object", raw_text(row))
            )
            return
        for quirk in self._quirks:
            row = quirk(row)
        key = key_of(row, self._key)
        batch.keys.append(key or "")
        if key is None:
            batch.unreadable.append(Unreadable(None, "a record has no key", raw_text(row)))
            return
        try:
            self._place(batch, key, row)
        except (TypeError, ValueError, OverflowError):
            reason = f"{self._stream.version or self._stream.deleted} can't be read"
            batch.unreadable.append(Unreadable(key, reason, raw_text(row)))

    def _place(self, batch: Batch, key: str, row: Mapping[str, Any]) -> None:
        """Among the records or the tombstones; ValueError where mark or time can't be read."""
        gone = self._deleted is not None and is_marked(self._deleted(row))
        version = self._note_version(batch, row)
        if gone:
            batch.tombstones.append(Tombstone(key, version, self._survivor(row)))
        else:
            batch.records.append(Record(key, row, version))
            if self._absorbed is not None:
                others = _keys_in(self._absorbed(row))
                batch.tombstones += [Tombstone(one, version, key) for one in others if one != key]

    def _survivor(self, row: Mapping[str, Any]) -> str | None:
        """The key of the record that a deleted one was merged into."""
        merged = self._merged(row) if self._merged else None
        return None if merged in (None, "", 0) else str(merged)

    def _note_version(self, batch: Batch, row: Mapping[str, Any]) -> str | None:
        """The version as text that sorts; a record that was never changed may have none."""
        value = self._version(row) if self._version else None
        if value is None:
            return None
        moment = self._stream.times.parse(value)
        batch.times.append(moment)
        return format_time(moment)


def key_of(row: Mapping[str, Any], paths: Sequence[Find]) -> str | None:
    """The source key, or None where a part of it is missing."""
    values = [find(row) for find in paths]
    if any(
        value in (None, "") or isinstance(value, bool | float | list | dict) for value in values
    ):
        return None
    return str(values[0]) if len(values) == 1 else composite_key(values)


def _keys_in(found: Any) -> list[str]:
    """The keys in a list, or in a text with ``;`` between them."""
    parts = found if isinstance(found, list) else str(found or "").split(";")
    return [str(part).strip() for part in parts if str(part).strip()]


def is_marked(value: Any) -> bool:
    """Whether a mark of deletion is set: a truth value, a number, or a text (often a time).

    ValueError where it is something else: a live record must not be buried by mistake.
    """
    if value is None or isinstance(value, bool | int):
        return bool(value)
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "f", "no", "n", "0", "null")
    raise ValueError("no mark")
