"""Scour: what was deleted in the tables leaves the database's files too.

SQLite leaves deleted rows in free pages and in the write-ahead log until they are overwritten:
VACUUM writes the file anew (https://sqlite.org/lang_vacuum.html), a truncating checkpoint empties
the log (https://sqlite.org/pragma.html#pragma_wal_checkpoint). PostgreSQL's VACUUM makes the space
of old row versions free for new ones
(https://www.postgresql.org/docs/current/routine-vacuuming.html); its own log and backups are the
administrator's.
"""

from __future__ import annotations

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from hub.errors import StoreError

_LATER = (
    "the person is erased, but old copies may still be in the database's files, since another "
    "program is at work on them; stop it, then run the same `hub erase` with the id again"
)


def scour(engine: Engine, *, log_only: bool = False) -> None:
    """Rewrite what holds deleted rows; StoreError where another program is in the way.

    ``log_only`` leaves the database file as it is.
    """
    with engine.connect() as connection:
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = outside.connection.driver_connection
        if driver is None:
            raise StoreError(_LATER)
        try:
            if engine.dialect.name == "sqlite":
                _scour_sqlite(driver, log_only=log_only)
            elif not log_only:
                driver.execute("VACUUM")
        except (DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
            raise StoreError(_LATER) from error


def _scour_sqlite(driver: object, *, log_only: bool) -> None:
    execute = driver.execute  # type: ignore[attr-defined]  # the driver's own connection
    if not log_only:
        execute("VACUUM")
    busy, _, _ = execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(_LATER)
