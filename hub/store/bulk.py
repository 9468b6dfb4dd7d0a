"""Bulk statements of the hot paths: COPY and array parameters on PostgreSQL, batches on SQLite.

Rows are plain tuples in the driver's own types (times as microseconds, money as ten-thousandths):
the column types of SQLAlchemy would cost more for each row than the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from hub.store.driver import Answer, ask, await_sent, fetch, no_rows, run_each, send

Row = tuple[Any, ...]

BY_ONES: Final = 3
"""So many go one by one: nobody waits for them, and arrays of long texts are slow to write."""
FEW: Final = 64
"""So many rows go in one statement; COPY takes three turns with the server, and less a row."""


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: list[Row]) -> None:
    """Add rows that aren't there yet."""
    if not rows:
        return
    if _is_sqlite(connection):
        run_each(connection, _insert_sql(table, tuple(columns)), rows)
    elif len(rows) <= BY_ONES:
        for row in rows:
            send(connection, _insert_one(table, tuple(columns)), row)
    elif len(rows) <= FEW:
        send(connection, _insert_postgresql(table, tuple(columns)), arrays(rows))
    else:
        _copy(connection, table, columns, rows)


def update(connection: Connection, table: Table, columns: Sequence[str], rows: list[Row]) -> None:
    """Set the columns after the first, in the rows that the first column (an id) names."""
    if not rows:
        return
    if _is_sqlite(connection):
        each = [(*row[1:], row[0]) for row in rows]
        run_each(connection, _update_sqlite(table, tuple(columns)), each)
    elif len(rows) == 1:
        send(connection, _update_one(table, tuple(columns)), (*rows[0][1:], rows[0][0]))
    else:
        send(connection, _update_postgresql(table, tuple(columns)), arrays(rows))


def delete(connection: Connection, table: Table, column: str, values: Sequence[Any]) -> None:
    """Remove the rows whose column holds one of the values."""
    if not values:
        return
    if _is_sqlite(connection):
        sql = f"DELETE FROM {table.name} WHERE {column} IN (SELECT value FROM json_each(?))"
        send(connection, sql, bound_list(connection, values))
    else:
        kind = postgresql_type(table, column)
        sql = f"DELETE FROM {table.name} WHERE {column} = ANY(%s::{kind}[])"
        send(connection, sql, bound_list(connection, values))


def look_up(
    connection: Connection, table: Table, columns: Sequence[str], where: LookUp
) -> list[Any]:
    """Rows whose column is one of many values; one statement, driven from the values.

    SQLite must be told to start at the values (CROSS JOIN keeps the order of the tables): its
    planner takes the table first, which costs the whole table for each value. Without values the
    database is not asked.
    """
    return fetch(connection, *_look_up(connection, table, columns, where)) if where.values else []


def ask_for(connection: Connection, table: Table, columns: Sequence[str], where: LookUp) -> Answer:
    """The same, called for later (:func:`hub.store.driver.ask`)."""
    if not where.values:
        return no_rows
    return ask(connection, *_look_up(connection, table, columns, where))


def _look_up(
    connection: Connection, table: Table, columns: Sequence[str], where: LookUp
) -> tuple[str, Row, Sequence[str]]:
    fixed = [] if where.fixed is None else [where.fixed[1]]
    if _is_sqlite(connection):
        sql = _look_up_sqlite(table, tuple(columns), where.column, where.fixed and where.fixed[0])
        bound: Row = (*bound_list(connection, where.values), *fixed)
    else:
        one = len(where.values) == 1
        sql = _look_up_postgresql(
            table, tuple(columns), where.column, fixed=where.fixed and where.fixed[0], one=one
        )
        bound = (where.values[0] if one else _array(where.values), *fixed)
    return sql, bound, columns


class LookUp:
    """Which rows to look up: ``column`` among ``values``, and one more column at a fixed value."""

    __slots__ = ("column", "fixed", "values")

    def __init__(
        self, column: str, values: Iterable[Any], *, fixed: tuple[str, Any] | None = None
    ) -> None:
        self.column = column
        self.values = list(values)
        self.fixed = fixed


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def arrays(rows: Sequence[Row]) -> Row:
    """The rows as PostgreSQL's unnest takes them: an array for each column."""
    return tuple(list(column) for column in zip(*rows, strict=True))


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: list[Row]) -> None:
    await_sent(connection)
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        write = copy.write_row
        for row in rows:
            write(row)


@lru_cache
def _insert_sql(table: Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"


@lru_cache
def _insert_one(table: Table, columns: tuple[str, ...]) -> str:
    """An array of one costs the driver more than the statement does."""
    marks = ", ".join(f"%s::{postgresql_type(table, column)}" for column in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"


@lru_cache
def _insert_postgresql(table: Table, columns: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{postgresql_type(table, column)}[]" for column in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"


@lru_cache
def _update_sqlite(table: Table, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{column} = ?" for column in columns[1:])
    return f"UPDATE {table.name} SET {changes} WHERE {columns[0]} = ?"


@lru_cache
def _update_one(table: Table, columns: tuple[str, ...]) -> str:
    kinds = [postgresql_type(table, column) for column in columns]
    changes = ", ".join(f"{c} = %s::{kind}" for c, kind in zip(columns[1:], kinds[1:], strict=True))
    return f"UPDATE {table.name} SET {changes} WHERE {columns[0]} = %s::{kinds[0]}"


@lru_cache
def _update_postgresql(table: Table, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{column} = fresh.{column}" for column in columns[1:])
    arrays = ", ".join(f"%s::{postgresql_type(table, column)}[]" for column in columns)
    return (
        f"UPDATE {table.name} SET {changes} "
        f"FROM unnest({arrays}) AS fresh({', '.join(columns)}) "
        f"WHERE {table.name}.{columns[0]} = fresh.{columns[0]}"
    )


@lru_cache
def _look_up_sqlite(table: Table, columns: tuple[str, ...], by: str, fixed: str | None) -> str:
    wanted = ", ".join(f"held.{column}" for column in columns)
    extra = f" AND held.{fixed} = ?" if fixed else ""
    return (
        f"SELECT {wanted} FROM json_each(?) AS wanted CROSS JOIN {table.name} AS held "
        f"WHERE held.{by} = wanted.value{extra}"
    )


@lru_cache
def _look_up_postgresql(
    table: Table, columns: tuple[str, ...], by: str, *, fixed: str | None, one: bool
) -> str:
    extra = f" AND {fixed} = %s" if fixed else ""
    kind = postgresql_type(table, by)
    wanted = f"%s::{kind}" if one else f"ANY(%s::{kind}[])"
    return f"SELECT {', '.join(columns)} FROM {table.name} WHERE {by} = {wanted}{extra}"


@lru_cache
def postgresql_type(table: Table, column: str) -> str:
    """A column's type as PostgreSQL calls it, without the collation, which no array has."""
    from sqlalchemy.dialects import postgresql

    named = table.c[column].type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    return named.partition(" COLLATE ")[0]


def bound_list(connection: Connection, values: Iterable[Any]) -> Row:
    """Many values as one parameter: json_each reads them on SQLite, PostgreSQL has arrays."""
    listed = list(values)
    return (orjson.dumps(listed).decode() if _is_sqlite(connection) else _array(listed),)


def _array(values: list[Any]) -> str | list[Any]:
    """Texts or numbers as PostgreSQL writes an array: a third of what the driver takes for it.

    https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO; other values are the driver's.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in values]
        return '{"' + '","'.join(quoted) + '"}'
    return "{" + ",".join(map(str, values)) + "}" if kinds == {int} else values


def driver_uuid(connection: Connection, value: str) -> str:
    """A UUID as the driver stores it: SQLite has no such type and keeps 32 hex digits."""
    return value.replace("-", "") if _is_sqlite(connection) else value
