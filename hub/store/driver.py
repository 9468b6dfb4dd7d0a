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
    cursor.execute(sql, bound)
    return list(map(_row_type(tuple(columns))._make, cursor.fetchall()))


def run(connection: Connection, sql: str, bound: Bound) -> int:
    """Carry a statement out in the caller's transaction; returns how many rows it concerned."""
    cursor = _cursor(connection)
    cursor.execute(sql, bound)
    return int(cursor.rowcount)


def run_each(connection: Connection, sql: str, rows: Sequence[Bound]) -> None:
    """Carry a statement out for every row."""
    _cursor(connection).executemany(sql, rows)


def _cursor(connection: Connection) -> Any:
    """The cursor that a database connection keeps: another one costs as much as a small statement.

    Every answer is read to its end, so that one is enough. The transaction is begun here if nothing
    has been asked yet.
    """
    if not connection.in_transaction():
        connection.begin()
    found = connection.info.get("hub_cursor")
    if found is None:
        found = connection.info["hub_cursor"] = connection.connection.cursor()
    return found


@lru_cache
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Found", columns)  # noqa: PYI024  # the columns are known when it is asked
