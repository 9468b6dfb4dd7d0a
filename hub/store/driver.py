"""Statements of the hot paths, sent through the driver itself.

SQLAlchemy's own part in a small statement takes longer than the database does. Errors are the
driver's; :mod:`hub.store.database` explains them as it does SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Connection

Bound = tuple[Any, ...]


def fetch(connection: Connection, sql: str, bound: Bound, columns: Sequence[str]) -> list[Any]:
    """The rows of a statement in the caller's transaction, their columns by name."""
    cursor = _cursor(connection)
    try:
        cursor.execute(sql, bound)
        return list(map(_row_type(tuple(columns))._make, cursor.fetchall()))
    finally:
        cursor.close()


def run(connection: Connection, sql: str, bound: Bound) -> int:
    """Carry a statement out in the caller's transaction; returns how many rows it concerned."""
    cursor = _cursor(connection)
    try:
        cursor.execute(sql, bound)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def run_each(connection: Connection, sql: str, rows: Sequence[Bound]) -> None:
    """Carry a statement out for every row."""
    cursor = _cursor(connection)
    try:
        cursor.executemany(sql, rows)
    finally:
        cursor.close()


def _cursor(connection: Connection) -> Any:
    """A cursor within the transaction, which is begun here if nothing has been asked yet."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.cursor()


@lru_cache
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Found", columns)  # noqa: PYI024  # the columns are known when it is asked
