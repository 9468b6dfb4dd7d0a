"""How fast the sql, file and singer connectors read, and how far memory rises meanwhile.

`python -m benchmarks.tables` prints one line each; every source is read in a process of its own.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hub.sdk import Connector

ROWS = 200_000
SHEET_ROWS = 50_000
FIELDS = ("id", "name", "email", "phone", "street", "city", "postcode", "country", "updated_at")
TAP = """
import json, sys
for n in range({rows}):
    row = {{"id": n, "name": "Example", "email": f"office{{n}}@example.com", "phone": "+43 1 5000",
           "street": "Sample Way", "city": "Vienna", "postcode": "1010", "country": "AT",
           "updated_at": f"2026-01-01T00:00:{{n:08d}}"}}
    sys.stdout.write(json.dumps({{"type": "RECORD", "stream": "rows", "record": row}}) + "\\n")
    if n % 1000 == 999:
        sys.stdout.write(json.dumps({{"type": "STATE", "value": {{"at": n}}}}) + "\\n")
"""


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    fixed = ("+43 1 5000", "Sample Way", "Vienna", "1010", "AT")
    for number in range(count):
        stamp = f"2026-01-01 00:00:{number // 5000:02d}.{number % 5000:06d}"
        yield (number, f"Example {number}", f"office{number}@example.com", *fixed, stamp)


def sqlite(folder: Path) -> Connector:
    from connectors.sql import hub_connector

    path = folder / "company.db"
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE rows ({', '.join(FIELDS)}, PRIMARY KEY (updated_at, id))")
        database.executemany(f"INSERT INTO rows VALUES ({','.join('?' * 9)})", rows(ROWS))
    database.close()
    table = {"name": "rows", "table": "rows", "key": ["id"], "cursor": "updated_at"}
    spec = hub_connector()
    settings = {"dialect": "sqlite", "path": path, "tables": [table]}
    return spec.open(spec.config.model_validate(settings))


def parquet(folder: Path) -> Connector:
    import pyarrow as pa
    from pyarrow import parquet as format_

    columns = dict(zip(FIELDS, map(list, zip(*rows(ROWS), strict=True)), strict=True))
    format_.write_table(pa.table(columns), folder / "rows.parquet", row_group_size=20_000)
    return file(folder, "parquet")


def xlsx(folder: Path) -> Connector:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(FIELDS)
    for row in rows(SHEET_ROWS):
        sheet.append(row)
    book.save(folder / "rows.xlsx")
    return file(folder, "xlsx")


def file(folder: Path, form: str) -> Connector:
    from connectors.file import hub_connector

    spec = hub_connector()
    source = {"name": "rows", "path": f"rows.{form}", "format": form, "key": ["id"]}
    return spec.open(spec.config.model_validate({"root": folder, "files": [source]}))


def singer(folder: Path) -> Connector:
    from connectors.singer import hub_connector

    program, catalog = folder / "tap.py", folder / "catalog.json"
    program.write_text(TAP.format(rows=ROWS))
    catalog.write_text(json.dumps({"streams": [{"tap_stream_id": "rows", "schema": {}}]}))
    spec = hub_connector()
    settings = {
        "command": [sys.executable, "-I", str(program)],
        "catalog": catalog,
        "streams": [{"name": "rows", "key": ["id"], "cursor": "updated_at"}],
    }
    return spec.open(spec.config.model_validate(settings))


SOURCES: dict[str, Callable[[Path], Connector]] = {
    "sqlite": sqlite,
    "parquet": parquet,
    "xlsx": xlsx,
    "singer": singer,
}


def measure(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connector = SOURCES[name](Path(folder))
        begin, cpu, count, first = time.monotonic(), time.process_time(), 0, 0
        for page in connector.read("rows", None):
            count += len(page.records)
            first = first or _memory()
        took, cpu = time.monotonic() - begin, time.process_time() - cpu
    figures = f"{count:>7} rows {count / took:>8.0f}/s {count / cpu:>8.0f}/CPU-s"
    print(f"{name:8} {figures}  peak MB {first} -> {_memory()}", flush=True)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    for source in SOURCES:
        subprocess.run([sys.executable, "-m", "benchmarks.tables", source], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
