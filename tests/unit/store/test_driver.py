"""What is only told to the database is done, in order, or nothing of the transaction is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hub.errors import CrosswalkConflictError, StoreError
from hub.store import bulk, crosswalk
from hub.store.crosswalk import NewLink
from hub.store.database import Connection, Engine, open_store, reading, trying, writing
from hub.store.match_look_ups import find_frequent
from hub.store.tables import frequent_key
from tests.unit.store.filled import fill_store, uuid

COLUMNS = ("key", "over")


def add(db: Connection, *keys: str) -> None:
    for key in keys:
        bulk.insert(db, frequent_key, COLUMNS, [(key, 1)])


def held(store: Engine) -> set[str]:
    with reading(store) as db:
        return set(db.scalars(sa.select(frequent_key.c.key)))


def test_each_way_of_asking_sees_what_was_sent_before(store: Engine) -> None:
    with writing(store) as db:
        add(db, "a", "b")
        assert set(find_frequent(db, ["a", "b", "c"])) == {"a", "b"}
        add(db, "c")
        assert db.scalar(sa.select(sa.func.count()).select_from(frequent_key)) == 3
        bulk.update(db, frequent_key, COLUMNS, [("a", 9)])
        bulk.insert(db, frequent_key, COLUMNS, [(f"many {n}", 1) for n in range(100)])
        bulk.delete(db, frequent_key, "key", ["b"])
        assert find_frequent(db, ["a", "b", "many 99"]) == {"a": 9, "many 99": 1}
    assert len(held(store)) == 102


AFTERWARDS: dict[str, Callable[[Connection], object]] = {
    "nothing": lambda db: None,
    "asks": lambda db: find_frequent(db, ["twice"]),
    "asks SQLAlchemy": lambda db: db.scalar(sa.select(frequent_key.c.key)),
    "sends": lambda db: add(db, "after"),
}


@pytest.mark.parametrize("afterwards", AFTERWARDS)
def test_an_error_is_said_before_anything_is_committed(store: Engine, afterwards: str) -> None:
    def write() -> None:
        with writing(store) as db:
            add(db, "kept?", "twice", "twice")
            AFTERWARDS[afterwards](db)

    with pytest.raises(StoreError, match="refused a change"):
        write()
    assert held(store) == set()
    with writing(store) as db:
        add(db, "again")
    assert held(store) == {"again"}


def test_what_was_sent_is_taken_back_with_its_transaction(store: Engine) -> None:
    def write() -> None:
        with writing(store) as db:
            add(db, "gone")
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        write()
    with trying(store) as db:
        add(db, "gone")
    with reading(store) as db:
        add(db, "gone", "gone too")
        db.rollback()
    assert held(store) == set()


def test_a_second_active_link_is_named_as_such(store: Engine) -> None:
    fill_store(store)
    again = NewLink(canonical_id=1, party_id=uuid("party-2", 0), kind="auto", reason="r")

    def write() -> None:
        with writing(store) as db:
            crosswalk.open_links(db, [again], datetime.now(UTC))

    with pytest.raises(CrosswalkConflictError):
        write()


def test_a_connection_that_dies_with_what_was_sent_is_replaced(store: Engine) -> None:
    if store.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")

    def write() -> None:
        with writing(store) as db:
            mine = db.scalar(sa.text("SELECT pg_backend_pid()"))
            other = open_store(store.url.render_as_string(hide_password=False))
            with reading(other) as killer:
                add(db, "a")
                killer.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
            other.dispose()
            add(db, "b")

    with pytest.raises(StoreError, match="run it again"):
        write()
    with writing(store) as db:
        add(db, "c")
    assert held(store) == {"c"}
