"""Opens the store: one engine for SQLite (embedded default) or PostgreSQL (production)."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError

from hub.errors import ConfigError, StoreError
from hub.store.driver import await_sent, commit_sent, forget_sent

_PATIENCE: Final = 60.0
_CHECKPOINT_PAGES: Final = 500
"""Whose commit fills the log with so many pages moves them into the file: few, so that it is quick.

With 4,000 one of fifty small changes waited 40 ms for it; many at once take no longer with 500.
"""
_IDLE: Final = 5.0
"""After so many seconds a connection is asked whether it lives."""

__all__ = ["Connection", "Engine", "open_store", "reading", "snapshot", "trying", "writing"]


def open_store(url: str, *, patience: float = _PATIENCE) -> Engine:
    """An engine for the store; nothing is read or written yet.

    ``patience`` is how many seconds to wait for what others have locked. Raises ConfigError for a
    URL that is neither SQLite nor PostgreSQL.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, patience)
    waits = {} if patience == _PATIENCE else {"options": f"-c lock_timeout={patience * 1000:.0f}"}
    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": 10, **waits},
    )
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", _ask_whether_alive)
    sa.event.listen(engine, "before_cursor_execute", _await_before)
    sa.event.listen(engine, "commit", commit_sent)
    sa.event.listen(engine, "rollback", forget_sent)
    return engine


def _await_before(connection: Connection, *_: object) -> None:
    await_sent(connection)


def _note_use(_connection: object, record: Any) -> None:
    record.info["hub_used"] = monotonic()


def _ask_whether_alive(connection: Any, record: Any, _proxy: object) -> None:
    """A connection may be gone; the pool then makes another.

    All that a server says to an idle connection is that it closes it: that is seen without asking.
    Only after a while it is asked, as ``pool_pre_ping`` does every time: a firewall says nothing.
    """
    poll = select.poll()
    idle = monotonic() - record.info.get("hub_used", monotonic())
    try:
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            raise DisconnectionError("the database has closed this connection")
        if idle > _IDLE:
            connection.autocommit = True
            connection.execute("SELECT 1")
            connection.autocommit = False
    except OSError as error:
        raise DisconnectionError("the connection is closed") from error
    except connection.Error as error:
        raise DisconnectionError("the database does not answer on this connection") from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "store: not a database URL; write sqlite:///hub.db or postgresql://…"
        ) from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError(
            f"store: {parsed.get_backend_name()} is not supported; use sqlite or postgresql"
        )
    return parsed


def _open_sqlite(url: URL, patience: float) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url.set(drivername="sqlite"), connect_args={"timeout": patience})
    sa.event.listen(engine, "connect", partial(_prepare_sqlite, patience))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(patience: float, connection: Any, _record: object) -> None:
    """WAL with full sync: an intent must be on disk before its effect (law 8)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={patience * 1000:.0f}",
        "cache_size=-32000",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at the start: an upgrade in the middle could deadlock."""
    options = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN" if options.get("hub_read_only") else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads; on SQLite it waits for no writer."""
    with (
        _explained(engine),
        engine.connect().execution_options(hub_read_only=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and sees nothing of what others commit meanwhile.

    SQLite reads so anyway; PostgreSQL asks for it
    (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ).
    """
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    options: dict[str, Any] = {"hub_read_only": True, **level}
    with (
        _explained(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: all of it is committed at the end, or none after an error."""
    with _explained(engine), engine.begin() as connection:
        yield connection


@contextmanager
def trying(engine: Engine) -> Iterator[Connection]:
    """A transaction that is taken back at the end, to see what another would do."""
    with _explained(engine), engine.connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Turns the driver's errors into ours, without statement or parameters (law 10)."""
    driver: Any = engine.dialect.loaded_dbapi
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, driver.OperationalError) and not _is_too_long(cause):
            raise StoreError(
                f"the store ({engine.dialect.name}) can't be used: {_reason(cause)}; "
                "nothing of this step was committed; run it again when the database is back"
            ) from error
        raise StoreError(
            f"the store ({engine.dialect.name}) refused a change ({type(cause).__name__}); "
            f"it was rolled back{_advice(cause, driver)}"
        ) from error


def _is_too_long(cause: BaseException) -> bool:
    """PostgreSQL's class 54, program limit exceeded, which comes again whenever it is tried."""
    return str(getattr(cause, "sqlstate", None) or "").startswith("54")


def _advice(cause: BaseException, driver: Any) -> str:
    """What a person can do, where the kind of error tells."""
    if _is_too_long(cause):
        return "; a value is longer than the database can index: shorten it where it comes from"
    if isinstance(cause, driver.IntegrityError):
        return "; where another run is at work, wait for its end and run again"
    if type(cause) is driver.DatabaseError:
        return "; the file may be damaged or no database: restore it, or name another store"
    return ""


def _reason(cause: BaseException) -> str:
    """The driver's first line, which names no values for operational errors."""
    return next(iter(str(cause).strip().splitlines()), "no connection")
