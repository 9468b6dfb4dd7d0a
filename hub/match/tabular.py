"""Rows of a CSV or Parquet file as texts, in bounded memory, each with where it stands.

A file can be read again and again; nothing but the batch at hand is held.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from hub.errors import ConfigError

_PARQUET: Final = b"PAR1"
_BATCH: Final = 20_000
_DELIMITERS: Final = ",;\t|"
_LONGEST_CELL: Final = 1 << 24
"""The csv module's own limit of 128 KiB is less than some e-mails have that stand in a cell."""
_BINARY: Final = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\x1f\x8b": "compressed",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
}
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")

Cells = Sequence[str]


class Row(NamedTuple):
    """One row; ``line`` is the file's line, or in Parquet the row's number."""

    line: int
    cells: Cells


class Table(NamedTuple):
    """A file with named columns; ``rows`` reads it from the start."""

    path: Path
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    unit: str = "line"

    def wrong(self, line: int, message: str) -> ConfigError:
        """An error at a row of the file."""
        return ConfigError(f"{self.path}, {self.unit} {line}: {message}")


def open_table(path: Path, *, encoding: str = "", delimiter: str = "") -> Table:
    """The file's columns and rows; a CSV is UTF-8 (or UTF-16 with its mark) unless told."""
    head = _head(path)
    if head.startswith(_PARQUET) or path.suffix.lower() in (".parquet", ".pq"):
        return _open_parquet(path)
    chosen = encoding or ("utf-16" if head.startswith(_UTF16) else "utf-8-sig")
    _refuse_binary(path, head, wide="16" in chosen)
    return _open_csv(path, chosen, delimiter)


def _refuse_binary(path: Path, head: bytes, *, wide: bool) -> None:
    what = next((what for magic, what in _BINARY.items() if head.startswith(magic)), None)
    if what is not None:
        raise ConfigError(f"{path} is {what}; save it as CSV or Parquet")
    if b"\0" in head and not wide:
        raise ConfigError(f"{path} is neither CSV nor Parquet: it holds binary bytes")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"{path} can't be read: {reason}") from error
    if not head.strip():
        raise ConfigError(f"{path} is empty; its first line must name the columns")
    return head


def _open_csv(path: Path, encoding: str, delimiter: str) -> Table:
    mark = delimiter or _guess_delimiter(path, encoding)
    columns = tuple(name.strip() for name in _header(path, encoding, mark))
    if not columns:
        raise ConfigError(f"{path} is empty; its first line must name the columns")
    _check_names(path, columns)

    def rows() -> Iterator[Row]:
        found = _csv_lines(path, encoding, mark)
        next(found)
        for row in found:
            if len(row.cells) != len(columns):
                raise ConfigError(
                    f"{path}, line {row.line}: {len(row.cells)} cells under {len(columns)} "
                    "columns; look for a delimiter or a quotation mark inside a value"
                )
            yield row

    return Table(path, columns, rows)


def _csv_lines(path: Path, encoding: str, delimiter: str, *, strict: bool = True) -> Iterator[Row]:
    """Rows with something in them; strict, since a quotation mark left open would swallow some."""
    line = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            csv.field_size_limit(_LONGEST_CELL)
            reader = csv.reader(file, delimiter=delimiter, strict=strict)
            for cells in reader:
                line = reader.line_num
                if any(map(str.strip, cells)):
                    yield Row(line, cells)
    except (UnicodeError, LookupError) as error:
        raise ConfigError(
            f"{path}, after line {line}: not {encoding.removesuffix('-sig')}; "
            "name its encoding in the mapping file (encoding: cp1252)"
        ) from error
    except csv.Error as error:
        raise ConfigError(f"{path}, line {line + 1}: no CSV: {error}") from error


def _guess_delimiter(path: Path, encoding: str) -> str:
    """The one that parts the header into most columns."""
    return max(_DELIMITERS, key=lambda mark: len(_header(path, encoding, mark, strict=False)))


def _header(path: Path, encoding: str, delimiter: str, *, strict: bool = True) -> Cells:
    lines = _csv_lines(path, encoding, delimiter, strict=strict)
    return next((row.cells for row in lines), ())


def _check_names(path: Path, columns: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in columns:
        if name and name.lower() in seen:
            raise ConfigError(f"{path} has two columns {name!r}; rename one")
        seen.add(name.lower())


def _open_parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise ConfigError(
            f"{path} needs pyarrow to be read; install customer-hub[files], or save it as CSV"
        ) from error
    try:
        columns = tuple(parquet.read_schema(path).names)
    except (ArrowException, OSError) as error:
        raise ConfigError(f"{path} is no Parquet file, or a broken one") from error
    _check_names(path, columns)

    def rows() -> Iterator[Row]:
        try:
            yield from _parquet_rows(parquet.ParquetFile(path))
        except (ArrowException, OSError) as error:
            raise ConfigError(f"{path} is a broken Parquet file") from error

    return Table(path, columns, rows, "row")


def _parquet_rows(file: Any) -> Iterator[Row]:
    number = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
        for cells in zip(*columns, strict=True):
            number += 1
            yield Row(number, cells)


def _text(value: Any) -> str:
    """A cell as text: a list as its items parted by ";", a whole float as a whole number.

    Bytes are texts of a writer that did not say so, as older ones of Hive, Impala and Spark.
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124  # NaN is what a missing number becomes
        return ""
    if isinstance(value, list):
        return ";".join(map(_text, value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return _text_of_one(value)


def _text_of_one(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
