"""Filling the index of keys at once comes to what record by record does, killed or not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hub.match.blocking import LEAST_CAP, caps_of
from hub.pipeline.contents import content_of
from hub.pipeline.indexing import index_pending
from hub.store import party_records, waiting
from hub.store.database import Engine, reading, writing
from hub.store.match_fill import begin_fill
from hub.store.match_keys import fill_profiles
from hub.store.match_tables import KEYS
from hub.store.tables import frequent_key, match_content, match_key, match_profile
from tests.unit.pipeline.party_world import World, person

TABLES = (match_profile, match_content, match_key, frequent_key)
NEVER = 10**9


@pytest.fixture
def crowd(store: Engine) -> World:
    """More people than a cap has room for share a line, a name, a house; some are copies."""
    world = World(store)
    home = {"phone": "030 9999111", "city": "Berlin", "postcode": "10115", "street": "Ring 5"}
    world.put_all(
        {f"crm:Contact:{n}": person("Max", f"Muster{n % 119}", **home) for n in range(130)}
    )
    world.put_all(
        {f"erp:Party:{n}": person("Eva", f"Berg{n}", email="we@x.example") for n in range(20)}
    )
    return world


def held(engine: Engine) -> list[list[tuple[object, ...]]]:
    """All that indexing keeps, in order."""
    with reading(engine) as db:
        return [sorted(map(tuple, db.execute(sa.select(table)))) for table in TABLES]


def is_indexed(engine: Engine) -> bool:
    with reading(engine) as db:
        return KEYS[db.dialect.name].name in {
            item["name"] for item in sa.inspect(db).get_indexes("match_key")
        }


def one_by_one(world: World) -> list[list[tuple[object, ...]]]:
    """What is held when every key is counted as it comes; the index is emptied afterwards."""
    index_pending(world.engine, "DE", many=NEVER)
    found = held(world.engine)
    with writing(world.engine) as db:
        for table in TABLES:
            db.execute(sa.delete(table))
    return found


def test_a_fill_comes_to_the_same(crowd: World) -> None:
    wanted = one_by_one(crowd)
    assert {over for _, over in wanted[-1]} == {LEAST_CAP, 20, 100}
    assert len(index_pending(crowd.engine, "DE", many=150)) == 150
    assert held(crowd.engine) == wanted
    assert is_indexed(crowd.engine)


def test_a_fill_that_was_killed_is_ended_by_the_next_run(crowd: World) -> None:
    wanted = one_by_one(crowd)
    with writing(crowd.engine) as db:
        assert begin_fill(db, 1)
        ids = waiting.pending_ids(db, 0, 60)
        bodies = party_records.load_bodies(db, ids)
        fill_profiles(db, [content_of(record, bodies[record], "DE") for record in ids], {})
    assert not is_indexed(crowd.engine)
    index_pending(crowd.engine, "DE", many=150)
    assert held(crowd.engine) == wanted
    assert is_indexed(crowd.engine)


def test_what_holds_something_or_little_is_filled_key_by_key(crowd: World) -> None:
    with writing(crowd.engine) as db:
        assert not begin_fill(db, 151)
    index_pending(crowd.engine, "DE", many=NEVER)
    with writing(crowd.engine) as db:
        assert not begin_fill(db, 1)
    assert is_indexed(crowd.engine)


def test_no_cap_is_lower_than_the_least() -> None:
    prefixes = {key[:3] for key in ("em:", "ph:", "dm:", "pd:", "fa:", "hs:", "nm:", "id:")}
    assert min(caps_of(prefix)[0] for prefix in prefixes) == LEAST_CAP
