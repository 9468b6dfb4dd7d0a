"""An ERP that is slow to make parties, counts what it made, and can be watched in the act."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import orjson

from connectors.salesforce.saves_standin import EXTERNAL_ID
from connectors.salesforce.standin import SalesforceStandIn
from connectors.tryton.contacts import MARK
from connectors.tryton.standin import TrytonStandIn
from hub.pipeline import writeback
from hub.pipeline.delivery_desk import retry_delivery
from hub.sdk import StandInState
from hub.sdk.standin import Request, Response
from hub.store.audit import new_act
from tests.faults.harness import Hub
from tests.faults.helpdesk import ARRIVED, ASKED, DONE
from tests.unit.pipeline.company_world import (
    CREATE,
    ERP,
    PHONE,
    CompanyWorld,
    account,
    deal,
)

LATENCY = 0.5
"""Longer than the hub takes to start again: the dead one's request is still under way then."""
SETTLE, REQUEST = 1.2, 0.5


class SlowErp(TrytonStandIn):
    """Every creation is counted by the hub's own key; a look for one is witnessed."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.latency = 0.0
        self.witness: Callable[[str], None] = lambda _moment: None
        super().__init__(StandInState({}))

    def answer(self, request: Request) -> Response:
        """Answer one request, and tell the witness."""
        if request.method != "POST" or b".create" not in request.body:
            if request.path.endswith("/party.party") and request.query.startswith("d=W1siaWRlbnR"):
                self.witness(ASKED)  # base64 of [["ident…: a party is looked for by its identifier
            return super().answer(request)
        self.witness(ARRIVED)
        time.sleep(self.latency)
        answer = super().answer(request)
        (identifier,) = orjson.loads(request.body)["params"][0][0]["identifiers"]
        self.made[identifier[1][0]["code"].removeprefix(MARK)] += 1
        self.witness(DONE)
        return answer


class SlowBranch(SalesforceStandIn):
    """A Salesforce that is sent many new accounts at once; each that it makes is counted."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.latency = 0.0
        self.witness: Callable[[str], None] = lambda _moment: None
        super().__init__(StandInState({}))

    def _answer(self, request: Request) -> Response:
        if not request.path.endswith(f"/Account/{EXTERNAL_ID}"):
            if f"{EXTERNAL_ID}+%3D" in request.query:
                self.witness(ASKED)  # accounts are looked for by their external ids
            return super()._answer(request)
        self.witness(ARRIVED)
        time.sleep(self.latency)
        answer = super()._answer(request)
        records = orjson.loads(request.body)["records"]
        for record, result in zip(records, orjson.loads(answer.encoded()), strict=True):
            self.made[record[EXTERNAL_ID]] += bool(result.get("created"))
        self.witness(DONE)
        return answer


class ErpDesk:
    """A resolved company of so many customers whom a system has not, staged to be made there."""

    def __init__(
        self,
        hub: Hub,
        folder: Path,
        count: int,
        url: str = "",
        *,
        place: tuple[str, str] = ERP,
    ) -> None:
        self.hub = hub
        self.site = folder
        self.place = place
        self.erp: SlowErp | SlowBranch = SlowErp() if place == ERP else SlowBranch()
        self._count = count
        rules = CREATE.format(*place) + PHONE.format(*place)
        url, name = url or f"sqlite:///{folder / 'hub.db'}", place[0]
        self.world = CompanyWorld(url, folder, rules, ("sfa", name), {name: self.erp})
        self.pace(SETTLE, REQUEST)
        numbers = range(1, count + 1)
        names = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir")
        accounts = [account(n, f"{names[n - 1]} Works {n} GmbH") for n in numbers]
        self.world.enter(*accounts, deals=tuple(deal(n) for n in numbers))
        self.world.sync()
        self.world.resolve()
        writeback.stage(self.world.work)

    def pace(self, settle: float, request: float, most: int = 500) -> None:
        """Say in hub.toml how long a creation may take to show, and how many a run makes."""
        file = self.world.file
        text = file.read_text(encoding="utf-8").split("[publish]\n")
        rest = text[1].split("\n\n", 1)[1]
        pace = f"[publish]\nsettle_seconds = {settle}\nrequest_seconds = {request}\n"
        pace += f"max_writes = {most}\n\n"
        file.write_text(text[0] + pace + rest, encoding="utf-8")

    def states(self) -> Counter[str]:
        """How many creations are in each state."""
        return Counter(row[0] for row in self.world.ask("SELECT state FROM record_delivery"))

    def sent_and_made(self) -> tuple[int, int]:
        """How many the store knows to have left, and how many were made."""
        ((sent,),) = self.world.ask("SELECT count(sent_at) FROM record_delivery")
        return sent, self.erp.made.total()

    def finish(self, *, asks: bool = False) -> int:
        """Publish until all is made; with ``asks`` a person decides what stays unknown.

        Returns how many a person had to decide.
        """
        self.erp.latency, decided, deadline = 0.0, 0, time.monotonic() + 60
        while self.states().keys() - {"acknowledged"}:
            assert time.monotonic() < deadline, self.states()
            self.hub.finish(self.site, "publish")
            time.sleep(0.2)
            decided += self._decide() if asks else 0
        return decided

    def _decide(self) -> int:
        """What was looked for in vain is made, on a person's word."""
        query = (
            "SELECT id FROM record_delivery WHERE state = 'unknown' AND message LIKE 'no answer%'"
        )
        names = [str(UUID(str(row[0]))) for row in self.world.ask(query)]
        for name in names:
            retry_delivery(self.world.work.engine, name, new_act("test", "looked"))
        return len(names)

    def assert_each_made_once(self) -> int:
        """Nobody lost, nobody made twice, and each is still one customer."""
        made = {str(UUID(str(row[0]))) for row in self.world.ask("SELECT id FROM record_delivery")}
        assert self.erp.made == dict.fromkeys(made, 1)
        assert self.states() == {"acknowledged": self._count}
        assert len(self.world.rows(*self.place)) == self._count
        self.world.sync()
        self.world.resolve()
        assert self.world.publish() == {self.place[0]: {}}
        assert self.world.customers() == self._count
        return self._count

    def close(self) -> None:
        """Stop the systems."""
        self.world.close()
