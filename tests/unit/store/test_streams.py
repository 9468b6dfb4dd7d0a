"""Connections, streams, leases and the compare-and-set of the cursor; ids in blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError, WatermarkRegressionError
from hub.store import bulk, leases, streams
from hub.store.database import Connection, Engine, reading, writing
from hub.store.ids import IdSource, insert_numbered, take_block
from hub.store.leases import Lease
from hub.store.streams import StreamState
from hub.store.tables import rule_set

LEASE = Lease("run-1", 60)


@pytest.fixture
def held(store: Engine) -> StreamState:
    """A stream under our lease."""
    with writing(store) as db:
        connection_id = streams.ensure_connection(db, "sfa", connector="toy")
        stream_id = streams.ensure_stream(db, connection_id, "Contact")
        state = leases.acquire_lease(db, stream_id, LEASE)
    return state


def _moved(db: Connection, state: StreamState, lease: Lease = LEASE) -> StreamState:
    return leases.advance(db, state, replace(state, cursor={"n": 1}), lease=lease)


def test_connections_and_streams_are_made_once(store: Engine) -> None:
    with writing(store) as db:
        first = streams.ensure_connection(db, "sfa", connector="toy")
        assert streams.ensure_connection(db, "sfa", connector="toy") == first
        assert streams.ensure_stream(db, first, "a") == streams.ensure_stream(db, first, "a")
        assert streams.ensure_stream(db, first, "b") != streams.ensure_stream(db, first, "a")


def test_a_renamed_connection_keeps_its_id(store: Engine) -> None:
    with writing(store) as db:
        first = streams.ensure_connection(db, "old", connector="toy")
        for _ in range(2):
            renamed = streams.ensure_connection(db, "new", connector="toy", renamed_from="old")
            assert renamed == first
        streams.ensure_connection(db, "old", connector="toy")
        with pytest.raises(ConfigError, match="both have records"):
            streams.ensure_connection(db, "new", connector="toy", renamed_from="old")


def test_a_connection_never_changes_its_connector(store: Engine) -> None:
    with writing(store) as db:
        streams.ensure_connection(db, "sfa", connector="toy")
        with pytest.raises(ConfigError, match="name of its own"):
            streams.ensure_connection(db, "sfa", connector="other")


def test_the_office_of_a_connection_may_change(store: Engine) -> None:
    with writing(store) as db:
        first = streams.ensure_connection(db, "erp", connector="toy")
        assert streams.ensure_connection(db, "erp", connector="toy", office="back") == first
        assert db.scalar(sa.text("SELECT office FROM connection")) == "back"


def test_the_cursor_moves_on_from_the_state_that_was_read(store: Engine, held: StreamState) -> None:
    with writing(store) as db:
        after = _moved(db, held)
    with reading(store) as db:
        assert streams.read_stream(db, held.id) == after
    assert after.cursor == {"n": 1}


def test_a_state_that_was_overtaken_is_refused(store: Engine, held: StreamState) -> None:
    with writing(store) as db:
        _moved(db, held)
    with pytest.raises(WatermarkRegressionError), writing(store) as db:
        _moved(db, held)


def test_another_holder_is_refused(store: Engine, held: StreamState) -> None:
    with pytest.raises(WatermarkRegressionError), writing(store) as db:
        _moved(db, held, Lease("run-2", 60))


def test_a_lease_is_exclusive_until_it_is_released(store: Engine, held: StreamState) -> None:
    with pytest.raises(StoreError, match="another worker"), writing(store) as db:
        leases.acquire_lease(db, held.id, Lease("run-2", 60))
    with writing(store) as db:
        leases.release_lease(db, held.id, LEASE)
        leases.acquire_lease(db, held.id, Lease("run-2", 60))


def test_a_zombie_cannot_release_anothers_lease(store: Engine, held: StreamState) -> None:
    with writing(store) as db:
        leases.release_lease(db, held.id, Lease("zombie", 60))
    with pytest.raises(StoreError), writing(store) as db:
        leases.acquire_lease(db, held.id, Lease("run-2", 60))


def test_ids_are_never_handed_out_twice(store: Engine) -> None:
    one, two = IdSource(store, "thing", block=3), IdSource(store, "thing", block=3)
    taken: list[int] = []
    for source in (one, two, one, two):
        source.reserve(2)
        taken += source.take(2)
    assert len(set(taken)) == 8
    assert min(taken) == 1


def test_ids_must_be_reserved_first(store: Engine) -> None:
    with pytest.raises(ValueError, match="reserved"):
        IdSource(store, "thing").take(1)


def test_blocks_follow_one_another(store: Engine) -> None:
    with writing(store) as db:
        assert [take_block(db, "thing", 5), take_block(db, "thing", 1)] == [1, 6]


@pytest.mark.parametrize("count", [0, 1, bulk.BY_ONES + 1, bulk.FEW + 1])
def test_rows_are_numbered_in_their_order(store: Engine, count: int) -> None:
    """By themselves, by one statement or by a copy; and after what was numbered before."""
    columns = ("id", "digest", "stated", "adopted_at")
    for at in (0, count):
        rows = [(f"{at + n:03}", "{}", 1) for n in range(count)]
        with writing(store) as db:
            insert_numbered(db, rule_set, columns, rows)
    with writing(store) as db:
        found = [tuple(row) for row in db.execute(sa.select(rule_set.c.id, rule_set.c.digest))]
        following = take_block(db, "rule_set", 1)
    assert sorted(found) == [(n + 1, f"{n:03}") for n in range(2 * count)]
    assert following == 2 * count + 1
