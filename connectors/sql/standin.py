"""Stand-in for a company's database: an SQLite file with the tables customer and person.

Seed rows: customers, by id: {"id": 1, "name": …, "changed_at": "2026-01-31T12:00:00.000000Z"};
people, by [customer, number]: {"customer": 1, "number": 2, "name": …}. The tables are the truth:
the state is read from them and written to them, so a change that the hub makes is seen there.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from hub.errors import ConfigError
from hub.sdk import Fault, StandInState, composite_key
from hub.sdk.standin import Row

TABLES: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "customers": (
        "customer",
        ("id",),
        """id INTEGER PRIMARY KEY, name TEXT, kind TEXT, email TEXT, phone TEXT, street TEXT,
        city TEXT, postcode TEXT, country TEXT, changed_at TEXT, deleted_at TEXT""",
    ),
    "people": (
        "person",
        ("customer", "number"),
        "customer INTEGER, number INTEGER, name TEXT, email TEXT, PRIMARY KEY (customer, number)",
    ),
}
_TRIGGER: Final = """
CREATE TRIGGER customer_changed AFTER UPDATE ON customer WHEN new.changed_at IS old.changed_at
BEGIN
  UPDATE customer SET changed_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' WHERE id = old.id;
END"""
_PEOPLE: Final = "SELECT customer, number, name, email FROM person"


class SqlStandIn:
    """A database file in a folder of its own; there is no socket, so there are no faults."""

    def __init__(self, state: StandInState, port: int = 0) -> None:  # noqa: ARG002  # no socket
        self._folder = tempfile.TemporaryDirectory(prefix="hub-sql-")
        self._path = Path(self._folder.name) / "company.db"
        with closing(sqlite3.connect(self._path)) as database:
            for table, _, columns in TABLES.values():
                database.execute(f"CREATE TABLE {table} ({columns})")
            database.execute(_TRIGGER)
            database.commit()
        self.state = _TableState(self._path, state)

    @property
    def config(self) -> dict[str, JsonValue]:
        """``settle_seconds`` is 0: no transaction of the stand-in is ever open."""
        customers: dict[str, JsonValue] = {
            "name": "customers",
            "table": "customer",
            "key": ["id"],
            "cursor": "changed_at",
            "deleted": "deleted_at",
            "write": True,
        }
        people: dict[str, JsonValue] = {
            "name": "people",
            "select": _PEOPLE,
            "key": ["customer", "number"],
        }
        return {
            "dialect": "sqlite",
            "path": str(self._path),
            "tables": [customers, people],
            "settle_seconds": 0,
        }

    def fail(self, fault: Fault) -> None:
        """A file has no connection that could break."""
        raise ConfigError(f"a database file has no fault {fault.kind}")

    def stop(self) -> None:
        """Keep the rows where the state has a file, and remove the database."""
        self.state.save()
        self.state.close()
        self._folder.cleanup()


class _TableState(StandInState):
    """Rows of the tables as a stand-in's state: read again once the hub has changed one, and
    written when they are changed here.
    """

    def __init__(self, path: Path, seed: StandInState) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA synchronous = OFF")  # gone with the stand-in anyway
        self._seen = 0
        self._held: dict[str, dict[str, Row]] = {}
        self._stored: dict[str, dict[str, Row]] = {stream: {} for stream in TABLES}
        super().__init__(seed.records, seed.path)
        self._write()
        self._seen = self._version()

    @property
    def records(self) -> dict[str, dict[str, Row]]:
        """The rows as they are now."""
        if self._version() != self._seen:
            self._seen = self._version()
            self._held = self._load()
            self._stored = _copy(self._held)
        return self._held

    @records.setter
    def records(self, rows: dict[str, dict[str, Row]]) -> None:
        self._held = rows

    def save(self) -> None:
        """The tables follow, and the state's own file if it has one."""
        self._write()
        super().save()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _version(self) -> int:
        """Changes when another connection has changed the database."""
        return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def _load(self) -> dict[str, dict[str, Row]]:
        return {
            stream: {
                _key([row[name] for name in keys]): dict(row)
                for row in self._database.execute(f"SELECT * FROM {table}")
            }
            for stream, (table, keys, _) in TABLES.items()
        }

    def _write(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        for stream, (table, keys, _) in TABLES.items():
            now, before = self._held.get(stream, {}), self._stored[stream]
            gone = [key for key in before if key not in now]
            changed = [key for key, row in now.items() if before.get(key) != row]
            for key in (*gone, *(key for key in changed if key in before)):
                values = [before[key][name] for name in keys]
                where = " AND ".join(f"{name} = ?" for name in keys)
                self._database.execute(f"DELETE FROM {table} WHERE {where}", values)
            for key in changed:
                _insert(self._database, table, now[key])
            self._stored[stream] = _updated(before, now, changed, gone)
        self._database.execute("COMMIT")


def _insert(database: sqlite3.Connection, table: str, row: Row) -> None:
    marks = ", ".join("?" * len(row))
    names = ", ".join(row)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))


def _updated(
    before: dict[str, Row], now: dict[str, Row], changed: list[str], gone: list[str]
) -> dict[str, Row]:
    """What is stored now; rows are changed in place, so copies are kept."""
    before.update({key: dict(now[key]) for key in changed})
    for key in gone:
        del before[key]
    return before


def _copy(records: dict[str, dict[str, Row]]) -> dict[str, dict[str, Row]]:
    return {
        stream: {key: dict(row) for key, row in rows.items()} for stream, rows in records.items()
    }


def _key(values: list[Any]) -> str:
    return str(values[0]) if len(values) == 1 else composite_key(values)
