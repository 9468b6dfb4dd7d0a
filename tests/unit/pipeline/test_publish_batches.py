"""Publish in batches: each delivery has its own end, and none is sent twice or in the dark."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from hub.errors import AuthenticationError, StoreError
from hub.pipeline import delivering, publish
from hub.pipeline.delivery_desk import retry_delivery
from hub.pipeline.publish import Subscription
from hub.pipeline.waiting import Waiting
from hub.sdk import Change, Connector, Fault, Record, WriteResult
from hub.store import deliveries, tables
from hub.store.audit import new_act
from hub.store.database import Engine, reading, writing
from tests.unit.pipeline.publish_world import QUICK, PublishWorld, account_key, batch_world

COUNT = 9
SAVE = "PATCH /services/data/v64.0/composite/sobjects"


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with batch_world(store, COUNT) as made:
        for number in range(1, COUNT + 1):
            made.set_golden(account_key(number), phone=phone(number))
        yield made


def phone(number: int) -> str:
    return f"+4930901820{number:02d}"


def rows(world: PublishWorld) -> dict[str, dict[str, Any]]:
    accounts: dict[str, dict[str, Any]] = world.standin.state.stream("Account")
    return accounts


def written(world: PublishWorld) -> set[int]:
    """Which accounts hold the number that is meant for them."""
    return {
        number
        for number in range(1, COUNT + 1)
        if world.phone(account_key(number)) == phone(number)
    }


def saves(world: PublishWorld) -> int:
    count: int = world.standin.http.requests.get(SAVE, 0)
    return count


def stored(world: PublishWorld) -> dict[str, sa.RowMapping]:
    """The deliveries by source key."""
    source = tables.source_record
    query = sa.select(tables.delivery, source.c.source_key).join(
        source, source.c.id == tables.delivery.c.record_id
    )
    with reading(world.engine) as db:
        return {row["source_key"]: row for row in db.execute(query).mappings()}


def test_a_batch_goes_in_one_request_and_each_delivery_has_its_receipt(
    world: PublishWorld,
) -> None:
    assert world.publish() == {"acknowledged": COUNT}
    assert (saves(world), written(world)) == (1, set(range(1, COUNT + 1)))
    query = sa.select(tables.receipt.c.delivery_id, tables.receipt.c.target_version)
    with reading(world.engine) as db:
        receipts = {row.delivery_id: row.target_version for row in db.execute(query)}
    for key, row in stored(world).items():
        assert receipts[row["id"]] == rows(world)[key]["SystemModstamp"]
        assert (row["attempts"], row["lease_holder"]) == (1, None)
    assert world.publish() == {}


def test_each_delivery_comes_to_its_own_end(world: PublishWorld) -> None:
    accounts = rows(world)
    accounts[account_key(1)]["Phone"] = phone(1)
    accounts[account_key(2)]["Phone"] = "+49 40 123456"
    accounts[account_key(3)]["IsDeleted"] = True
    world.standin.saves.locked.add(account_key(4))
    world.set_golden(account_key(5), phone="+49" + "1" * 40)
    ends = {"acknowledged": 5, "conflict": 2, "planned": 1, "rejected": 1}
    assert world.publish() == ends
    assert saves(world) == 1
    assert accounts[account_key(2)]["Phone"] == "+49 40 123456"
    world.standin.saves.locked.clear()
    assert world.publish() == {"acknowledged": 1}
    assert written(world) == {1, 4, 6, 7, 8, 9}


def test_a_lost_answer_leaves_what_was_sent_unknown_until_it_is_looked_up(
    world: PublishWorld,
) -> None:
    rows(world)[account_key(1)]["Phone"] = phone(1)
    world.standin.fail(Fault(kind="drop", method="PATCH"))
    assert world.publish() == {"acknowledged": 1, "unknown": COUNT - 1}
    assert world.publish() == {}
    time.sleep(0.4)
    assert world.publish() == {"acknowledged": COUNT - 1}
    assert saves(world) == 1


def test_what_was_sent_and_is_not_seen_waits_for_a_person(world: PublishWorld) -> None:
    """A collection takes neither a key nor a version: what was sent may come late."""
    world.standin.fail(Fault(kind="reset", method="PATCH"))
    assert world.publish() == {"unknown": COUNT}
    time.sleep(0.7)
    assert world.publish() == {"unknown": COUNT}
    assert written(world) == set()
    for row in stored(world).values():
        assert "look there" in row["message"]
        retry_delivery(world.engine, row["id"], new_act("ada", "it is not there"))
    assert world.publish() == {"acknowledged": COUNT}
    assert written(world) == set(range(1, COUNT + 1))


def test_refused_credentials_give_all_back(world: PublishWorld) -> None:
    rows(world)[account_key(1)]["Phone"] = phone(1)
    world.standin.fail(Fault(kind="status", status=401, method="PATCH", times=9))
    with pytest.raises(AuthenticationError):
        world.publish()
    assert world.states() == {"acknowledged": 1, "planned": COUNT - 1}
    assert written(world) == {1}


def test_a_target_that_can_not_be_looked_at_leaves_all_planned(world: PublishWorld) -> None:
    world.standin.fail(Fault(kind="status", status=400, path="/composite/", times=9))
    assert world.publish() == {"planned": COUNT}
    assert all(row["sent_at"] is None for row in stored(world).values())


def test_what_another_worker_holds_is_left_to_it(world: PublishWorld) -> None:
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    now = datetime.now(UTC)
    with reading(world.engine) as db:
        due = deliveries.due_deliveries(db, "sfa", now, 3)
    with writing(world.engine) as db:
        claimed = deliveries.claim(db, due, "other", now + timedelta(seconds=60))
    assert claimed == {row["id"] for row in due}
    assert world.publish() == {"acknowledged": COUNT - 3}
    assert world.states() == {"acknowledged": COUNT - 3, "sending": 3}
    assert len(written(world)) == COUNT - 3


def test_two_claims_of_one_batch_share_it_out(world: PublishWorld) -> None:
    publish.stage_deliveries(world.engine, [world.system.subscription()], "DE")
    now = datetime.now(UTC)
    with reading(world.engine) as db:
        due = deliveries.due_deliveries(db, "sfa", now, COUNT)
    until = now + timedelta(seconds=60)
    with writing(world.engine) as db:
        first = deliveries.claim(db, due[:5], "one", until)
    with writing(world.engine) as db:
        second = deliveries.claim(db, due, "two", until)
    assert first | second == {row["id"] for row in due}
    assert not first & second


class Meddling:
    """A connector during whose look something happens to the deliveries of its batch."""

    def __init__(self, world: PublishWorld, moment: str) -> None:
        self._inner: Any = world.target.connector
        self._engine = world.engine
        self._moment = moment
        for name in ("check", "read", "close", "fetch", "write", "batch_limit"):
            setattr(self, name, getattr(self._inner, name))

    def fetch_many(self, stream: str, keys: Sequence[str]) -> dict[str, Record]:
        if self._moment == "look":
            self._take_one_over()
        return dict(self._inner.fetch_many(stream, keys))

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> Sequence[WriteResult]:
        results: list[WriteResult] = self._inner.write_many(stream, changes, within=within)
        if self._moment == "write":
            self._take_one_over()
        return {"short": results[:-1], "swapped": results[::-1]}.get(self._moment, results)

    def _take_one_over(self) -> None:
        """As another worker does with a delivery whose lease has run out."""
        delivery = tables.delivery
        first = sa.select(sa.func.min(delivery.c.seq)).scalar_subquery()
        change = sa.update(delivery).where(delivery.c.seq == first)
        with writing(self._engine) as db:
            db.execute(change.values(lease_holder="other", attempts=delivery.c.attempts + 1))


def meddle(world: PublishWorld, moment: str) -> None:
    world.target = replace(world.target, connector=cast("Connector", Meddling(world, moment)))


def test_what_another_takes_between_look_and_intent_is_not_sent(world: PublishWorld) -> None:
    meddle(world, "look")
    assert world.publish() == {"taken": 1, "acknowledged": COUNT - 1}
    assert len(written(world)) == COUNT - 1
    assert sum(row["sent_at"] is None for row in stored(world).values()) == 1


def test_where_one_was_taken_over_the_receipts_of_the_others_are_kept(
    world: PublishWorld,
) -> None:
    meddle(world, "write")
    with pytest.raises(StoreError, match="taken it over"):
        world.publish()
    assert world.states() == {"acknowledged": COUNT - 1, "sending": 1}


@pytest.mark.parametrize("moment", ["short", "swapped"])
def test_results_that_are_not_those_of_the_changes_leave_all_unknown(
    world: PublishWorld, moment: str
) -> None:
    meddle(world, moment)
    assert world.publish() == {"unknown": COUNT}
    time.sleep(0.4)
    assert world.publish() == {"acknowledged": COUNT}
    assert saves(world) == 1


def test_no_more_is_written_than_the_pace_allows(world: PublishWorld) -> None:
    pace = replace(QUICK, max_writes=4)
    assert world.publish(pace) == {"acknowledged": 4}
    assert written(world) == {1, 2, 3, 4}


def test_two_fields_of_one_record_go_in_one_request(world: PublishWorld) -> None:
    other = Subscription(attribute="email", connection="sfa", stream="Account", field="Website")
    for number in (1, 2):
        world.set_golden(account_key(number), phone=phone(number), email=f"a{number}@example.com")
    publish.stage_deliveries(world.engine, [world.system.subscription(), other], "DE")
    assert delivering.deliver(world.engine, world.target, QUICK) == {"acknowledged": COUNT + 2}
    assert saves(world) == 1
    assert rows(world)[account_key(2)]["Website"] == "a2@example.com"


def test_without_the_setting_each_goes_alone_under_its_condition(store: Engine) -> None:
    with batch_world(store, 2, batch_writes=False) as world:
        for number in (1, 2):
            world.set_golden(account_key(number), phone=phone(number))
        assert world.publish() == {"acknowledged": 2}
        assert saves(world) == 0


def test_the_echo_of_a_batch_changes_nothing_here(world: PublishWorld) -> None:
    before = world.bodies()
    world.publish()
    assert world.sync()["changed"] == COUNT
    assert world.bodies() == before


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, ["a1 a1b", "a1f", "b1", "a2", "a3"]),
        (2, ["a1 a1b a2", "a1f a3", "b1"]),
        (9, ["a1 a1b a2 a3", "a1f", "b1"]),
    ],
)
def test_what_goes_to_one_record_goes_together_unless_it_failed(
    limit: int, expected: list[str]
) -> None:
    due = [
        {
            "id": name,
            "stream_name": name[0],
            "record_id": int(name[1]) + 10 * (name[0] == "b"),
            "failures": int(name.endswith("f")),
        }
        for name in ("a1", "a1f", "a1b", "b1", "a2", "a3")
    ]
    waiting, made = Waiting(due), []
    while waiting:
        made.append(" ".join(row["id"] for row in waiting.take(lambda _stream: limit)))
    assert made == expected


@pytest.mark.parametrize("batch_writes", [True, False])
def test_a_field_that_is_refused_does_not_hold_back_the_others(
    store: Engine, batch_writes: bool
) -> None:
    other = Subscription(attribute="email", connection="sfa", stream="Account", field="Website")
    with batch_world(store, 2, batch_writes=batch_writes) as world:
        bad = "+49" + "1" * 40
        world.set_golden(account_key(1), phone=bad, email="a1@example.com")
        publish.stage_deliveries(world.engine, [world.system.subscription(), other], "DE")
        done = delivering.deliver(world.engine, world.target, QUICK)
        assert (done["acknowledged"], done["rejected"]) == (1, 1)
        assert rows(world)[account_key(1)]["Website"] == "a1@example.com"
        assert world.states() == {"acknowledged": 1, "rejected": 1}


def test_what_fails_by_itself_again_and_again_is_given_up(world: PublishWorld) -> None:
    pace = replace(QUICK, max_failures=2)
    world.standin.fail(Fault(kind="status", status=400, path="/composite/", times=9))
    assert world.publish(pace) == {"planned": COUNT}
    assert world.publish(pace) == {"dead": COUNT}
    assert world.publish(pace) == {}
    assert all(row["message"] for row in stored(world).values())


def test_a_system_that_is_away_counts_against_no_delivery(world: PublishWorld) -> None:
    world.standin.stop()
    assert world.publish(replace(QUICK, max_failures=1)) == {"planned": COUNT}
    assert {row["failures"] for row in stored(world).values()} == {0}
