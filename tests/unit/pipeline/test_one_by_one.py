"""Writes that go one by one share looks, intents and receipts, and each has a lock of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from hub.pipeline import delivering, publish
from hub.sdk import Connector, Fault, Record
from hub.store import tables
from hub.store.database import Engine, reading
from tests.unit.pipeline.publish_world import QUICK, PublishWorld, account_key, batch_world

COUNT = 20
ROW = "/services/data/v64.0/sobjects/Account/001"
THEIRS = "+49 40 123456"


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with batch_world(store, COUNT, batch_writes=False) as made:
        for number in range(1, COUNT + 1):
            made.set_golden(account_key(number), phone=f"+493090182{number:04d}")
        publish.stage_deliveries(made.engine, [made.system.subscription()], "DE")
        yield made


def deliver(world: PublishWorld) -> dict[str, int]:
    return delivering.deliver(world.engine, world.target, QUICK)


def sent(world: PublishWorld, method: str) -> int:
    """Requests for single accounts."""
    asked = world.standin.http.requests.items()
    return sum(count for name, count in asked if name.startswith(f"{method} {ROW}"))


def test_each_is_written_to_alone_and_has_its_own_version(world: PublishWorld) -> None:
    assert deliver(world) == {"acknowledged": COUNT}
    assert sent(world, "PATCH") == COUNT
    stamps = {row["SystemModstamp"] for row in world.standin.state.stream("Account").values()}
    with reading(world.engine) as db:
        told = set(db.scalars(sa.select(tables.receipt.c.target_version)))
    assert told == stamps
    assert len(stamps) == COUNT


class Busy:
    """A connector while whose looks somebody else works on one account."""

    def __init__(self, world: PublishWorld, number: int) -> None:
        self._inner: Any = world.target.connector
        self._standin = world.standin
        self._key = account_key(number)
        for name in ("fetch", "write", "batch_limit", "close"):
            setattr(self, name, getattr(self._inner, name))

    def look_many(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        found: Mapping[str, Record] = self._inner.look_many(stream, keys, fields)
        if self._key in keys and fields:
            stamp = self._standin.stamp()
            self._standin.state.stream(stream)[self._key].update(Phone=THEIRS, SystemModstamp=stamp)
        return found


def test_what_changes_after_the_look_is_a_conflict_for_its_own(world: PublishWorld) -> None:
    busy = Busy(world, 7)
    world.target = replace(world.target, connector=cast("Connector", busy))
    assert deliver(world) == {"acknowledged": COUNT - 1, "conflict": 1}
    assert world.phone(account_key(7)) == THEIRS


def test_what_found_no_time_is_sent_with_an_intent_of_its_own(world: PublishWorld) -> None:
    world.standin.fail(Fault(kind="delay", seconds=0.25, times=6, path=ROW))
    assert deliver(world) == {"acknowledged": COUNT}
    assert sent(world, "PATCH") == COUNT
    with reading(world.engine) as db:
        attempts = db.scalars(sa.select(tables.delivery.c.attempts)).all()
    assert max(attempts) <= 2


def test_a_lost_answer_among_several_is_one_unknown_outcome(world: PublishWorld) -> None:
    world.standin.fail(Fault(kind="drop", path=account_key(7), method="PATCH"))
    assert deliver(world) == {"acknowledged": COUNT - 1, "unknown": 1}
    later = replace(QUICK, settle=timedelta(0), request=timedelta(0))
    delivering.deliver(world.engine, world.target, later)
    assert world.phone(account_key(7)) == "+4930901820007"
    assert sent(world, "PATCH") == COUNT
