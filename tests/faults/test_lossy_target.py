"""A target that drops answers, answers rubbish or is busy: each write is made, and made once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from connectors import request_tracker
from hub.pipeline import delivering, publish
from hub.pipeline.delivery_desk import retry_delivery
from hub.pipeline.pace import Pace
from hub.sdk import Fault
from hub.store.audit import new_act
from hub.store.database import Engine, open_store, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.schema import migrate
from tests.faults.harness import FULL
from tests.faults.helpdesk import HelpDesk
from tests.faults.tally import Tell
from tests.unit.pipeline.publish_world import QUICK, PublishWorld, System, user

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

COUNT = 3_000 if FULL else 300
FIRST = 100_000
PACE = Pace(settle=QUICK.settle, request=QUICK.request, max_writes=100_000)


class Lossy:
    """A help desk with a customer for each user, and publishing to it until all is settled."""

    def __init__(self, engine: Engine) -> None:
        self.keys = [str(FIRST + number) for number in range(COUNT)]
        self.desk = HelpDesk(
            {"user": {key: user(int(key), None) for key in self.keys}}, locks=False
        )
        self.desk.latency = 0.0
        self.world = PublishWorld(
            engine,
            System(
                spec=request_tracker.hub_connector(),
                standin=self.desk,
                connection="helpdesk",
                stream="user",
                field="WorkPhone",
                settings={},
            ),
        )

    def stage(self, prefix: str) -> None:
        """Give every customer a phone number of its own, to be written with the next run."""
        for key in self.keys:
            self.world.set_golden(key, phone=f"{prefix}{key}")

    def run(self) -> dict[str, int]:
        """One run over a connection of its own, as the command line does it."""
        publish.stage_deliveries(self.world.engine, [self.world.system.subscription()], "DE")
        target = self.world.system.open()
        with closing(target.connector):
            return delivering.deliver(self.world.engine, target, PACE)

    def finish(self) -> None:
        """Run until nothing is left."""
        runs = 0
        while self.run() or self.world.states().keys() - {"acknowledged", "superseded"}:
            runs += 1
            assert runs < 200, self.world.states()
            time.sleep(0.1)

    def assert_held(self, prefix: str) -> None:
        """Every user holds its number, written once."""
        assert all(self.world.phone(key) == f"{prefix}{key}" for key in self.keys)
        assert max(self.desk.writes.values()) == 1

    def fail(self, share: float, *faults: Fault) -> int:
        """Let writes to some users meet faults; returns how many users."""
        chosen = random.Random(9).sample(self.keys, int(share * COUNT))
        for key in chosen:
            for fault in faults:
                self.desk.fail(replace(fault, path=f"/user/{key}", method="PUT"))
        return len(chosen)


@pytest.fixture
def lossy(store_url: str) -> Iterator[Lossy]:
    with _lossy(store_url) as made:
        yield made


@contextmanager
def _lossy(url: str) -> Iterator[Lossy]:
    engine = open_store(url)
    migrate(engine)
    made = Lossy(engine)
    try:
        yield made
    finally:
        made.world.target.connector.close()
        made.desk.stop()
        engine.dispose()


def test_dropped_answers_repeat_no_effect(lossy: Lossy, tell: Tell) -> None:
    lossy.stage("+4930901")
    dropped = lossy.fail(0.02, Fault(kind="drop"))
    assert lossy.run() == {"acknowledged": COUNT - dropped, "unknown": dropped}
    lossy.finish()
    lossy.assert_held("+4930901")
    assert lossy.desk.writes.total() == COUNT
    tell(f"publish: {dropped} answers of {COUNT} dropped, no effect repeated")


def test_an_answer_that_is_no_answer_counts_as_failure(lossy: Lossy, tell: Tell) -> None:
    lossy.stage("+4930901")
    failed = lossy.fail(0.05, Fault(kind="not_json"))
    assert lossy.run() == {"acknowledged": COUNT - failed, "rejected": failed}
    with reading(lossy.world.engine) as db:
        refused = list_deliveries(db, DeliveryFilter(("rejected",)), COUNT)
    for row in refused:
        retry_delivery(lossy.world.engine, row["id"], new_act("ada", "mended"))
    assert lossy.run() == {"acknowledged": failed}
    lossy.assert_held("+4930901")
    tell(f"publish: {failed} answers 200 without a result, none taken for success")


def test_a_busy_target_gets_all_in_order(lossy: Lossy, tell: Tell) -> None:
    lossy.stage("+4930901")
    busy = lossy.fail(0.1, Fault(kind="status", status=503), Fault(kind="status", status=429))
    lossy.run()
    lossy.stage("+4930902")
    lossy.finish()
    lossy.assert_held("+4930902")
    tell(f"publish: {busy} of {COUNT} met 503 and 429, all hold the last value")
