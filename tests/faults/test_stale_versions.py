"""Somebody changes records at the target before or after the hub has looked: no change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors import request_tracker
from hub.pipeline.pace import Pace
from hub.sdk.standin import Request, Response
from hub.store.database import Engine, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from tests.faults.harness import FULL
from tests.faults.helpdesk import HelpDesk
from tests.faults.tally import Tell
from tests.unit.pipeline.publish_world import PublishWorld, System, user

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

COUNT = 200 if FULL else 20
"""Records that somebody changes, half of them between the hub's look and its write."""
PACE = Pace(settle=timedelta(0), max_writes=10_000)


class Contested(HelpDesk):
    """Some users are changed by a person when the hub's write is on its way."""

    def __init__(self, late: set[str], count: int) -> None:
        self._late = late
        rows = {str(number): user(number, None) for number in range(1, count + 1)}
        super().__init__({"user": rows}, locks=True)
        self.latency = 0.0

    def edit(self, key: str) -> None:
        """A person types another number."""
        with self.state.changing():
            row = self.state.stream("user")[key]
            row |= {"WorkPhone": theirs(key), "LastUpdated": "2026-06-01T10:00:00Z"}

    def answer(self, request: Request) -> Response:
        key = request.path.rpartition("/")[2]
        if request.method == "PUT" and key in self._late:
            self.edit(key)
        return super().answer(request)


def theirs(key: str) -> str:
    return f"+49 40 {int(key):07d}"


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    late = {str(number) for number in range(1, COUNT, 2)}
    desk = Contested(late, 2 * COUNT)
    system = System(
        spec=replace(request_tracker.hub_connector()),
        standin=desk,
        connection="helpdesk",
        stream="user",
        field="WorkPhone",
        settings={},
    )
    made = PublishWorld(store, system)
    with closing(made.target.connector):
        yield made
    desk.stop()


def test_no_change_at_the_target_is_overwritten(world: PublishWorld, tell: Tell) -> None:
    for key in world.parties:
        world.set_golden(key, phone=f"+493090{int(key):06d}")
    for number in range(2, COUNT + 1, 2):
        world.standin.edit(str(number))
    assert world.publish(PACE) == {"conflict": COUNT, "acknowledged": COUNT}
    contested = [str(number) for number in range(1, COUNT + 1)]
    assert [world.phone(key) for key in contested] == [theirs(key) for key in contested]
    with reading(world.engine) as db:
        waiting = list_deliveries(db, DeliveryFilter(("conflict",)), COUNT + 1)
    assert len(waiting) == COUNT
    assert world.publish(PACE) == {}
    tell(f"publish: {COUNT} stale versions, each a conflict for a person, none overwritten")
