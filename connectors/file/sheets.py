"""Sheets of Excel workbooks (ECMA-376, "xlsx"), row by row; a place is a number of rows.

openpyxl reads them: it streams a sheet, where quicker readers hold all of it. Of a formula the
value that Excel computed last is read. Excel has one kind of number; one without a fraction is an
integer here. An archive is looked at before it is unpacked: it could hold a thousand times as much.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import orjson

from connectors.file.config import FileSource
from connectors.file.lines import MAX_RAW, Entry, check_keys, refuse
from connectors.file.missing import needs_files_extra
from hub.errors import HubError
from hub.sdk.plain import plain

MAX_ROWS: Final = 1_048_576
"""Rows of a sheet by the format itself."""
MAX_PARTS: Final = 5000
MAX_UNPACKED: Final = 1024**3
MAX_TEXTS: Final = 256 * 1024**2
"""Bytes of the part with the shared texts, all of which are held while a sheet is read."""
MAX_CELLS: Final = 100_000_000
_TEXTS: Final = "sharedstrings.xml"
_ERRORS: Final = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"}
)
_EXACT: Final = 2**53


class SheetRows:
    """The rows under the header row of one sheet."""

    def __init__(self, file: BinaryIO, source: FileSource) -> None:
        _check_archive(file, source)
        self._file = file
        self._source = source
        self._first = source.header_row
        rows = self._rows()
        header = next((row for number, row in rows if number == self._first), ())
        self.header = _header(source, header)

    def entries(self, start: int) -> Iterator[Entry]:
        """One entry for each row that is not blank."""
        for number, row in self._rows():
            if number > max(start, self._first) and any(cell is not None for cell in row):
                yield self._entry(number, row)

    def _entry(self, number: int, row: Sequence[Any]) -> Entry:
        width = len(self.header)
        values = [_honest(cell) for cell in (*row[:width], *[None] * (width - len(row)))]
        found = dict(zip(self.header, values, strict=True))
        if any(cell is not None for cell in row[width:]):
            reason = "a cell beyond the last column that the header names"
        elif broken := [name for name, value in found.items() if value in _ERRORS]:
            reason = f"an error of Excel in column {', '.join(broken)}"
        else:
            return Entry(number, found)
        trusted = {name: value for name, value in found.items() if value not in _ERRORS}
        return Entry(number, trusted, f"row {number}: {reason}", _raw(row))

    def _rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Each row with its number, within the bounds of the format."""
        cells = 0
        for number, row in enumerate(self._unpack(), 1):
            cells += len(row)
            if number > MAX_ROWS or cells > MAX_CELLS:
                raise refuse(self._source, "the sheet is larger than a sheet can be")
            yield number, row

    def _unpack(self) -> Iterator[tuple[Any, ...]]:
        """The library raises whatever its parser meets, so all of it means: damaged."""
        with needs_files_extra("XLSX"):
            from openpyxl import load_workbook
        warnings.filterwarnings("ignore", module="openpyxl")  # of styles that it leaves out
        self._file.seek(0)
        try:
            book = load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
            sheet = self._sheet(book)
            sheet.reset_dimensions()  # some programs write a wrong size, and rows would be lost
            yield from sheet.iter_rows(values_only=True)
        except (HubError, MemoryError):
            raise
        except Exception as error:
            cause = type(error).__name__
            raise refuse(self._source, f"the workbook is damaged ({cause})") from error

    def _sheet(self, book: Any) -> Any:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        name = self._source.sheet
        if name is not None and name not in sheets:
            raise refuse(self._source, "there is no sheet of that name")
        if not sheets:
            raise refuse(self._source, "the workbook has no sheet")
        return sheets[name] if name is not None else next(iter(sheets.values()))


def _check_archive(file: BinaryIO, source: FileSource) -> None:
    """Nothing is unpacked to a file, whatever the names of the parts are."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, RuntimeError) as error:
        message = "it is no xlsx file; one with a password, or an old xls file, can't be read"
        raise refuse(source, message) from error
    texts = [part for part in parts if part.filename.lower().endswith(_TEXTS)]
    if (
        len(parts) > MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED
        or sum(part.file_size for part in texts) > MAX_TEXTS
    ):
        raise refuse(source, "the workbook is too large once it is unpacked; deliver it as CSV")


def _header(source: FileSource, row: Sequence[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    if not names or "" in names or len(set(names)) != len(names):
        raise refuse(source, "the header is missing, or has an empty or repeated name")
    check_keys(source, names)
    return names


def _honest(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    return plain(cell)


def _raw(row: Sequence[Any]) -> str:
    return orjson.dumps([plain(cell) for cell in row]).decode()[:MAX_RAW]
