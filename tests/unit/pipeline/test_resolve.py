"""Resolution: who is linked to whom, which ids survive, and what a run leaves behind."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import cast

import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.resolve import apply, plan
from hub.store.columns import new_id
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, open_store, reading
from hub.store.decisions import load_decisions
from hub.store.former import ask_former_links, former_party_links
from hub.store.match_contents import ask_contents_of, ask_contents_with
from hub.store.match_look_ups import (
    ask_first_members,
    ask_frequent_of,
    find_frequent,
    find_holders,
    load_members,
)
from hub.store.parties import load_parties, resolve_party
from hub.store.review import ask_open_cases
from hub.store.schema import migrate
from hub.store.tables import frequent_key, link, match_key
from hub.store.waiting import load_waiting, pending_ids
from tests.unit.pipeline.party_world import Body, World, company, partitions_in_any_order, person

ANNA = person("Anna", "Berg", email="anna@berg.example")


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


@pytest.fixture
def fast_world(tmp_path: Path) -> Iterator[World]:
    """For big loads: one database is enough."""
    engine = open_store(f"sqlite:///{tmp_path / 'fast.db'}")
    migrate(engine)
    yield World(engine)
    engine.dispose()


def test_two_records_of_one_customer_share_a_party(world: World) -> None:
    world.put("crm:Contact:1", ANNA)
    world.put("mail:message:7", person("", "", email="Anna@Berg.example"), part="from")
    counts = world.resolve()
    assert (counts["created"], counts["linked"]) == (1, 2)
    assert world.partition() == {frozenset({"crm:Contact:1", "mail:message:7#from"})}


def test_a_second_run_changes_nothing(world: World) -> None:
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    assert set(world.resolve().values()) == {0}


def test_a_changed_record_splits_off_and_the_founder_keeps_the_id(world: World) -> None:
    world.put("crm:Contact:1", ANNA)
    world.put("erp:party:9", ANNA)
    world.resolve()
    before = world.party("crm:Contact:1")
    world.put("erp:party:9", person("Bert", "Koch", email="bert@koch.example"))
    counts = world.resolve()
    assert (counts["created"], counts["split"]) == (1, 1)
    assert world.party("crm:Contact:1") == before != world.party("erp:party:9")
    assert ("unmerged", world.party("erp:party:9")) in world.events()


def _two_customers(world: World) -> tuple[str, str]:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    world.put("erp:party:9", person("Anna", "Berg", phone="030 1234567"))
    world.resolve()
    oldest, younger = world.party("crm:Contact:1"), world.party("erp:party:9")
    assert oldest is not None
    assert younger is not None
    assert oldest != younger
    return oldest, younger


def _join_them(world: World) -> None:
    both = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put("helpdesk:user:3", both)
    world.resolve()


def test_a_merge_keeps_the_oldest_id_and_the_other_resolves_to_it(world: World) -> None:
    oldest, younger = _two_customers(world)
    _join_them(world)
    assert world.party("erp:party:9") == oldest
    with reading(world.engine) as db:
        found = resolve_party(db, younger)
    assert found is not None
    assert found.id == oldest
    assert ("merged", oldest) in world.events()
    assert ("lost_merge", younger) in world.events()
    assert world.statuses()[younger] == "merged"


def test_taking_the_bridge_away_revives_the_lost_id(world: World) -> None:
    oldest, younger = _two_customers(world)
    _join_them(world)
    world.remove("helpdesk:user:3")
    world.resolve()
    assert world.party("crm:Contact:1") == oldest
    assert world.party("erp:party:9") == younger
    assert world.statuses()[younger] == "active"
    assert world.party("helpdesk:user:3") is None


def test_a_customer_without_records_is_gone_and_comes_back_under_its_id(world: World) -> None:
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    party = world.party("crm:Contact:1")
    assert party is not None
    world.remove("crm:Contact:1")
    world.resolve()
    assert world.statuses()[party] == "gone"
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    assert world.party("crm:Contact:1") == party
    assert world.statuses()[party] == "active"


def test_closed_links_stay_with_both_periods(world: World) -> None:
    _two_customers(world)
    _join_them(world)
    closed = sa.select(link).where(link.c.recorded_to.is_not(None))
    with reading(world.engine) as db:
        rows = db.execute(closed).mappings().all()
    assert [row["canonical_id"] for row in rows] == [world.records["erp:party:9"]]
    assert rows[0]["valid_from"] < rows[0]["valid_to"]
    assert rows[0]["recorded_from"] < rows[0]["recorded_to"]


def test_a_family_on_one_phone_stays_apart(world: World) -> None:
    home = {"phone": "030 1234567", "street": "Hauptstr. 5", "city": "Berlin"}
    for given in ("Hans", "Erika", "Mia", "Tom"):
        world.put(f"crm:Contact:{given}", person(given, "Berg", **home))
    world.resolve()
    assert len(world.partition()) == 4


def test_a_desk_joins_its_company_and_no_person(world: World) -> None:
    info = "info@acme.example"
    world.put("crm:Account:1", company("Acme GmbH", email=info))
    world.put("crm:Contact:1", person("Anna", "Berg", email=info))
    world.put("crm:Contact:2", person("Bert", "Koch", email=info))
    world.put("mail:message:1", company("Acme", email=info), part="from")
    world.resolve()
    assert frozenset({"crm:Account:1", "mail:message:1#from"}) in world.partition()
    assert len(world.partition()) == 3


def test_the_partition_does_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    bodies: dict[str, Body] = {
        "a:x:1": person("Anna", "Berg", email="anna@berg.example"),
        "b:x:1": person("Anna", "Berg", phone="030 1234567"),
        "c:x:1": person("Anna", "Berg", email="anna@berg.example", phone="030 1234567"),
        "d:x:1": person("Hans", "Berg", phone="030 1234567"),
    }
    assert len(partitions_in_any_order(bodies, tmp_path)) == 1


def test_five_thousand_copies_are_one_customer(fast_world: World) -> None:
    fast_world.put_all({f"mail:message:{n}": ANNA for n in range(5000)})
    begun = time.process_time()
    fast_world.resolve()
    assert time.process_time() - begun < 10
    assert len(fast_world.partition()) == 1
    with reading(fast_world.engine) as db:
        assert (db.scalar(sa.select(sa.func.count()).select_from(match_key)) or 0) < 20


def _strangers(count: int, **shared: str) -> dict[str, Body]:
    """People who share no more than what is given."""
    letters = Random(1)  # repeatable, nothing secret

    def word() -> str:
        return "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=9))

    return {f"crm:Contact:{n}": person(word(), word(), **shared) for n in range(count)}


def test_a_dummy_phone_builds_no_giant_cluster(fast_world: World) -> None:
    fast_world.put_all(_strangers(2000, phone="030 9999111"))
    begun = time.process_time()
    fast_world.resolve()
    assert time.process_time() - begun < 10
    assert len(fast_world.partition()) == 2000
    with reading(fast_world.engine) as db:
        assert "ph:309999111" in set(db.scalars(sa.select(frequent_key.c.key)))


def test_thousands_of_lines_in_one_record_take_little_time(fast_world: World) -> None:
    for number in range(40):  # each has a half of its neighbour's
        body = person(chr(97 + number % 26) * 5, "Berg" + chr(97 + number // 2) * 4)
        lines = range(number * 1_000, number * 1_000 + 2_000)
        body["contact_points"] = [{"kind": "phone", "value": f"+4930{5000000 + n}"} for n in lines]
        fast_world.put(f"crm:Contact:{number}", body)
    begun = time.process_time()
    fast_world.resolve()
    assert time.process_time() - begun < 10
    assert sum(map(len, fast_world.partition())) == 40


def _long_text(letters: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
    """Nothing that could be compressed."""
    return "".join(Random(2).choices(letters, k=9_000))


@pytest.mark.parametrize(
    "more",
    [
        {"vat": _long_text()},
        {"customer_no": _long_text()},
        {"email": f"{_long_text()}@{_long_text()}.example"},
        {"phone": "+49" + _long_text("0123456789")},
        {"web": f"https://{_long_text()}.example"},
        {"city": _long_text()},
        {"street": _long_text() + " 7", "city": "Bonn", "postcode": "53111"},
        {"postcode": _long_text(), "street": "Ahornweg 7", "city": "Bonn"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_text_in_the_wrong_column_stops_nothing(world: World, more: dict[str, str]) -> None:
    world.put_all({"crm:Contact:1": ANNA, "erp:party:1": ANNA})
    world.put("crm:Account:1", company(f"Ahornblick {_long_text()} GmbH", **more))
    world.put("crm:Contact:2", person(_long_text(), _long_text()[::-1], **more))
    world.resolve()
    assert frozenset({"crm:Contact:1", "erp:party:1"}) in world.partition()
    assert len(world.partition()) == 3


def test_two_thousand_namesakes_stay_apart(fast_world: World) -> None:
    fast_world.put_all({f"crm:Contact:{n}": person("Max", "Muster") for n in range(2000)})
    fast_world.resolve()
    assert len(fast_world.partition()) == 2000
    assert fast_world.cases() == []


def test_a_key_that_becomes_frequent_takes_its_holders_apart(world: World) -> None:
    phone = "030 9999111"
    world.put("crm:Contact:a", person("Anna", "Berg", phone=phone))
    world.put("erp:party:a", person("", "Berg", phone=phone))
    world.resolve()
    assert len(world.partition()) == 1
    world.put_all(_strangers(12, phone=phone))
    world.resolve()
    assert frozenset({"crm:Contact:a"}) in world.partition()


def test_too_many_merges_stop_the_run(world: World) -> None:
    _two_customers(world)
    both = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put("helpdesk:user:3", both)
    waiting = plan(world.engine)
    assert waiting.merges == 1
    with pytest.raises(StoreError, match="would merge 1 existing"):
        apply(world.engine, waiting, limit=0)
    assert len(world.partition()) == 2
    apply(world.engine, plan(world.engine), limit=1)
    assert len(world.partition()) == 1


def _interrupted(world: World, waves: int) -> None:
    """Apply a plan in pieces, as a run that is killed between two transactions leaves it."""
    for _ in range(waves):
        whole = plan(world.engine)
        half = type(whole)(whole.changes[: len(whole.changes) // 2], whole.counts, whole.digest)
        apply(world.engine, half, limit=None)


def test_a_killed_run_ends_where_a_clean_one_does(world: World, fast_world: World) -> None:
    bodies: dict[str, Body] = {}
    for n in range(30):
        bodies[f"crm:Contact:{n}"] = person("Anna", f"Berg{n}", email=f"anna{n}@berg.example")
        bodies[f"erp:party:{n}"] = person("A.", f"Berg{n}", email=f"anna{n}@berg.example")
        bodies[f"shop:user:{n}"] = person("Anna", f"Berg{n}", city="Ulm")
    world.put_all(bodies)
    _interrupted(world, 3)
    world.resolve()
    fast_world.put_all(bodies)
    fast_world.resolve()
    assert world.partition() == fast_world.partition()
    assert len(world.cases()) == len(fast_world.cases())
    assert len(world.events()) == len(fast_world.events())


def test_a_plan_that_no_longer_fits_is_left_for_the_next_run(world: World) -> None:
    world.put("crm:Contact:1", ANNA)
    outdated = plan(world.engine)
    world.put("crm:Contact:1", person("Anna", "Koch", email="anna@koch.example"))
    assert apply(world.engine, outdated)["stale"] == 1
    assert world.partition() == set()
    assert world.resolve()["linked"] == 1


def test_a_doubtful_pair_opens_one_case_which_ends_with_the_doubt(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", postcode="10115"))
    world.put("erp:party:9", person("Anna", "Berg", phone="030 7654321"))
    world.resolve()
    assert [case["grade"] for case in world.cases()] == ["probable"]
    world.resolve()
    assert len(world.cases()) == 1
    world.put("erp:party:9", person("Bert", "Koch", postcode="10115"))
    world.resolve()
    assert world.cases() == []
    assert len(world.cases("obsolete")) == 1


def _look_everything_up(db: Connection) -> None:
    pending_ids(db, 0, 10)
    load_links(db, [1])
    load_party_links(db, [new_id()])
    load_parties(db, [new_id()])
    ask_former_links(db, [1])()
    former_party_links(db, [new_id()])
    find_holders(db, ["em:a"])
    find_frequent(db, ["em:a"])
    load_members(db, ["p"])
    ask_first_members(db, ["p"])
    ask_frequent_of(db, [1])
    ask_contents_of(db, [1])
    ask_contents_with(db, ["em:a"])
    load_waiting(db, 0, 10)
    load_decisions(db, [1])
    ask_open_cases(db, [1])


def test_every_bulk_look_up_goes_through_an_index(store: Engine) -> None:
    if store.dialect.name != "sqlite":
        pytest.skip("the planner of PostgreSQL reads small tables whole")
    asked: list[str] = []
    with reading(store) as db:
        driver = cast("sqlite3.Connection", db.connection.driver_connection)
        driver.set_trace_callback(asked.append)
        _look_everything_up(db)
        driver.set_trace_callback(None)
        plans = {
            text: [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
            for text in asked
        }
    assert len(plans) >= 10
    scans = [step for steps in plans.values() for step in steps if step.startswith("SCAN")]
    assert all(step.startswith(_WHAT_IS_ASKED_FOR) for step in scans), scans


_WHAT_IS_ASKED_FOR = (
    "SCAN wanted",
    "SCAN found",  # what was looked up for what is wanted
    "SCAN canonical_record USING INDEX ix_canonical_record_pending",
)


def _crowd(shuffler: Random) -> dict[str, Body]:
    """Forty customers that share names, phones and desks, each in several spellings."""
    bodies: dict[str, Body] = {}
    for n in range(40):
        given, family = ("Anna", "Hans", "Mia")[n % 3], ("Berg", "Koch", "Vogel", "Lang")[n % 4]
        full = {"email": f"{given}{n}@mail.example", "phone": f"030 12345{n // 3:02d}"}
        for system in ("crm", "erp", "shop", "helpdesk"):
            kept = {name: full[name] for name in full if shuffler.random() < 0.6}
            shown = given if shuffler.random() < 0.8 else f"{given[0]}."
            bodies[f"{system}:party:{n}"] = person(shown, family, city="Ulm", **kept)
        bodies[f"crm:Account:{n}"] = company(
            f"{family} Holz {n % 9}", email=f"info@h{n % 9}.example"
        )
    return bodies


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_small_batches_and_churn_end_where_one_load_does(
    fast_world: World, tmp_path: Path, seed: int
) -> None:
    shuffler = Random(seed)  # repeatable, nothing secret
    bodies = _crowd(shuffler)
    fast_world.put_all(bodies)
    fast_world.resolve()
    engine = open_store(f"sqlite:///{tmp_path / 'batches.db'}")
    migrate(engine)
    world, keys = World(engine), sorted(bodies)
    shuffler.shuffle(keys)
    for start in range(0, len(keys), 23):
        world.put_all({key: bodies[key] for key in keys[start : start + 23]})
        world.resolve()
        away = shuffler.choice(keys[: start + 23])
        world.remove(away)
        world.resolve()
        world.put(away, bodies[away])
    world.resolve()
    assert world.partition() == fast_world.partition()
    assert len(world.cases()) == len(fast_world.cases())
    engine.dispose()
