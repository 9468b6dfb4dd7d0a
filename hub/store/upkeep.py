"""Upkeep: copies of the whole store, fresh statistics, and versions that are kept no longer."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from hub.errors import ConfigError, StoreError
from hub.store.database import reading
from hub.store.driver import fetch
from hub.store.tables import canonical_record, raw_version, run, source_record

_SIZE: Final = 2_000
DUMP: Final = "pg_dump"


def ending(engine: Engine) -> str:
    """How a copy's file name ends, which says how it is read back."""
    return ".sqlite" if engine.dialect.name == "sqlite" else ".dump"


def copy_store(engine: Engine, target: Path) -> None:
    """A whole, checked copy as of one moment, while others go on writing.

    SQLite by its online backup (https://www.sqlite.org/backup.html), PostgreSQL by pg_dump in its
    custom format (https://www.postgresql.org/docs/current/app-pgdump.html). The file is there in
    full or not at all, readable by its owner alone.
    """
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if engine.dialect.name == "sqlite":
            _copy_sqlite(engine, fresh)
        else:
            _dump_postgresql(engine, fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _copy_sqlite(engine: Engine, target: Path) -> None:
    with _driver(engine) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        found = copy.execute("PRAGMA quick_check").fetchone()
    if found != ("ok",):
        raise StoreError("the copy of the store is damaged: look at the disk, and at the store")


def _dump_postgresql(engine: Engine, target: Path) -> None:
    """The password goes by the environment: arguments are seen by everybody on the machine."""
    program = shutil.which(DUMP)
    if program is None:
        raise ConfigError(
            f"{DUMP} is not installed here: install PostgreSQL's client programs, or set "
            'maintain.backups = "none" where the database is backed up by other means'
        )
    url = engine.url
    known = {"PGHOST": url.host, "PGUSER": url.username, "PGDATABASE": url.database}
    known |= {"PGPASSWORD": url.password, "PGPORT": str(url.port) if url.port else None}
    environment = {**os.environ, **{name: value for name, value in known.items() if value}}
    command = [program, "--format=custom", "--no-password", f"--file={target}"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603  # fixed words and our own path
    if done.returncode:
        raise StoreError(
            f"{DUMP} ended with code {done.returncode}: it must be as new as the server, and the "
            "user of the store must be able to read all its tables"
        )


def analyse(engine: Engine, *, vacuum: bool) -> int:
    """Have the planner learn the tables; ``vacuum`` rewrites them too. Returns the size in bytes.

    SQLite's rewriting needs the store alone and twice its space on the disk
    (https://www.sqlite.org/lang_vacuum.html); PostgreSQL's plain VACUUM lets others work.
    """
    if engine.dialect.name == "sqlite":
        with _driver(engine) as driver:
            for statement in ("ANALYZE", *(("VACUUM",) if vacuum else ())):
                driver.execute(statement)
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)" if vacuum else "ANALYZE")
    return store_size(engine).total


class StoreSize(NamedTuple):
    """Bytes: of the whole store, and of PostgreSQL's own memory for all its databases."""

    total: int
    at_hand: int | None = None

    def __str__(self) -> str:
        """For people: PostgreSQL as installed keeps 128 MB at hand, whatever the machine has."""
        told = f"{self.total >> 20:,} MB"
        if self.at_hand is None or self.total <= _SPARE * self.at_hand:
            return told
        kept = f"PostgreSQL keeps {self.at_hand >> 20:,} MB at hand"
        return f"{told}, of which {kept}: raise shared_buffers (docs/operations.md)"


def store_size(engine: Engine) -> StoreSize:
    """How large the store is, and how much of it PostgreSQL can keep in memory by itself."""
    if engine.dialect.name == "sqlite":
        with _driver(engine) as driver:
            pages, size = (driver.execute(f"PRAGMA {n}").fetchone()[0] for n in _SIZES)
            return StoreSize(int(pages) * int(size))
    with reading(engine) as db:
        return StoreSize(*fetch(db, _MEASURE, (), StoreSize._fields)[0])


_SPARE: Final = 2
"""A store of so many times PostgreSQL's own memory waits for its disk with every other page."""
_SIZES: Final = ("page_count", "page_size")
_MEASURE: Final = (
    "SELECT pg_database_size(current_database()), pg_size_bytes(current_setting('shared_buffers'))"
)


@contextmanager
def _driver(engine: Engine) -> Iterator[Any]:
    """SQLite's own connection, outside of any transaction."""
    with closing(engine.raw_connection()) as pooled:
        try:
            yield pooled.driver_connection
        except sqlite3.Error as error:
            raise StoreError(f"the store is busy or damaged ({type(error).__name__})") from error


def forget_versions(db: Connection, before: datetime) -> int:
    """Drop superseded versions that were seen before then, a few thousand; returns how many.

    What a record says now stays, and what its translation was made from. Call it until it drops
    none.
    """
    kept = sa.exists().where(
        source_record.c.id == raw_version.c.record_id,
        source_record.c.version == raw_version.c.version,
    )
    used = sa.exists().where(
        canonical_record.c.record_id == raw_version.c.record_id,
        canonical_record.c.raw_version == raw_version.c.version,
    )
    found = db.execute(
        sa.select(raw_version.c.record_id, raw_version.c.version)
        .where(raw_version.c.observed_at < before, ~kept, ~used)
        .limit(_SIZE)
    ).all()
    if found:
        pair = sa.tuple_(raw_version.c.record_id, raw_version.c.version)
        db.execute(sa.delete(raw_version).where(pair.in_([tuple(row) for row in found])))
    return len(found)


def forget_runs(db: Connection, before: datetime) -> int:
    """Drop runs that ended before then, a few thousand; returns how many.

    Of each stream the latest run of a step stays, and the latest one that ended well: by those it
    is told how fresh the stream is. Call it until it drops none.
    """
    later = run.alias()
    surpassed = sa.exists().where(
        later.c.stream_id == run.c.stream_id,
        later.c.step == run.c.step,
        later.c.state == run.c.state,
        later.c.started_at > run.c.started_at,
    )
    found = list(
        db.scalars(sa.select(run.c.id).where(run.c.ended_at < before, surpassed).limit(_SIZE))
    )
    if found:
        db.execute(sa.delete(run).where(run.c.id.in_(found)))
    return len(found)
