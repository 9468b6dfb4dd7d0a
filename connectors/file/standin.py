"""Stand-in for somebody who delivers files: a folder with one file for each stream.

Seed rows: customers (CSV), partners (JSON Lines), and where the libraries are there, dealers
(Parquet) and suppliers (Excel), by id: {"id": "7", "name": …}. A change writes a new file and
renames it, as a delivery should.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson
from pydantic import JsonValue

from hub.errors import ConfigError
from hub.sdk import Fault, StandInState
from hub.sdk.standin import Row

COLUMNS: Final = (
    *("id", "name", "kind", "email", "phone"),
    *("street", "city", "postcode", "country", "updated"),
)


class FolderStandIn:
    """A folder of its own; there is no socket, so there are no faults."""

    def __init__(self, state: StandInState, port: int = 0) -> None:  # noqa: ARG002  # no socket
        self._folder = tempfile.TemporaryDirectory(prefix="hub-files-")
        self.state = _FolderState(Path(self._folder.name), state)

    @property
    def config(self) -> dict[str, JsonValue]:
        """One file for each format that can be written here."""
        files: list[JsonValue] = [
            {
                "name": stream,
                "path": f"{stream}.{form}",
                "format": form,
                "key": ["id"],
                "updated_field": "updated",
            }
            for stream, form in _streams().items()
        ]
        return {"root": self._folder.name, "files": files}

    def fail(self, fault: Fault) -> None:
        """A folder has no connection that could break."""
        raise ConfigError(f"a folder has no fault {fault.kind}; change its files instead")

    def stop(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


class _FolderState(StandInState):
    """Rows that are delivered as files whenever they change."""

    def __init__(self, folder: Path, seed: StandInState) -> None:
        self._folder = folder
        self._delivered: dict[str, bytes] = {}
        super().__init__(seed.records, seed.path)
        self._deliver()

    def save(self) -> None:
        super().save()
        self._deliver()

    def _deliver(self) -> None:
        for stream, form in _streams().items():
            held = orjson.dumps(self.stream(stream))
            if self._delivered.get(stream) == held:
                continue
            self._delivered[stream] = held
            fresh = self._folder / f"{stream}.new"
            fresh.write_bytes(_WRITERS[form](list(self.stream(stream).values())))
            fresh.replace(self._folder / f"{stream}.{form}")


def _streams() -> dict[str, str]:
    """Each stream's format."""
    tables = {"parquet": ("dealers", "pyarrow"), "xlsx": ("suppliers", "openpyxl")}
    found = {stream: form for form, (stream, needs) in tables.items() if find_spec(needs)}
    return {"customers": "csv", "partners": "jsonl", **found}


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _jsonl(rows: Sequence[Row]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    sink = io.BytesIO()
    columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS]
    table = pa.Table.from_arrays(columns, schema=schema)
    parquet.write_table(table, sink, row_group_size=max(5, len(rows) // 4))
    return sink.getvalue()


def _xlsx(rows: Sequence[Row]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("customers")
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row.get(name) for name in COLUMNS])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


_WRITERS: Final[Mapping[str, Callable[[Sequence[Row]], bytes]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
