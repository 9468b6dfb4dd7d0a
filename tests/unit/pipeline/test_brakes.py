"""Brakes of publishing: too much waits for a person, a pause holds, and the pace is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.errors import StoreError
from hub.ownership import BrakesSection
from hub.pipeline import delivering, publish
from hub.pipeline.brakes import Clock, Gate, excess
from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery
from hub.pipeline.publish_plan import approve_publish, plan_publish
from hub.store import brakes as store
from hub.store.audit import list_entries, new_act
from hub.store.database import Engine, reading, writing
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from tests.unit.pipeline.publish_world import PHONE, QUICK, PublishWorld, publish_world

STRICT: dict[str, Any] = {"min_changed": 0, "max_changed_share": 0.5}
ACT = new_act("ada", "ticket 1")


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with publish_world(store, {11: None, 12: "030 9018-20002", 13: None}) as made:
        yield made


def stage(world: PublishWorld, *keys: str) -> None:
    for key in keys:
        world.set_golden(key, phone=PHONE)
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")


def stopped(world: PublishWorld, **brakes: float) -> str | None:
    with reading(world.engine) as db:
        planned = store.planned_deliveries(db, "helpdesk")
        return excess(db, "helpdesk", BrakesSection.model_validate(brakes), planned)


def waiting(world: PublishWorld, *states: str) -> list[str]:
    with reading(world.engine) as db:
        return [row["id"] for row in list_deliveries(db, DeliveryFilter(states), 10)]


def test_too_many_changed_records_need_approval(world: PublishWorld) -> None:
    stage(world, "11")
    assert stopped(world, **STRICT) is None
    stage(world, "12")
    assert "2 of 3 records would change" in (stopped(world, **STRICT) or "")
    assert stopped(world, min_changed=2, max_changed_share=0.5) is None
    assert stopped(world, min_changed=0, max_changed_share=1) is None


def test_a_plan_is_pinned_and_what_was_approved_goes(world: PublishWorld) -> None:
    for key in ("11", "12"):
        world.set_golden(key, phone=PHONE)
    plan = plan_publish(world.engine, world.publishing(**STRICT))
    assert (len(plan.writes), list(plan.stops)) == (2, ["helpdesk"])
    assert world.states() == {}
    approve_publish(world.engine, world.publishing(**STRICT), plan.digest, actor="ada")
    assert stopped(world, **STRICT) is None
    stage(world, "13")
    done = delivering.deliver(world.engine, world.target, QUICK, approved=True)
    assert (done, world.states()) == ({"acknowledged": 2}, {"acknowledged": 2, "planned": 1})
    with reading(world.engine) as db:
        (entry,) = list_entries(db, action="approve_publish")
    assert entry.actor == "ada"


def test_a_plan_that_is_no_longer_true_approves_nothing(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    digest = plan_publish(world.engine, world.publishing()).digest
    assert plan_publish(world.engine, world.publishing()).digest == digest
    world.set_golden("12", phone=PHONE)
    with pytest.raises(StoreError, match="no longer what the plan"):
        approve_publish(world.engine, world.publishing(), digest, actor="ada")
    assert world.states() == {}


def test_a_newer_value_is_not_approved_with_the_old_one(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    plan = plan_publish(world.engine, world.publishing())
    approve_publish(world.engine, world.publishing(), plan.digest, actor="ada")
    world.set_golden("11", phone="+4930901820009")
    assert [item.approved for item in world.plan()] == [False]


@dataclass
class Watch:
    """A clock that goes on while somebody sleeps."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.time += timedelta(seconds=seconds)

    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)


def gate(world: PublishWorld, watch: Watch, **section: object) -> Gate:
    return Gate(world.engine, "helpdesk", BrakesSection.model_validate(section), watch.clock())


def test_no_more_goes_in_a_minute_than_is_allowed(world: PublishWorld) -> None:
    stage(world, "11", "12", "13")
    watch = Watch()
    slow = gate(world, watch, per_minute=2)
    done = delivering.deliver(world.engine, world.target, QUICK, barrier=slow)
    assert done == {"acknowledged": 3}
    assert 58 < watch.slept < 62


def test_a_pause_holds_until_it_ends(world: PublishWorld) -> None:
    stage(world, "11")
    held = gate(world, Watch(), per_minute=9)
    with writing(world.engine) as db:
        assert store.set_pause(db, "helpdesk", datetime.now(UTC))
        assert not store.set_pause(db, "helpdesk", datetime.now(UTC))
    assert (held.stop(), held.allowance()) == ("paused", 0)
    assert delivering.deliver(world.engine, world.target, QUICK, barrier=held) == {}
    assert "paused since" in plan_publish(world.engine, world.publishing()).stops["helpdesk"]
    with writing(world.engine) as db:
        assert store.set_pause(db, "helpdesk", None)
    assert delivering.deliver(world.engine, world.target, QUICK, barrier=held)["acknowledged"] == 1


@pytest.mark.parametrize(
    ("window", "hour", "is_open"),
    [
        ("08:00-18:00", 7, True),
        ("08:00-18:00", 17, False),
        ("22:00-06:00", 21, True),
        ("22:00-06:00", 4, True),
        ("22:00-06:00", 12, False),
        (None, 3, True),
    ],
)
def test_writes_begin_within_their_window(window: str | None, hour: int, is_open: bool) -> None:
    section = BrakesSection(window=window, zone="Europe/Berlin")
    assert section.is_open(datetime(2026, 11, 26, hour, 30, tzinfo=UTC)) is is_open


def test_what_is_abandoned_is_not_sent_until_it_is_asked_for(world: PublishWorld) -> None:
    stage(world, "11")
    (planned,) = waiting(world, "planned")
    abandon_delivery(world.engine, planned, ACT)
    world.set_golden("11", phone=PHONE, given="Uta")
    assert world.publish() == {}
    retry_delivery(world.engine, planned, ACT)
    assert world.publish() == {"acknowledged": 1}
    with reading(world.engine) as db:
        assert [e.action for e in list_entries(db)] == ["retry_delivery", "abandon_delivery"]


def test_what_is_done_or_unknown_is_neither_retried_nor_abandoned(world: PublishWorld) -> None:
    stage(world, "11")
    world.publish()
    (done,) = waiting(world, "acknowledged")
    for act in (retry_delivery, abandon_delivery):
        with pytest.raises(StoreError, match="is acknowledged; this is for"):
            act(world.engine, done, ACT)
        with pytest.raises(StoreError, match="there is no delivery x"):
            act(world.engine, "x", ACT)
