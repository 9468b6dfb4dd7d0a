"""The store's own failures: locked, gone, read-only; always a StoreError without values."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from string import ascii_letters

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, open_store, reading, snapshot, writing
from hub.store.match_look_ups import load_profiles
from hub.store.schema import migrate
from hub.store.tables import frequent_key, run


def test_a_locked_database_is_a_store_error(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    sa.event.listen(engine, "connect", lambda db, _: db.execute("PRAGMA busy_timeout=50"))
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"), writing(engine):
            pass
        other.execute("ROLLBACK")
    with writing(engine) as db:
        db.execute(sa.insert(frequent_key).values(key="k", over=1))
    engine.dispose()


def test_a_value_that_no_index_takes_is_no_lost_database(store: Engine) -> None:
    if store.dialect.name == "sqlite":
        pytest.skip("SQLite's indexes take any length")
    key = "".join(Random(1).choices(ascii_letters, k=9_000))  # nothing that could be compressed
    added = sa.insert(frequent_key).values(key=key, over=1)
    with pytest.raises(StoreError, match="shorten it"), writing(store) as db:
        db.execute(added)


def test_a_reader_waits_for_no_writer(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    with writing(engine) as db, reading(engine) as other:
        db.execute(sa.insert(frequent_key).values(key="k", over=1))
        assert other.scalar(sa.select(sa.func.count()).select_from(frequent_key)) == 0
    engine.dispose()


def _overfill(db: Connection) -> None:
    """Write more than the pages that the database may have."""
    pages = db.exec_driver_sql("PRAGMA page_count").scalar()
    db.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    rows = [{"key": f"{n:0500}", "over": 1} for n in range(1_000)]
    db.execute(sa.insert(frequent_key), rows)


def test_a_snapshot_sees_nothing_that_is_committed_meanwhile(store: Engine) -> None:
    count = sa.select(sa.func.count()).select_from(run)
    row = {"id": new_id(), "step": "x", "started_at": datetime.now(UTC), "state": "ok"}
    with snapshot(store) as before:
        assert before.scalar(count) == 0
        with writing(store) as db:
            db.execute(sa.insert(run).values(row))
        assert before.scalar(count) == 0
    with reading(store) as db:
        assert db.scalar(count) == 1
    with pytest.raises(StoreError), snapshot(store) as db:
        db.execute(sa.text("SELECT nothing FROM nowhere"))


def test_a_full_database_rolls_the_step_back(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    with pytest.raises(StoreError, match="full"), writing(engine) as db:
        _overfill(db)
    with reading(engine) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(frequent_key)) == 0
    engine.dispose()


def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_text("no database, but long enough to be taken for one" * 9)
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    with pytest.raises(StoreError, match="damaged or no database"), reading(engine):
        pass
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        open_store(url)


def test_a_server_that_is_not_there_is_a_store_error() -> None:
    engine = open_store("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(StoreError) as caught, reading(engine):
        pass
    assert "secret" not in str(caught.value)


def test_a_connection_that_the_server_has_closed_is_replaced(store: Engine) -> None:
    if store.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    with reading(store) as db:
        gone = db.scalar(sa.text("SELECT pg_backend_pid()"))
    other = open_store(store.url.render_as_string(hide_password=False))
    with reading(other) as db:
        assert db.scalar(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": gone})
    other.dispose()
    with reading(store) as db:
        assert db.scalar(sa.text("SELECT pg_backend_pid()")) != gone


def test_a_connection_that_dies_in_use_is_a_store_error(store: Engine) -> None:
    if store.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    other = open_store(store.url.render_as_string(hide_password=False))
    with pytest.raises(StoreError, match="run it again"):
        _ask_a_dead_connection(store, other)
    other.dispose()
    with reading(store) as db:
        assert load_profiles(db, [1]) == {}


def _ask_a_dead_connection(store: Engine, other: Engine) -> None:
    with reading(store) as db:
        gone = db.scalar(sa.text("SELECT pg_backend_pid()"))
        with reading(other) as killer:
            killer.scalar(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": gone})
        load_profiles(db, [1])
