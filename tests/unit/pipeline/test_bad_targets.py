"""What goes wrong at a target ends in a named state with a way on, and holds up nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from connectors import salesforce
from connectors.salesforce.standin import SalesforceStandIn
from hub.pipeline import delivering, publish
from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery
from hub.sdk import Fault
from hub.sdk.standin import Request, Response
from hub.store import tables
from hub.store.audit import new_act
from hub.store.database import Engine, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from tests.unit.pipeline.publish_world import (
    QUICK,
    PublishWorld,
    account_key,
    accounts,
    batch_world,
    publish_world,
    sfa,
)

COUNT = 6
ACT = new_act("ada", "looked at it")


def phone(number: int) -> str:
    return f"+4930901820{number:02d}"


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    """Salesforce in batches, with a number for each account."""
    with batch_world(store, COUNT) as made:
        for number in range(1, COUNT + 1):
            made.set_golden(account_key(number), phone=phone(number))
        yield made


def written(world: PublishWorld) -> set[int]:
    numbers = range(1, COUNT + 1)
    return {number for number in numbers if world.phone(account_key(number)) == phone(number)}


def waiting(world: PublishWorld, state: str) -> list[Any]:
    with reading(world.engine) as db:
        return list_deliveries(db, DeliveryFilter((state,)), 100)


def test_a_target_that_is_down_gets_all_when_it_is_back(world: PublishWorld) -> None:
    port = int(world.standin.config["base_url"].rpartition(":")[2])
    world.standin.stop()
    for _ in range(12):
        assert world.publish() == {"planned": COUNT}
    assert {row["failures"] for row in waiting(world, "planned")} == {0}
    back = salesforce.hub_standin().start(world.standin.state, port)
    world.target.connector.close()
    world.target = world.system.open()
    assert world.publish() == {"acknowledged": COUNT}
    assert written(world) == set(range(1, COUNT + 1))
    back.stop()


def test_one_that_is_down_is_not_asked_for_every_record(store: Engine) -> None:
    with publish_world(store, dict.fromkeys(range(1, 31))) as world:
        for number in range(1, 31):
            world.set_golden(str(number), phone=phone(number))
        world.standin.fail(Fault(kind="status", status=503, path="/user/", times=10**6))
        assert world.publish() == {"planned": 3}


def test_a_target_out_of_quota_gets_all_when_it_has_some_again(world: PublishWorld) -> None:
    world.standin.calls_left = 0
    assert world.publish() == {"planned": COUNT}
    (message,) = {row["message"] for row in waiting(world, "planned")}
    assert "REQUEST_LIMIT_EXCEEDED" in message
    world.standin.calls_left = None
    assert world.publish() == {"acknowledged": COUNT}


def test_one_record_that_is_rejected_takes_none_with_it(world: PublishWorld) -> None:
    world.set_golden(account_key(2), phone="+49" + "1" * 40)
    assert world.publish() == {"acknowledged": COUNT - 1, "rejected": 1}
    assert world.publish() == {}
    world.set_golden(account_key(2), phone=phone(2))
    assert world.publish() == {"acknowledged": 1}
    assert written(world) == set(range(1, COUNT + 1))


def test_a_field_that_was_renamed_is_refused_until_the_mapping_says_so(
    world: PublishWorld,
) -> None:
    rule = replace(world.system.subscription(), field="Rufnummer__c")
    publish.stage_deliveries(world.engine, [rule], "DE")
    assert delivering.deliver(world.engine, world.target, QUICK) == {"rejected": COUNT}
    (message,) = {row["message"] for row in waiting(world, "rejected")}
    assert "no such field" in message
    for row in waiting(world, "rejected"):
        retry_delivery(world.engine, row["id"], ACT)
    assert world.publish() == {"acknowledged": COUNT}


class Turned(SalesforceStandIn):
    """Answers for the first two records of a collection in the wrong order."""

    def _answer(self, request: Request) -> Response:
        answer = super()._answer(request)
        if request.method != "PATCH" or answer.status != 200:
            return answer
        results = orjson.loads(answer.encoded())
        results[0]["id"], results[1]["id"] = results[1]["id"], results[0]["id"]
        return Response(200, results)


def test_an_answer_for_another_record_is_looked_up(store: Engine) -> None:
    world = PublishWorld(store, sfa(Turned(accounts(COUNT))))
    for number in range(1, COUNT + 1):
        world.set_golden(account_key(number), phone=phone(number))
    assert world.publish() == {"acknowledged": COUNT - 2, "unknown": 2}
    assert "another record" in waiting(world, "unknown")[0]["message"]
    time.sleep(0.4)
    assert world.publish() == {"acknowledged": 2}
    assert written(world) == set(range(1, COUNT + 1))
    world.target.connector.close()
    world.standin.stop()


def test_a_record_that_is_deleted_meanwhile_is_a_conflict(world: PublishWorld) -> None:
    gone = {"IsDeleted": True, "SystemModstamp": "2026-02-01T12:00:00.000+0000"}
    world.standin.state.stream("Account")[account_key(3)] |= gone
    assert world.publish() == {"acknowledged": COUNT - 1, "conflict": 1}
    (row,) = waiting(world, "conflict")
    assert row["message"] == "the target record is gone"
    world.sync()
    retry_delivery(world.engine, row["id"], ACT)
    assert world.publish() == {}
    assert waiting(world, "conflict") == []


def test_records_that_the_target_merged_lead_to_the_one_that_is_left(world: PublishWorld) -> None:
    rows = world.standin.state.stream("Account")
    rows[account_key(5)] |= {"IsDeleted": True, "MasterRecordId": account_key(4)}
    rows[account_key(5)]["SystemModstamp"] = "2026-02-01T12:00:00.000+0000"
    assert world.publish() == {"acknowledged": COUNT - 1, "conflict": 1}
    world.sync()
    source = tables.source_record
    with reading(world.engine) as db:
        query = sa.select(source.c.source_key).where(source.c.deleted)
        assert list(db.scalars(query)) == [account_key(5)]
    (row,) = waiting(world, "conflict")
    abandon_delivery(world.engine, row["id"], ACT)
    assert world.publish() == {}
    assert written(world) == {1, 2, 3, 4, 6}
