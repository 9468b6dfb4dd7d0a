"""Statements of the hot paths, sent through the driver itself.

SQLAlchemy's own part in a small statement takes longer than the database does. Errors are the
driver's; :mod:`hub.store.database` explains them as it does SQLAlchemy's.

What is only told to PostgreSQL (:func:`send`) is not waited for, and several questions that hang
on nothing but what is known are asked in one turn (:func:`ask`): the driver keeps a pipeline
(https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html) open until somebody asks through
SQLAlchemy, or the transaction ends. An error shows then, at the latest before the commit.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from sqlalchemy.engine import Connection

Bound = tuple[Any, ...]
Answer = Callable[[], list[Any]]
"""Gives the rows of a question, once."""
_PIPELINE: Final = "hub_pipeline"
"""Where a database connection keeps its open pipeline."""


def fetch(connection: Connection, sql: str, bound: Bound, columns: Sequence[str]) -> list[Any]:
    """The rows of a statement in the caller's transaction, their columns by name."""
    cursor = _cursor(connection)
    cursor.execute(sql, bound)
    return list(map(_row_type(tuple(columns))._make, cursor.fetchall()))


def ask(connection: Connection, sql: str, bound: Bound, columns: Sequence[str]) -> Answer:
    """A question whose answer is waited for when it is called for; others may be asked meanwhile.

    It is asked in the caller's transaction, and the answer is called for before that ends, once.
    SQLite answers at once.
    """
    if connection.dialect.name != "postgresql":
        rows = fetch(connection, sql, bound, columns)
        return lambda: rows
    _cursor(connection)
    _open_pipeline(connection)
    cursor: Any = connection.connection.cursor()  # each answer has its own
    cursor.execute(sql, bound)
    return lambda: list(map(_row_type(tuple(columns))._make, cursor.fetchall()))


def no_rows() -> list[Any]:
    """The answer where there was nothing to ask for."""
    return []


def send(connection: Connection, sql: str, bound: Bound) -> None:
    """Carry a statement out in the caller's transaction, whose outcome nobody asks for."""
    cursor = _cursor(connection)
    if connection.dialect.name == "postgresql":
        _open_pipeline(connection)
    cursor.execute(sql, bound)


def _open_pipeline(connection: Connection) -> None:
    if _PIPELINE not in connection.info:
        driver: Any = connection.connection.driver_connection
        connection.info[_PIPELINE] = driver.pipeline()
        connection.info[_PIPELINE].__enter__()


def await_sent(connection: Connection) -> None:
    """Wait for all that was sent; raises the first error of it."""
    pipeline = connection.info.pop(_PIPELINE, None)
    if pipeline is not None:
        pipeline.__exit__(None, None, None)


def commit_sent(connection: Connection) -> None:
    """Commit behind what was sent, and wait for both at once; the driver's own commit is spared.

    The database commits nothing if anything before it has failed; the first error is raised.
    """
    if _PIPELINE in connection.info:
        _cursor(connection).execute("COMMIT", prepare=False)
        await_sent(connection)


def forget_sent(connection: Connection) -> None:
    """The transaction is taken back, and with it whatever was sent."""
    with suppress(Exception):  # what failed was said before
        await_sent(connection)


def run(connection: Connection, sql: str, bound: Bound) -> int:
    """Carry a statement out in the caller's transaction; returns how many rows it concerned."""
    await_sent(connection)
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
