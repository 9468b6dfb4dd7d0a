"""Targets that are slow to save, count what they saved by record, and can be watched."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.salesforce.standin import SalesforceStandIn
from hub.pipeline import publish
from hub.pipeline.delivery_desk import retry_delivery
from hub.sdk import StandInState
from hub.sdk.standin import Request, Response
from hub.store import deliveries
from hub.store.audit import new_act
from hub.store.database import open_store, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.schema import migrate
from tests.faults.batch_launcher import FILE, open_cards
from tests.faults.harness import Hub
from tests.faults.helpdesk import ARRIVED, ASKED, DONE
from tests.unit.pipeline.publish_world import PublishWorld, System, accounts, sfa
from tests.unit.testing.cards.standin import CardsStandIn

LATENCY = 0.2
"""Longer than a publisher takes to start again: the dead one's request is still under way then."""
PACE = {"settle": 0.6, "request": 0.4, "batch": 0.3}


class SlowSalesforce(SalesforceStandIn):
    """Every save is counted by record and value; a look is witnessed before it is answered.

    While the gate is closed no save is carried out: each is later than anybody waits.
    """

    def __init__(self, count: int) -> None:
        self.writes: Counter[tuple[str, str]] = Counter()
        self.latency = 0.0
        self.gate = threading.Event()
        self.gate.set()
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
        self.gate.wait()
        answer = super()._answer(request)
        self._count(request, answer)
        self.witness(DONE)
        return answer

    def _count(self, request: Request, answer: Response) -> None:
        if answer.status == 200:
            records = orjson.loads(request.body)["records"]
            for record, result in zip(records, orjson.loads(answer.encoded()), strict=True):
                self.writes[record["id"], record["Phone"]] += result["success"]


class LateCards(CardsStandIn):
    """Every effect is counted; it takes no conditions, and keys where it is ``keyed``."""

    def __init__(self, count: int, *, keyed: bool) -> None:
        self.writes: Counter[tuple[str, str]] = Counter()
        self.latency = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.witness: Callable[[str], None] = lambda _moment: None
        self._taken = {"idempotency-key"} if keyed else set()
        rows = [{"id": number, "name": f"Ada Example{number}"} for number in range(1, count + 1)]
        fixed = {"phone": None, "note": "", "deleted": False, "changed": "2026-01-01T00:00:00Z"}
        super().__init__(StandInState({"card": {str(row["id"]): row | fixed for row in rows}}))

    def reply(self, request: Request) -> Response:
        if request.method != "PUT":
            answer = super().reply(request)
            self.witness(ASKED if request.path.startswith("/cards/") else "")
            return answer
        self.witness(ARRIVED)
        time.sleep(self.latency)
        self.gate.wait()
        with self.state.lock:
            answer = self._carry_out(request)
        self.witness(DONE)
        return answer

    def _carry_out(self, request: Request) -> Response:
        dropped = {"if-match", "idempotency-key"} - self._taken
        headers = {name: text for name, text in request.headers.items() if name not in dropped}
        repeated = headers.get("idempotency-key") in self._done
        answer = super().reply(replace(request, headers=headers))
        if answer.status == 200 and not repeated:
            key = request.path.rpartition("/")[2]
            self.writes[key, orjson.loads(request.body)["phone"]] += 1
        return answer


LateTarget = SlowSalesforce | LateCards


class LateDesk:
    """A store with a delivery to each record of a slow target, and where it is published from."""

    def __init__(
        self, hub: Hub, url: str, folder: Path, target: LateTarget, system: System
    ) -> None:
        self.hub = hub
        self.site = folder
        self.target = target
        self.store = open_store(url)
        self._system = system
        migrate(self.store)
        world = PublishWorld(self.store, system)
        self.wanted = {key: f"+49309018{place:05d}" for place, key in enumerate(world.parties, 1)}
        for key, number in self.wanted.items():
            world.set_golden(key, phone=number)
        self.stage()
        world.target.connector.close()
        self._told: dict[str, Any] = {"store": url, "settings": {**target.config}}
        self.pace(**PACE)
        self.target.latency = LATENCY

    def tell(self, **settings: Any) -> None:
        """Say how the target is reached."""
        self._told |= settings

    def pace(self, **seconds: float) -> None:
        """Say how long a write may take to show."""
        (self.site / FILE).write_text(json.dumps({**self._told, **seconds}), encoding="utf-8")

    def stage(self) -> None:
        """Plan what is to be written."""
        publish.stage_deliveries(self.store, [self._system.subscription()], "DE")

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
        while self.states().keys() - {"acknowledged", "superseded"}:
            with reading(self.store) as db:
                if deliveries.due_deliveries(db, self._system.connection, datetime.now(UTC), 1):
                    return True
            time.sleep(0.05)
        return False

    def finish(self) -> int:
        """Publish until nothing is under way any more; returns how many a person had to decide."""
        self.target.latency, decided = 0.0, 0
        while self.wait():
            self.hub.finish(self.site)
            decided += self._decide()
        return decided

    def _decide(self) -> int:
        """What a person does of whom the hub asks it: look at the target, and send it again."""
        with reading(self.store) as db:
            asked = list_deliveries(db, DeliveryFilter(("unknown",)), 10_000)
        for row in asked:
            assert "look there" in row["message"]
            retry_delivery(self.store, row["id"], new_act("ada", "it is not there"))
        self.stage()
        return len(asked)

    def assert_each_written_once(self) -> int:
        """No write doubled, none lost, each with one receipt; returns how many there were."""
        assert self.target.writes == dict.fromkeys(self.wanted.items(), 1)
        assert self.states().keys() <= {"acknowledged", "superseded"}
        assert self.states()["acknowledged"] == len(self.wanted)
        with reading(self.store) as db:
            assert db.scalar(sa.text("SELECT count(*) FROM receipt")) == len(self.wanted)
        return len(self.wanted)

    def close(self) -> None:
        """Stop the target."""
        self.target.gate.set()
        self.target.stop()
        self.store.dispose()


class SalesDesk(LateDesk):
    """Salesforce's accounts, in batches."""

    def __init__(self, hub: Hub, url: str, folder: Path, *, count: int) -> None:
        target = SlowSalesforce(count)
        super().__init__(hub, url, folder, target=target, system=sfa(target))
        self.tell(settings={**target.config, "batch_writes": True})
        self.pace(**PACE)


class CardsDesk(LateDesk):
    """Cards, one by one, of a system that knows no versions: with idempotency keys or without."""

    def __init__(self, hub: Hub, url: str, folder: Path, *, count: int, keyed: bool) -> None:
        target = LateCards(count, keyed=keyed)
        super().__init__(hub, url, folder, target=target, system=_cards(target, keyed=keyed))
        self.tell(keyed=keyed)
        self.pace(**PACE)


def _cards(target: LateCards, *, keyed: bool) -> System:
    opened = open_cards(target.config, keyed=keyed)
    return System(
        spec=replace(opened.spec, streams=opened.streams),
        standin=target,
        connection="cards",
        stream="card",
        field="phone",
        settings={},
    )
