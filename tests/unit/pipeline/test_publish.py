"""Publish: no write lost, none made twice, nothing overwritten in silence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from hub.errors import AuthenticationError
from hub.pipeline import delivering, publish
from hub.sdk import Change, Fault, Receipt, Writer
from hub.store import deliveries
from hub.store.database import Engine, reading, writing
from hub.store.deliveries import Outcome
from tests.unit.pipeline.publish_world import (
    PHONE,
    QUICK,
    PublishWorld,
    publish_world,
)


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with publish_world(store, {11: None, 12: "030 9018-20002"}) as made:
        yield made


def test_a_golden_value_reaches_the_target_once(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    (planned,) = world.plan()
    assert (planned.field, planned.before, planned.value) == ("WorkPhone", None, PHONE)
    assert world.writes() == 0
    assert world.publish() == {"acknowledged": 1}
    assert world.phone("11") == PHONE
    assert world.publish() == {}
    assert (world.writes(), world.states()) == (1, {"acknowledged": 1})


def test_another_spelling_of_the_same_number_is_left_alone(world: PublishWorld) -> None:
    world.set_golden("12", phone="+4930901820002")
    assert world.plan() == []
    assert world.publish() == {}


def test_fill_empty_overwrites_nothing(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    assert world.plan("fill_empty") == []
    assert len(world.plan("update")) == 1


def test_a_value_that_changed_at_the_target_is_a_conflict(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    world.standin.state.stream("user")["12"]["WorkPhone"] = "+49 40 123456"
    assert world.publish() == {"conflict": 1}
    assert world.phone("12") == "+49 40 123456"
    assert world.writes() == 0


def test_a_dropped_answer_is_looked_up_and_never_repeated(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    world.standin.fail(Fault(kind="drop", method="PUT"))
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    assert delivering.deliver(world.engine, world.target, QUICK) == {"unknown": 1}
    assert delivering.deliver(world.engine, world.target, QUICK) == {}
    time.sleep(0.4)
    assert delivering.deliver(world.engine, world.target, QUICK) == {"acknowledged": 1}
    assert (world.writes(), world.phone("11")) == (1, PHONE)


def test_a_killed_worker_is_taken_over_after_the_settle_time(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    now = datetime.now(UTC)
    with reading(world.engine) as db:
        (row,) = deliveries.due_deliveries(db, "helpdesk", now, 10)
    with writing(world.engine) as db:
        assert deliveries.claim(db, [row], "dead", now + timedelta(seconds=0.5)) == {row["id"]}
    assert delivering.deliver(world.engine, world.target, QUICK) == {}
    time.sleep(0.6)
    assert delivering.deliver(world.engine, world.target, QUICK) == {"acknowledged": 1}
    done, now = {row["id"]: Outcome(state="acknowledged")}, datetime.now(UTC)
    with writing(world.engine) as db:
        assert deliveries.settle(db, done, "dead", now) == [row["id"]]
    with writing(world.engine) as db:
        assert deliveries.claim(db, [row], "dead", now) == set()
    assert world.states() == {"acknowledged": 1}


def test_two_workers_never_claim_one_delivery(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    until = datetime.now(UTC) + timedelta(seconds=60)
    with reading(world.engine) as db:
        (row,) = deliveries.due_deliveries(db, "helpdesk", datetime.now(UTC), 10)
    with writing(world.engine) as db:
        claims = [deliveries.claim(db, [row], name, until) for name in ("one", "two")]
    assert claims == [{row["id"]}, set()]


def test_a_refused_value_is_rejected_with_the_reason(world: PublishWorld) -> None:
    world.set_golden("11", phone="+49" + "1" * 40)
    assert world.publish() == {"rejected": 1}
    assert world.phone("11") is None


def test_refused_credentials_leave_the_delivery_planned(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    world.standin.fail(Fault(kind="status", status=401, times=5))
    with pytest.raises(AuthenticationError):
        world.publish()
    assert world.states() == {"planned": 1}


def test_a_newer_value_takes_the_place_of_a_planned_one(world: PublishWorld) -> None:
    world.set_golden("11", phone="+4930901820007")
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    world.set_golden("11", phone=PHONE)
    assert world.publish() == {"acknowledged": 1}
    assert world.states() == {"acknowledged": 1, "superseded": 1}
    assert world.phone("11") == PHONE


def test_a_planned_value_that_is_no_longer_wanted_is_not_sent(world: PublishWorld) -> None:
    world.set_golden("12", phone=PHONE)
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    world.set_golden("12", phone="030 9018-20002")
    assert world.publish() == {}
    assert world.states() == {"superseded": 1}


def test_a_refused_value_is_not_sent_again_with_the_next_event(world: PublishWorld) -> None:
    bad = "+49" + "1" * 40
    world.set_golden("11", phone=bad)
    assert world.publish() == {"rejected": 1}
    world.set_golden("11", phone=bad, given="Uta")
    assert world.publish() == {}
    world.set_golden("11", phone=PHONE)
    assert world.publish() == {"acknowledged": 1}


def test_customers_that_wait_hold_up_no_others(
    world: PublishWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_CHUNK", 1)
    world.set_golden("12", phone=PHONE)
    world.standin.state.stream("user")["12"]["WorkPhone"] = "+49 40 123456"
    assert world.publish() == {"conflict": 1}
    world.set_golden("12", phone="+4930901820007")
    world.set_golden("11", phone=PHONE)
    assert world.publish() == {"acknowledged": 1}
    assert world.phone("11") == PHONE


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("mode", ["update", "fill_empty"])
def test_a_merge_that_is_undone_takes_its_value_back(
    world: PublishWorld, mode: str, seen: bool
) -> None:
    before = {key: world.phone(key) for key in ("11", "12")}
    for key in before:
        world.set_golden(key, phone=PHONE)
    world.publish(mode=mode)
    assert world.phone("11") == PHONE
    if seen:
        world.sync()
    world.set_golden("11", display_name="Uta Test11")
    world.set_golden("12", phone="+4930901820002", display_name="Uta Test12")
    world.publish(mode=mode)
    assert {key: world.phone(key) for key in before} == {
        "11": None,
        "12": before["12"] if mode == "fill_empty" else "+4930901820002",
    }
    assert world.publish(mode=mode) == {}
    world.sync()
    assert world.publish(mode=mode) == {}


def test_what_a_person_typed_is_never_taken_back(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    world.publish()
    row = world.standin.state.stream("user")["11"]
    row |= {"WorkPhone": "+49 40 111111", "LastUpdated": "2026-11-02T10:00:00Z"}
    world.sync()
    world.set_golden("11", display_name="Uta Test11")
    assert world.publish() == {}
    assert world.phone("11") == "+49 40 111111"


def test_a_target_that_is_down_is_tried_again_later(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    world.standin.stop()
    assert world.publish() == {"planned": 1}
    assert world.states() == {"planned": 1}


def test_the_echo_of_our_write_changes_nothing_here(world: PublishWorld) -> None:
    before = world.bodies()
    world.set_golden("11", phone=PHONE)
    world.publish()
    assert world.sync()["changed"] == 1
    assert world.bodies() == before
    world.set_golden("11", phone=PHONE)
    assert world.publish() == {}
    assert world.writes() == 1


class Respelling:
    """A help desk that spells phone numbers in its own way."""

    def __init__(self, desk: Writer) -> None:
        self._desk = desk
        self.fetch, self.read, self.check, self.close = (
            desk.fetch,
            desk.read,
            desk.check,
            desk.close,
        )

    def write(self, change: Change) -> Receipt:
        spelt = f"+49 30 {str(change.fields['WorkPhone']).removeprefix('+4930')}"
        done = self._desk.write(replace(change, fields={"WorkPhone": spelt}))
        return replace(done, held={"WorkPhone": spelt})


@pytest.mark.parametrize("lost", [False, True])
def test_a_value_that_the_target_spells_anew_is_known_as_our_own(
    world: PublishWorld, lost: bool
) -> None:
    before, desk = world.bodies(), cast("Writer", world.target.connector)
    world.target = replace(world.target, connector=Respelling(desk))
    world.set_golden("11", phone=PHONE)
    if lost:
        world.standin.fail(Fault(kind="drop", method="PUT"))
        assert world.publish() == {"unknown": 1}
        time.sleep(0.4)
    assert world.publish() == {"acknowledged": 1}
    assert (world.phone("11"), world.writes()) == ("+49 30 901820001", 1)
    assert world.sync()["changed"] == 1
    assert world.bodies() == before


def test_a_second_echo_still_leads_back_to_what_the_system_said(world: PublishWorld) -> None:
    before = world.bodies()
    for phone in ("+4930901820007", PHONE):
        world.set_golden("12", phone=phone)
        assert world.publish() == {"acknowledged": 1}
        world.sync()
    assert world.phone("12") == PHONE
    assert world.bodies() == before


def test_what_a_person_types_over_our_value_counts(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    world.publish()
    row = world.standin.state.stream("user")["11"]
    row |= {"WorkPhone": "+49 40 111111", "LastUpdated": "2026-11-02T10:00:00Z"}
    world.sync()
    assert "+49 40 111111" in world.bodies()["11"]
