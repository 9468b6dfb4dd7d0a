"""Conflicts: what somebody changed at a target is never overwritten in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.pipeline import delivering, publish
from hub.pipeline.conflicts import Conflicts
from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery, show_delivery
from hub.sdk import Record
from hub.store.audit import list_entries, new_act
from hub.store.database import Engine, reading, writing
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.events import requeue_events
from tests.unit.pipeline.publish_world import NOW, PHONE, QUICK, PublishWorld, publish_world

ACT = new_act("ada", "ticket 1")
THEIRS = "+49 40 123456"
LATER, EARLIER = ("2026-11-02T10:00:00Z", "2026-10-02T10:00:00Z")


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with publish_world(store, {11: None, 12: "030 9018-20002"}) as made:
        yield made


def type_in(world: PublishWorld, key: str, phone: str = THEIRS, at: str = LATER) -> None:
    """Somebody changes the value at the target."""
    row = world.standin.state.stream("user")[key]
    row |= {"WorkPhone": phone, "LastUpdated": at}


def run(world: PublishWorld, policy: str = "ask") -> Mapping[str, int]:
    rule = replace(world.system.subscription(), conflict=policy)
    publish.stage_deliveries(world.engine, [rule], "DE")
    pace = replace(QUICK, conflicts=Conflicts({"phone": policy}))
    return delivering.deliver(world.engine, world.target, pace)


def conflicts(world: PublishWorld) -> list[Any]:
    with reading(world.engine) as db:
        return list(list_deliveries(db, DeliveryFilter(("conflict",)), 10))


def look_again(world: PublishWorld) -> None:
    """Read the target, and have its customers looked at, as a resolve does."""
    world.sync()
    with writing(world.engine) as db:
        requeue_events(db)


def test_a_conflict_has_both_values_and_a_person_takes_ours(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    type_in(world, "12")
    assert run(world) == {"conflict": 1}
    (case,) = conflicts(world)
    assert (case["value"], case["found"]) == (PHONE, THEIRS)
    retry_delivery(world.engine, case["id"], ACT)
    assert run(world) == {"acknowledged": 1}
    assert world.phone("12") == PHONE
    with reading(world.engine) as db:
        assert [entry.action for entry in list_entries(db)] == ["overrule_target"]


def test_what_changes_again_after_a_person_looked_is_a_conflict_again(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    type_in(world, "12")
    run(world)
    retry_delivery(world.engine, conflicts(world)[0]["id"], ACT)
    type_in(world, "12", "+49 40 777777")
    assert run(world) == {"conflict": 1}
    assert conflicts(world)[0]["found"] == "+49 40 777777"
    assert (world.phone("12"), world.writes()) == ("+49 40 777777", 0)


def test_a_person_leaves_the_target_as_it_is(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    type_in(world, "12")
    run(world)
    abandon_delivery(world.engine, conflicts(world)[0]["id"], ACT)
    look_again(world)
    assert run(world) == {}
    assert (world.phone("12"), world.states()) == (THEIRS, {"abandoned": 1})


def test_a_record_that_is_gone_is_planned_anew_once_it_is_back(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    row = world.standin.state.stream("user").pop("12")
    assert run(world) == {"conflict": 1}
    (case,) = conflicts(world)
    assert case["found"] is None
    world.standin.state.stream("user")["12"] = row
    retry_delivery(world.engine, case["id"], ACT)
    assert run(world) == {"acknowledged": 1}
    assert show_delivery(world.engine, case["id"])["state"] == "superseded"


def test_a_change_over_our_value_that_was_read_is_a_conflict_too(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    run(world)
    type_in(world, "12")
    look_again(world)
    assert run(world) == {}
    (case,) = conflicts(world)
    assert (case["found"], world.phone("12")) == (THEIRS, THEIRS)
    look_again(world)
    assert (run(world), len(conflicts(world))) == ({}, 1)
    retry_delivery(world.engine, case["id"], ACT)
    assert run(world) == {"acknowledged": 1}
    assert world.phone("12") == PHONE


@pytest.mark.parametrize("read", [True, False])
def test_where_the_owner_wins_its_value_is_written_again(world: PublishWorld, read: bool) -> None:
    world.set_golden("12", phone=PHONE)
    if read:
        run(world, "owner")
    type_in(world, "12")
    if read:
        look_again(world)
    before = world.bodies()["12" if "12" in world.bodies() else "u12"]
    assert run(world, "owner") == {"acknowledged": 1}
    assert world.phone("12") == PHONE
    world.sync()
    assert THEIRS in world.bodies()["12"]
    assert (THEIRS in before) is read
    assert run(world, "owner") == {}


@pytest.mark.parametrize(
    ("at", "result", "phone"),
    [
        (LATER, {"superseded": 1}, THEIRS),
        (EARLIER, {"acknowledged": 1}, PHONE),
    ],
)
def test_where_the_newest_counts_times_are_compared(
    world: PublishWorld, at: str, result: dict[str, int], phone: str
) -> None:
    world.set_golden("12", phone=PHONE)
    type_in(world, "12", at=at)
    assert run(world, "newest") == result
    assert world.phone("12") == phone


@pytest.mark.parametrize("version", [None, "7", "2026-11-02T10:00:00"])
def test_without_times_to_compare_a_person_is_asked(version: str | None) -> None:
    row = {"attribute": "phone", "golden_since": NOW}
    found = Conflicts({"phone": "newest"}).outcome(row, THEIRS, Record("12", {}, version))
    assert found is not None
    assert (found.state, found.found) == ("conflict", THEIRS)


def test_a_stale_version_never_overwrites(world: PublishWorld) -> None:
    for number in range(20):
        world.set_golden("12", phone=f"+4930901830{number:03d}")
        type_in(world, "12", f"+49 40 9{number:05d}", (NOW + timedelta(hours=number)).isoformat())
        assert run(world) == {"conflict": 1}
        assert world.phone("12") == f"+49 40 9{number:05d}"
        abandon_delivery(world.engine, conflicts(world)[0]["id"], ACT)
        world.sync()
    assert world.writes() == 0
