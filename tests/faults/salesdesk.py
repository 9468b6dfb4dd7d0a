"""A Salesforce that is slow to save, counts what it saved by record, and can be watched."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import sqlalchemy as sa

from connectors.salesforce.standin import SalesforceStandIn
from hub.pipeline import publish
from hub.sdk.standin import Request, Response
from hub.store import deliveries
from hub.store.database import open_store, reading
from hub.store.schema import migrate
from tests.faults.batch_launcher import FILE
from tests.faults.harness import Hub
from tests.faults.helpdesk import ARRIVED, ASKED, DONE
from tests.unit.pipeline.publish_world import PublishWorld, account_key, accounts, sfa

LATENCY = 0.2
"""Longer than a publisher takes to start again: the dead one's request is still under way then."""
PACE = {"settle": 0.6, "request": 0.4, "batch": 0.3}


class SlowSalesforce(SalesforceStandIn):
    """Every save is counted by record and value; a look is witnessed before it is answered."""

    def __init__(self, count: int) -> None:
        self.writes: Counter[tuple[str, str]] = Counter()
        self.latency = 0.0
        self.witness: Callable[[str], None] = lambda _moment: None
        super().__init__(accounts(count))

    def _answer(self, request: Request) -> Response:
        if "/composite/" not in request.path:
            return super()._answer(request)
        if request.method == "POST":
            answer = super()._answer(request)
            self.witness(ASKED)
            return answer
        self.witness(ARRIVED)
        time.sleep(self.latency)
        answer = super()._answer(request)
        self._count(request, answer)
        self.witness(DONE)
        return answer

    def _count(self, request: Request, answer: Response) -> None:
        if answer.status == 200:
            records = orjson.loads(request.body)["records"]
            for record, result in zip(records, orjson.loads(answer.encoded()), strict=True):
                self.writes[record["id"], record["Phone"]] += result["success"]


class SalesDesk:
    """A store with a delivery to each account, and the folder from which it is published."""

    def __init__(self, hub: Hub, url: str, folder: Path, *, count: int) -> None:
        self.hub = hub
        self.site = folder
        self.count = count
        self.target = SlowSalesforce(count)
        self.store = open_store(url)
        migrate(self.store)
        world = PublishWorld(self.store, sfa(self.target))
        for number in range(1, count + 1):
            world.set_golden(account_key(number), phone=f"+49309018{number:05d}")
        publish.stage_deliveries(self.store, [world.system.subscription()], "DE")
        world.target.connector.close()
        self._told = {"store": url, "settings": {**self.target.config, "batch_writes": True}}
        self.pace(**PACE)
        self.target.latency = LATENCY

    def pace(self, **seconds: float) -> None:
        """Say how long a write may take to show."""
        (self.site / FILE).write_text(json.dumps({**self._told, **seconds}), encoding="utf-8")

    def states(self) -> Counter[str]:
        """How many deliveries there are in each state."""
        with reading(self.store) as db:
            return Counter(deliveries.count_deliveries(db))

    def sent_and_done(self) -> tuple[int, int]:
        """How many writes the store knows to have left, and how many were carried out."""
        with reading(self.store) as db:
            sent = db.scalar(sa.text("SELECT count(sent_at) FROM delivery"))
        return int(sent or 0), self.target.writes.total()

    def wait(self) -> bool:
        """Wait until something may be worked on; False where all is done."""
        while self.states().keys() - {"acknowledged"}:
            with reading(self.store) as db:
                if deliveries.due_deliveries(db, "sfa", datetime.now(UTC), 1):
                    return True
            time.sleep(0.05)
        return False

    def finish(self) -> None:
        """Publish until nothing is under way any more."""
        self.target.latency = 0.0
        while self.wait():
            self.hub.finish(self.site)

    def assert_each_written_once(self) -> int:
        """No write doubled, none lost, each with one receipt; returns how many there were."""
        numbers = range(1, self.count + 1)
        wanted = {(account_key(number), f"+49309018{number:05d}"): 1 for number in numbers}
        assert self.target.writes == wanted
        assert self.states() == {"acknowledged": self.count}
        with reading(self.store) as db:
            assert db.scalar(sa.text("SELECT count(*) FROM receipt")) == self.count
        return self.count

    def close(self) -> None:
        """Stop the target."""
        self.target.stop()
        self.store.dispose()
