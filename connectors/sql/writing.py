"""Changing one row: compared, changed and looked at again in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sql.config import TableSource
from connectors.sql.rows import SYSTEM, is_deleted, relation_of, version_of
from connectors.sql.stamps import is_number, next_stamp
from hub.errors import ConflictError, RejectedError
from hub.sdk import Change, Receipt, Record
from hub.sdk.plain import plain
from hub.sdk.sql import Connection, Database, Row, Shape, find_row, reflect, update_row


class RowWriter:
    """Changes rows of tables that may be written to."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    def fetch(self, source: TableSource, key: str) -> Record | None:
        """The row as it is now; None where it is gone or marked as deleted."""

        def look(connection: Connection) -> Row | None:
            return _find(connection, source, reflect(connection, relation_of(source)), key)

        row = self._database.read(look, source.name)
        if row is None or is_deleted(source, row):
            return None
        return Record(
            key, {name: plain(item) for name, item in row.items()}, version_of(source, row)
        )

    def write(self, source: TableSource, change: Change) -> Receipt:
        """Make the change, or raise and leave the row as it was."""
        if not source.write:
            raise RejectedError(f"{SYSTEM}: the settings do not let {source.name} be written to")
        own = (*source.key, source.cursor, source.version, source.deleted)
        kept = {name for name in own if name}
        if refused := sorted(set(change.fields) & kept):
            message = f"key, cursor, version and deleted mark are not written: {refused}"
            raise RejectedError(f"{SYSTEM}: {message}")
        return self._database.write(
            lambda connection: self._change(connection, source, change), source.name
        )

    def _change(self, connection: Connection, source: TableSource, change: Change) -> Receipt:
        shape = reflect(connection, relation_of(source))
        row = _find(connection, source, shape, change.key, lock=True)
        if row is None or is_deleted(source, row):
            raise ConflictError(f"{SYSTEM}: the row is gone; nothing was written")
        wanted = {
            name: shape.native(name, value, zone=self._zone)
            for name, value in change.fields.items()
        }
        version = version_of(source, row)
        if _holds(row, wanted):
            return Receipt(key=change.key, version=version)  # done by an earlier try
        if change.expected_version not in (None, version):
            raise ConflictError(f"{SYSTEM}: the row was changed meanwhile; nothing was written")
        fields = {**wanted, **self._stamps(connection, source, shape, row)}
        if update_row(connection, shape, fields, guard=_guard(source, row)) != 1:
            raise ConflictError(f"{SYSTEM}: the row was changed meanwhile; nothing was written")
        after = _find(connection, source, shape, change.key)
        if after is None or not _holds(after, wanted):
            message = (
                "the database would store another value than the one sent; nothing was written"
            )
            raise RejectedError(f"{SYSTEM}: {message}")
        return Receipt(key=change.key, version=version_of(source, after))

    def _stamps(
        self, connection: Connection, source: TableSource, shape: Shape, row: Row
    ) -> dict[str, Any]:
        """New values of version and cursor, where the database does not set them by itself."""
        columns = {name for name in (source.version, source.cursor) if name and source.touch}
        if not columns:
            return {}
        if source.cursor and is_number(row[source.cursor]):
            message = "touch can't count a cursor over the whole table; let a trigger do it"
            raise RejectedError(f"{SYSTEM}: {message}")
        now = self._database.clock(connection)
        return {name: self._stamp(shape, name, row[name], now) for name in columns}

    def _stamp(self, shape: Shape, name: str, current: Any, now: Any) -> Any:
        if shape.loose or is_number(current):
            return next_stamp(current, now, self._zone)
        return shape.native(name, now.isoformat(), zone=self._zone)


def _find(
    connection: Connection, source: TableSource, shape: Shape, key: str, *, lock: bool = False
) -> Row | None:
    (name,) = source.key
    return find_row(connection, relation_of(source), {name: shape.key(name, key)}, lock=lock)


def _guard(source: TableSource, row: Row) -> dict[str, Any]:
    columns = (*source.key, source.version or source.cursor)
    return {name: row[name] for name in columns if name}


def _holds(row: Row, wanted: Mapping[str, Any]) -> bool:
    return all(_same(row[name], value) for name, value in wanted.items())


def _same(one: Any, other: Any) -> bool:
    """Equal, or equal as text: SQLite turns a text into a number where the column wants one."""
    return bool(one == other) or (None not in (one, other) and str(plain(one)) == str(plain(other)))
