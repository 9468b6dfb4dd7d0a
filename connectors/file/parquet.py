"""Parquet files, a batch of rows at a time; a place is a number of rows.

pyarrow reads them: it is Apache's own library for the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from connectors.file.config import FileSource
from connectors.file.lines import Entry, check_keys, refuse
from connectors.file.missing import needs_files_extra
from hub.sdk.plain import plain

BATCH: Final = 100
MAX_COLUMNS: Final = 2000
MAX_GROUP: Final = 2 * 1024**3
"""Bytes of a row group once it is unpacked, by its own account."""
_DAMAGED: Final = "it is no Parquet file, or it is damaged"


class ParquetRows:
    """The rows of a file, whose row groups are read one after the other."""

    def __init__(self, file: BinaryIO, source: FileSource) -> None:
        with needs_files_extra("Parquet"):
            import pyarrow as pa
            from pyarrow import parquet
        self._arrow = pa
        self._source = source
        try:
            self._file = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise refuse(source, _DAMAGED) from error
        names = list(self._file.schema_arrow.names)
        if len(names) > MAX_COLUMNS or len(set(names)) != len(names):
            raise refuse(source, f"it has two columns of one name, or more than {MAX_COLUMNS}")
        check_keys(source, names)

    def entries(self, start: int) -> Iterator[Entry]:
        """One entry for each row."""
        place, groups = self._groups_after(start)
        try:
            for batch in self._file.iter_batches(BATCH, row_groups=groups, use_threads=False):
                for row in self._rows(batch):
                    place += 1
                    if place > start:
                        yield Entry(place, row)
        except (self._arrow.ArrowException, OSError) as error:
            raise refuse(self._source, _DAMAGED) from error

    def _groups_after(self, start: int) -> tuple[int, list[int]]:
        """The row groups that hold what is left, and how many rows come before them."""
        meta, before = self._file.metadata, 0
        sizes = [meta.row_group(number) for number in range(meta.num_row_groups)]
        if any(group.total_byte_size > MAX_GROUP for group in sizes):
            raise refuse(self._source, "a row group is over 2 GiB; write the file in smaller ones")
        first = 0
        while first < len(sizes) and before + sizes[first].num_rows <= start:
            before += sizes[first].num_rows
            first += 1
        return before, list(range(first, len(sizes)))

    def _rows(self, batch: Any) -> Iterator[dict[str, Any]]:
        names = batch.schema.names
        try:
            columns = [self._values(column) for column in batch.columns]
        except (ValueError, OverflowError) as error:
            message = "a value has no form here (a date after 9999?); write it as text"
            raise refuse(self._source, message) from error
        for values in zip(*columns, strict=True):
            yield {name: plain(value) for name, value in zip(names, values, strict=True)}

    def _values(self, column: Any) -> list[Any]:
        """Python's times have microseconds, so nanoseconds are cut off."""
        types = self._arrow.types
        if types.is_timestamp(column.type) and column.type.unit == "ns":
            column = column.cast(self._arrow.timestamp("us", column.type.tz), safe=False)
        elif types.is_time64(column.type) and column.type.unit == "ns":
            column = column.cast(self._arrow.time64("us"), safe=False)
        elif types.is_duration(column.type) and column.type.unit == "ns":
            column = column.cast(self._arrow.duration("us"), safe=False)
        values: list[Any] = column.to_pylist()
        return values
