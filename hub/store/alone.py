"""One of a kind: a lock on the store that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hub.errors import StoreError

_KEY: Final = 0x6875622D72756E
"""Of an advisory lock, which PostgreSQL keeps by database: "hub-run" in ASCII."""
_BUSY: Final = "another `hub run` works on this store: end that one first, or let it do the work"


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Be the only one that is here with this store, or raise StoreError at once."""
    hold = _hold_sqlite if engine.dialect.name == "sqlite" else _hold_postgresql
    with hold(engine):
        yield


@contextmanager
def _hold_sqlite(engine: Engine) -> Iterator[None]:
    """A lock on a file beside the store's: SQLite's own locks are for transactions."""
    if engine.url.database in (None, "", ":memory:"):
        yield
        return
    path = Path(f"{engine.url.database}-run")
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(_BUSY) from error
        yield


@contextmanager
def _hold_postgresql(engine: Engine) -> Iterator[None]:
    """A session's lock (https://www.postgresql.org/docs/current/explicit-locking.html)."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_KEY))):
            raise StoreError(_BUSY)
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_KEY)))
