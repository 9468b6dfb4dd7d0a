"""What a sync writes while a run resolves is not lost: it waits for the next run."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hub.match.blocking import SHARED
from hub.pipeline.indexed import Indexed
from hub.pipeline.resolve import apply, plan
from hub.store.database import Engine, open_store, reading, writing
from hub.store.match_look_ups import find_frequent
from hub.store.material import pending_parties, settle_parties
from hub.store.parties import mark_golden_pending
from hub.store.party_records import load_standing
from hub.store.waiting import Waiting, pending_ids, settle_records
from tests.unit.pipeline.party_world import World, person

ANNA = person("Anna", "Berg", email="anna@berg.example")


def between(engine: Engine, act: Callable[[], None]) -> None:
    """Act once, after a run has indexed and before it reads what waits."""
    begun = []

    def note(_: sa.Connection) -> None:
        begun.append(1)
        if len(begun) == 2:
            act()

    sa.event.listen(engine, "begin", note)


def resolve_apart(store: Engine, act: Callable[[], None]) -> None:
    """A run on connections of its own, in the midst of which somebody else acts."""
    engine = open_store(store.url.render_as_string(hide_password=False))
    between(engine, act)
    apply(engine, plan(engine), limit=None)
    engine.dispose()


def test_a_record_that_changes_meanwhile_is_resolved_as_it_is_now(store: Engine) -> None:
    world = World(store)
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    world.put("erp:Party:1", person("Bert", "Koch", email="bert@koch.example"))
    resolve_apart(store, lambda: void(world.put("erp:Party:1", ANNA)))
    world.resolve()
    assert world.partition() == {frozenset({"crm:Contact:1", "erp:Party:1"})}


def test_a_record_that_comes_back_meanwhile_is_not_left_out(store: Engine) -> None:
    world = World(store)
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    world.remove("crm:Contact:1")
    resolve_apart(store, lambda: void(world.put("crm:Contact:1", ANNA)))
    world.resolve()
    assert world.partition() == {frozenset({"crm:Contact:1"})}


def test_a_record_that_goes_meanwhile_leaves_no_key(store: Engine) -> None:
    world = World(store)
    world.put("crm:Contact:1", ANNA)
    resolve_apart(store, lambda: world.remove("crm:Contact:1"))
    world.resolve()
    assert world.partition() == set()
    with store.connect() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM match_key")) == 0


def test_who_waits_because_a_key_got_crowded_is_done_in_the_same_run(store: Engine) -> None:
    """The holders of before come first in the order of ids, and were not waiting then."""
    world = World(store)
    shared = {"phone": "030 9999111"}
    before = {f"crm:Contact:{n}": person("Max", f"Muster{n}", **shared) for n in range(SHARED)}
    world.put_all(before)
    world.resolve()
    world.put("crm:Contact:99", person("Max", "Anders", **shared))
    world.resolve()
    with reading(store) as db:
        assert find_frequent(db, ["ph:309999111"])
        assert pending_ids(db, 0, 10) == []


def test_only_what_still_says_the_same_is_settled(store: Engine) -> None:
    world = World(store)
    same, changed, gone = world.put_all({f"crm:Contact:{n}": ANNA for n in range(3)})
    with reading(store) as db:
        held = load_standing(db, [same, changed, gone])
    world.put("crm:Contact:1", {**ANNA, "lang": "de"})
    world.remove("crm:Contact:2")
    with writing(store) as db:
        settle_records(db, [(record, *held[record]) for record in (same, changed, gone)])
        assert pending_ids(db, 0, 10) == [changed, gone]


def test_a_customer_that_is_touched_meanwhile_is_computed_again(store: Engine) -> None:
    """On PostgreSQL one waits for the other; SQLite lets one write at a time."""
    world = World(store)
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    party = world.party("crm:Contact:1")
    assert party is not None
    toucher = threading.Thread(target=touch, args=(store, party))
    with writing(store) as db:
        assert pending_parties(db, 10, lock=True) == [party]
        toucher.start()
        toucher.join(0.3)
        settle_parties(db, [party])
    toucher.join(10)
    with reading(store) as db:
        assert pending_parties(db, 10) == [party]


def touch(store: Engine, party: str) -> None:
    with writing(store) as db:
        mark_golden_pending(db, [party])


@pytest.mark.parametrize(
    ("record", "body_hash", "active", "held"),
    [
        (3, b"a" * 16, True, True),
        (3, b"b" * 16, True, False),
        (3, b"a" * 16, False, False),
        (5, b"a" * 16, False, True),
        (5, b"a" * 16, True, False),
        (7, b"\0" * 16, True, True),
        (7, b"\0" * 16, False, False),
        (4, b"a" * 16, True, False),
        (9, b"a" * 16, True, False),
        (1, b"c" * 16, True, True),
        (1, b"a" * 16, True, False),
    ],
)
def test_what_was_indexed_is_known(record: int, body_hash: bytes, active: bool, held: bool) -> None:
    indexed = Indexed()
    indexed.add(Waiting(3, "{}", b"a" * 16, active=True, profile=None))
    indexed.add(Waiting(5, "{}", b"b" * 16, active=False, profile=None))
    indexed.add(Waiting(7, "{}", b"\0" * 16, active=True, profile=None))
    indexed.add(Waiting(1, "{}", b"c" * 16, active=True, profile=None))
    assert indexed.holds(record, body_hash, active) is held


def void(_: object) -> None:
    """Nothing."""
