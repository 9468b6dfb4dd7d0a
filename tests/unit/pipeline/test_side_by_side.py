"""A connection that is opened several times is written to side by side, each customer by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from hub.errors import AuthenticationError
from hub.pipeline import delivering, publish
from hub.pipeline.connections import OpenConnection
from hub.sdk import Fault
from hub.store.database import Engine
from tests.unit.pipeline.publish_world import QUICK, PublishWorld, publish_world

COUNT, LANES, LATENCY = 24, 4, 0.02


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with publish_world(store, dict.fromkeys(range(1, COUNT + 1))) as made:
        for number in range(1, COUNT + 1):
            made.set_golden(str(number), phone=f"+493090182{number:04d}")
        publish.stage_deliveries(store, [made.system.subscription()], "DE")
        yield made


@contextmanager
def lanes(world: PublishWorld, count: int) -> Iterator[list[OpenConnection]]:
    opened = [world.system.open() for _ in range(count)]
    yield opened
    for one in opened:
        with closing(one.connector):
            pass


def test_each_is_written_once_and_several_at_once(world: PublishWorld) -> None:
    world.standin.fail(Fault(kind="delay", seconds=LATENCY, times=10**6))
    with lanes(world, LANES) as opened:
        assert delivering.deliver(world.engine, opened, QUICK) == {"acknowledged": COUNT}
    assert world.writes() == COUNT
    assert world.states() == {"acknowledged": COUNT}
    assert 1 < world.standin.most_at_once <= LANES


def test_refused_credentials_end_the_run_once_all_have_stopped(world: PublishWorld) -> None:
    world.standin.fail(Fault(kind="status", status=401, times=10**6))
    with lanes(world, LANES) as opened, pytest.raises(AuthenticationError):
        delivering.deliver(world.engine, opened, QUICK)
    assert world.states() == {"planned": COUNT}
