"""A tap's messages as pages: the state that came last is what a page's cursor holds.

A STATE covers the records before it. Records after the last STATE are handed on as well, under the
cursor of that STATE: after a kill they come again, and none is skipped. Most taps also begin with
the records that are as new as their state. What comes again unchanged is not handed on again, as
far back as the cursor remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.singer.config import DELETED_AT, TapStream
from connectors.singer.tap import SYSTEM
from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk import Cursor, Page, Record, Tombstone, Unreadable, composite_key
from hub.sdk.sweep import Sweep

OTHERS: Final = "record of another stream"


class Assembly:
    """Gathers the records of one stream until a page is full."""

    def __init__(self, stream: TapStream, cursor: Cursor | None) -> None:
        told: Mapping[str, Any] = {"state": None} if cursor is None else cursor
        if "state" not in told:
            raise CursorExpiredError("the cursor is not one of this connector; open a new epoch")
        self._stream = stream
        self.state = told["state"]
        self._version = told.get("version")
        self._began_with_state = self.state is not None
        self._memory = Sweep.resume({"seen": told.get("seen", {})}, datetime.now(UTC))
        self._clear()

    def _clear(self) -> None:
        self._paged_state = self.state
        self._records: list[Record] = []
        self._tombstones: list[Tombstone] = []
        self._fresh: list[Record] = []
        self._fresh_tombstones: list[Tombstone] = []
        self._unreadable: list[Unreadable] = []
        self._others = 0

    def fills(self, size: int) -> bool:
        """Whether a page of this size is full of what is new, or brings a new state."""
        if self._waiting < size:
            return False
        self._sift()
        return self._waiting >= size or self.state != self._paged_state

    @property
    def _waiting(self) -> int:
        raw = len(self._records) + len(self._tombstones)
        fresh = len(self._fresh) + len(self._fresh_tombstones)
        return raw + fresh + len(self._unreadable) + self._others

    def _sift(self) -> None:
        """Leave out what was handed on before, just like this."""
        self._fresh += self._memory.unseen(self._records)
        self._fresh_tombstones += self._memory.tell(self._memory.untold(self._tombstones))
        self._records, self._tombstones = [], []

    def take(self, message: Mapping[str, Any]) -> None:
        """Take one message in; any type that the specification does not know is passed over."""
        kind = str(message["type"]).upper()
        if kind == "RECORD":
            self._take_record(message)
        elif kind == "STATE":
            self.state = message.get("value")
        elif kind == "SCHEMA":
            self._check_keys(message)
        elif kind == "ACTIVATE_VERSION":
            self._activate(message)
        elif kind == "BATCH":
            raise self._wrong("the tap gives BATCH messages; switch batches off in its config")

    def page(self) -> Page:
        """What was gathered, with the cursor that is safe after it."""
        self._sift()
        cursor: Cursor = {
            "state": self.state,
            "version": self._version,
            "seen": {key: list(mark) for key, mark in self._memory.seen.items()},
        }
        page = Page(
            records=self._fresh,
            tombstones=self._fresh_tombstones,
            unreadable=self._unreadable,
            excluded={OTHERS: self._others} if self._others else {},
            cursor=cursor,
        )
        self._clear()
        return page

    def _take_record(self, message: Mapping[str, Any]) -> None:
        row = message.get("record")
        if message.get("stream") != self._stream.name:
            self._others += 1
        elif not isinstance(row, dict):
            raise self._wrong("a RECORD message holds no record")
        elif (key := _key(self._stream, row)) is None:
            names = ", ".join(self._stream.key)
            raw = orjson.dumps(row).decode()
            self._unreadable.append(Unreadable(None, f"no value in the key field {names}", raw))
        elif row.get(DELETED_AT):
            self._tombstones.append(Tombstone(key, _version(self._stream, row)))
        else:
            self._records.append(Record(key, row, _version(self._stream, row)))

    def _check_keys(self, message: Mapping[str, Any]) -> None:
        """The tap may state no key, but not another one."""
        keys = message.get("key_properties")
        ours = message.get("stream") == self._stream.name
        if ours and keys and set(keys) != set(self._stream.key):
            raise self._wrong(f"the tap's key is {', '.join(map(str, keys))}; set key to that")

    def _activate(self, message: Mapping[str, Any]) -> None:
        """A new version of a table, in a run that was to bring changes: it begins anew."""
        if message.get("stream") != self._stream.name:
            return
        version = message.get("version")
        if self._began_with_state and self._version not in (None, version):
            raise CursorExpiredError("the tap began a new version of the stream; read it in full")
        self._version = version

    def _wrong(self, message: str) -> SourceSchemaError:
        return SourceSchemaError(message, system=SYSTEM, stream=self._stream.name)


def parse(lines: Iterator[bytes], stream: str) -> Iterator[Mapping[str, Any]]:
    """Each line as a message; one that is none stops the read, for its record would be lost."""
    for number, line in enumerate(lines, 1):
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or "type" not in message:
            text = f"message {number} of the tap is no Singer message; it may print other things"
            raise SourceSchemaError(text, system=SYSTEM, stream=stream)
        yield message


def _key(stream: TapStream, row: Mapping[str, Any]) -> str | None:
    values = [row.get(name) for name in stream.key]
    if not all(map(_is_key_part, values)):
        return None
    return str(values[0]) if len(values) == 1 else composite_key(values)


def _is_key_part(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and bool(value.strip()))


def _version(stream: TapStream, row: Mapping[str, Any]) -> str | None:
    value = row.get(stream.cursor) if stream.cursor else None
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:020d}"
    return value if isinstance(value, str) and value else None
