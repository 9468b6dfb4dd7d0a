"""Cuts a file into entries, each with the byte after it; a broken line costs that line only.

An entry is a row or the reason why it is none. A CSV quote that is never closed would swallow the
lines after it: such a record is given up after its first line, and reading goes on with the second.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import orjson

from connectors.file.config import FileSource
from hub.errors import SourceSchemaError

SYSTEM: Final = "file"
MAX_LINE: Final = 4 * 1024 * 1024
MAX_RECORD_LINES: Final = 1000
MAX_RAW: Final = 64 * 1024
_DAMAGED: Final = re.compile("[\0\ufffd]")
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM: Final = b"\xef\xbb\xbf"


class Entry(NamedTuple):
    """A row, or a reason and the raw text; ``end`` is the place after it.

    A place is a byte offset in a file of lines, and a number of rows in a table.

    A broken row gives those of its fields that can be trusted, so that its key may still be known.
    """

    end: int
    row: dict[str, Any]
    reason: str = ""
    raw: str = ""


class LineReader(Protocol):
    """Gives the entries after a place, which is 0 or the ``end`` of an entry."""

    def entries(self, start: int) -> Iterator[Entry]:
        """One entry for each line, record or row that is not blank."""


class JsonLines:
    """One JSON object on each line."""

    def __init__(self, file: BinaryIO, source: FileSource) -> None:
        self._file = file
        self._encoding = source.encoding
        self._first = _skip_mark(file, source)

    def entries(self, start: int) -> Iterator[Entry]:
        self._file.seek(max(start, self._first))
        while line := self._file.readline(MAX_LINE):
            if not line.endswith(b"\n") and len(line) >= MAX_LINE:
                yield _give_up_long_line(self._file, line)
            elif line.strip():
                yield self._entry(line)

    def _entry(self, line: bytes) -> Entry:
        end = self._file.tell()
        try:
            text = line if self._encoding == "utf-8" else line.decode(self._encoding)
            row = orjson.loads(text.rstrip())
        except UnicodeDecodeError:
            return Entry(end, {}, f"not valid {self._encoding}", show_raw(line))
        except orjson.JSONDecodeError as error:
            return Entry(end, {}, f"not JSON, at column {error.colno}", show_raw(line))
        if not isinstance(row, dict):
            return Entry(end, {}, "not a JSON object", show_raw(line))
        return Entry(end, row)


class CsvLines:
    """Rows under a header line, quoted by RFC 4180; a quoted field may hold line ends."""

    def __init__(self, file: BinaryIO, source: FileSource) -> None:
        self._file = file
        self._encoding = source.encoding
        self._delimiter = source.delimiter
        self._begin_at(_skip_mark(file, source))
        self.header = self._read_header(source)
        self._first = self._offset

    def entries(self, start: int) -> Iterator[Entry]:
        self._begin_at(max(start, self._first))
        while True:
            rows = self._reader()
            try:
                for fields in rows:
                    if fields:
                        yield self._entry(fields)
                    self._begin_record()
            except csv.Error as error:
                yield self._give_up_first_line(str(error))
                self._begin_at(self._file.tell())
            else:
                return

    def _begin_at(self, offset: int) -> None:
        self._file.seek(offset)
        self._offset = offset
        self._begin_record()

    def _begin_record(self) -> None:
        self._record_start = self._offset
        self._record_lines = 0
        self._flaw = ""

    def _read_header(self, source: FileSource) -> list[str]:
        try:
            names = [name.strip() for name in next(self._reader(), [])]
        except csv.Error as error:
            raise refuse(source, "the header line can't be read") from error
        if self._flaw or not names or "" in names or len(set(names)) != len(names):
            raise refuse(source, "the header is missing, or has an empty or repeated name")
        check_keys(source, names)
        return names

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._texts(), delimiter=self._delimiter, strict=True)

    def _texts(self) -> Iterator[str]:
        while line := self._file.readline(MAX_LINE):
            self._offset += len(line)
            self._record_lines += 1
            if self._record_lines > MAX_RECORD_LINES:
                raise csv.Error(f"a quoted field goes on for {MAX_RECORD_LINES} lines")
            if len(line) >= MAX_LINE:
                raise csv.Error("the line is too long")
            if b"\0" in line:
                self._flaw = "a NUL character"
            yield self._decode(line)

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            self._flaw = f"not valid {self._encoding}"
            return line.decode(self._encoding, "replace")

    def _entry(self, fields: list[str]) -> Entry:
        if not self._flaw and len(fields) == len(self.header):
            return Entry(self._offset, dict(zip(self.header, fields, strict=True)))
        counts = f"{len(fields)} fields, where the header has {len(self.header)}"
        trusted = fields if len(fields) == len(self.header) else fields[:1]
        row = {
            name: field
            for name, field in zip(self.header, trusted, strict=False)
            if not _DAMAGED.search(field)
        }
        return Entry(self._offset, row, self._flaw or counts, show_raw(self._raw()))

    def _raw(self) -> bytes:
        self._file.seek(self._record_start)
        raw = self._file.read(min(self._offset - self._record_start, MAX_RAW + 1))
        self._file.seek(self._offset)
        return raw

    def _give_up_first_line(self, reason: str) -> Entry:
        self._file.seek(self._record_start)
        line = self._file.readline(MAX_LINE)
        if not line.endswith(b"\n") and len(line) >= MAX_LINE:
            return _give_up_long_line(self._file, line)
        return Entry(self._file.tell(), {}, reason, show_raw(line))


def show_raw(line: bytes) -> str:
    """The bytes as text that every database takes; what is no UTF-8 as escapes, NUL as well."""
    cut = line if len(line) <= MAX_RAW else line[:MAX_RAW]
    text = cut.decode("utf-8", "backslashreplace").replace("\0", "\\x00").rstrip("\r\n")
    return text if cut is line else f"{text}… (the first {MAX_RAW} bytes)"


def _give_up_long_line(file: BinaryIO, begin: bytes) -> Entry:
    """Passes over the rest of a line without keeping it."""
    while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass
    reason = f"the line is longer than {MAX_LINE} bytes"
    return Entry(file.tell(), {}, reason, show_raw(begin))


def _skip_mark(file: BinaryIO, source: FileSource) -> int:
    """The offset of the first line, behind a UTF-8 byte order mark."""
    file.seek(0)
    begin = file.read(3)
    if begin[:2] in _BOMS:
        raise refuse(source, "the file is UTF-16; save it as UTF-8")
    return len(_UTF8_BOM) if begin == _UTF8_BOM else 0


def check_keys(source: FileSource, names: Sequence[str]) -> None:
    """Raise unless each key field is among the names."""
    missing = [name for name in source.key if name not in names]
    if missing:
        raise refuse(source, f"the header has no key field {', '.join(missing)}")


def refuse(source: FileSource, reason: str) -> SourceSchemaError:
    """The error that says why the file can't be read as it is."""
    return SourceSchemaError(f"{source.path}: {reason}", system=SYSTEM, stream=source.name)
