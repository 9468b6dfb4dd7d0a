"""The connector: reads each configured file in pages, and goes on at a byte offset or a row.

A cursor holds the file's identity and the place after the last entry. While the file is the same,
reading goes on there; once it is another, the cursor has expired and the file is read in full.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from connectors.file.config import FileConfig, FileSource
from connectors.file.lines import SYSTEM, CsvLines, Entry, JsonLines, LineReader
from hub.errors import CursorExpiredError, SourceSchemaError, SourceUnavailableError
from hub.sdk import Cursor, Page, Record, Unreadable, composite_key

REPLACED: Final = "a later row has the same key"


class FileReader:
    """The files of one folder; opens each for the time of its read."""

    def __init__(self, config: FileConfig) -> None:
        self._root = config.root
        self._page_size = config.page_size
        self._sources = {source.name: source for source in config.files}

    def check(self) -> str:
        """Open every file and read its first line."""
        for source in self._sources.values():
            with self._opened(source) as file:
                next(_lines_of(source, file).entries(0), None)
        return f"{len(self._sources)} file(s) can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages of entries; what can't be read is given with its reason."""
        source = self._source(stream)
        with self._opened(source) as file:
            identity = _identity(file)
            start = _offset(cursor, identity)
            lines = _lines_of(source, file)
            last = _last_of_repeated(source, lines)
            entries = lines.entries(start)
            while batch := list(islice(entries, self._page_size)):
                if _identity(file) != identity:
                    message = "the file was changed while it was read; read it once it is complete"
                    raise SourceUnavailableError(message, system=SYSTEM, stream=stream)
                yield _page(source, batch, identity, last)

    def close(self) -> None:
        """Nothing is kept open between reads."""

    def _source(self, stream: str) -> FileSource:
        source = self._sources.get(stream)
        if source is None:
            raise SourceSchemaError("no such file is configured", system=SYSTEM, stream=stream)
        return source

    @contextmanager
    def _opened(self, source: FileSource) -> Iterator[BinaryIO]:
        path = self._locate(source)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            with open(os.open(path, flags), "rb") as file:  # noqa: PTH123  # flags need a descriptor
                yield _regular(file, source)
        except OSError as error:
            message = f"the file can't be read ({error.strerror}); check that it was delivered"
            raise SourceUnavailableError(message, system=SYSTEM, stream=source.name) from error

    def _locate(self, source: FileSource) -> Path:
        """The real file, links followed, which must lie below the real root."""
        try:
            root = self._root.resolve(strict=True)
            path = (root / source.path).resolve(strict=True)
        except (OSError, RuntimeError) as error:
            message = f"{source.path} is not there; check the root and that it was delivered"
            raise SourceUnavailableError(message, system=SYSTEM, stream=source.name) from error
        if not path.is_relative_to(root):
            message = f"{source.path} leads out of the root by a link; nothing was read"
            raise SourceSchemaError(message, system=SYSTEM, stream=source.name)
        return path


def _regular(file: BinaryIO, source: FileSource) -> BinaryIO:
    """A pipe or a device would never end."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        message = f"{source.path} is not a regular file"
        raise SourceSchemaError(message, system=SYSTEM, stream=source.name)
    return file


def _lines_of(source: FileSource, file: BinaryIO) -> LineReader:
    """The reader of the file's format; those of tables are loaded when a file needs them."""
    if source.format == "parquet":
        from connectors.file.parquet import ParquetRows

        return ParquetRows(file, source)
    if source.format == "xlsx":
        from connectors.file.sheets import SheetRows

        return SheetRows(file, source)
    return JsonLines(file, source) if source.format == "jsonl" else CsvLines(file, source)


def _identity(file: BinaryIO) -> str:
    found = os.fstat(file.fileno())
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def _offset(cursor: Cursor | None, identity: str) -> int:
    if not cursor:
        return 0
    offset = cursor.get("offset")
    if cursor.get("file") != identity or not isinstance(offset, int):
        raise CursorExpiredError("the file is not the one that was read last; read it in full")
    return offset


def _last_of_repeated(source: FileSource, lines: LineReader) -> dict[str, int]:
    """Where the last row ends of each key that several rows have.

    Without it they would replace one another in each read, and the record would never rest.
    """
    seen: set[int] = set()
    last: dict[str, int] = {}
    for entry in lines.entries(0):
        key = None if entry.reason else _key(source, entry.row)
        if key is None:
            continue
        if hash(key) in seen:
            last[key] = entry.end
        seen.add(hash(key))
    return last


def _page(source: FileSource, batch: list[Entry], identity: str, last: Mapping[str, int]) -> Page:
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    replaced = 0
    for entry in batch:
        key = _key(source, entry.row)
        if entry.reason:
            unreadable.append(Unreadable(key, entry.reason, entry.raw))
        elif key is None:
            reason = f"no value in the key field {', '.join(source.key)}"
            unreadable.append(Unreadable(None, reason, _as_raw(entry.row)))
        elif last.get(key, entry.end) != entry.end:
            replaced += 1
        else:
            records.append(Record(key, entry.row, _version(source, entry.row)))
    cursor: Cursor = {"file": identity, "offset": batch[-1].end}
    excluded = {REPLACED: replaced} if replaced else {}
    return Page(records=records, unreadable=unreadable, cursor=cursor, excluded=excluded)


def _key(source: FileSource, row: Mapping[str, Any]) -> str | None:
    """The key's text; None where a part is missing, empty or no plain value."""
    values = [row.get(name) for name in source.key]
    if not all(map(_is_key_part, values)):
        return None
    return str(values[0]) if len(values) == 1 else composite_key(values)


def _is_key_part(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and bool(value.strip()))


def _version(source: FileSource, row: Mapping[str, Any]) -> str | None:
    """The time of change in one form that sorts as text; None where it is none."""
    value = row.get(source.updated_field) if source.updated_field else None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def _as_raw(row: Mapping[str, Any]) -> str:
    return orjson.dumps(row).decode()
