"""A help desk that is slow to write, counts its writes, and can be watched in the act."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from connectors.request_tracker.standin import RequestTrackerStandIn
from hub.sdk import StandInState
from hub.sdk.standin import Request, Response, Row
from hub.store import deliveries
from hub.store.database import reading
from tests.faults.harness import Hub, Run, clone, declare, open_site_store

ASKED, ARRIVED, DONE = "asked", "arrived", "done"
"""What can be witnessed: a user is looked up, a write came in, a write was carried out."""

LATENCY = 0.5
"""Longer than the hub takes to start again: the dead one's request is still under way then."""
SETTLE = 1.5
REQUEST = 0.5


class Watched(Protocol):
    """A target that tells what it sees."""

    witness: Callable[[str], None]


class HelpDesk(RequestTrackerStandIn):
    """Every write is counted by user and content; its wall time is left out of the record.

    Without ``locks`` it carries out whatever it is told, whoever wrote in the meantime.
    """

    def __init__(self, seed: Mapping[str, Mapping[str, Row]], *, locks: bool) -> None:
        self.writes: Counter[tuple[str, bytes]] = Counter()
        self.latency = LATENCY
        self.witness: Callable[[str], None] = lambda _moment: None
        self._locks = locks
        super().__init__(StandInState(seed))

    def answer(self, request: Request) -> Response:
        """Answer one request, and tell the witness."""
        if request.method != "PUT":
            if "/user/" in request.path:
                self.witness(ASKED)
            return super().answer(request)
        self.witness(ARRIVED)
        time.sleep(self.latency)
        answer = self._carry_out(request)
        self.witness(DONE)
        return answer

    def _carry_out(self, request: Request) -> Response:
        kept = {k: v for k, v in request.headers.items() if self._locks or k != "if-match"}
        key = request.path.rpartition("/")[2]
        with self.state.lock:
            before = self.state.stream("user")[key]["LastUpdated"]
            answer = super().answer(replace(request, headers=kept))
            self.state.stream("user")[key]["LastUpdated"] = before
            if answer.status == 200:
                self.writes[key, request.body] += 1
        return answer


class Desk:
    """A resolved site whose help desk waits for phone numbers; each one has its own."""

    def __init__(self, hub: Hub, origin: Path, folder: Path, *, locks: bool = False) -> None:
        self.hub = hub
        self.site = clone(origin, folder)
        self.store = open_site_store(self.site)
        seed = json.loads((origin / "systems" / "helpdesk.json").read_text(encoding="utf-8"))
        self.helpdesk = HelpDesk(seed, locks=locks)
        self.side_by_side(1)
        settings = json.dumps(self.helpdesk.config)
        (self.site / "helpdesk.json").write_text(settings, encoding="utf-8")

    def side_by_side(self, count: int) -> None:
        """Say in hub.toml how many requests go at once; one by one a moment can be told."""
        text = (self.site / "hub.toml").read_text(encoding="utf-8")
        section = "publish.brakes.helpdesk"
        kept = [line for line in text.splitlines() if not line.startswith("at_once")]
        (self.site / "hub.toml").write_text("\n".join(kept) + "\n", encoding="utf-8")
        declare(self.site, section, f"at_once = {count}")

    def pace(self, settle: float, request: float) -> None:
        """Say in hub.toml how long a write may take to show."""
        declare(self.site, "publish", f"settle_seconds = {settle}\nrequest_seconds = {request}")

    def deliveries(self) -> Counter[str]:
        """How many there are in each state."""
        with reading(self.store) as db:
            return Counter(deliveries.count_deliveries(db))

    def sent_and_done(self) -> tuple[int, int]:
        """How many writes the store knows to have left, and how many were carried out."""
        ((sent,),) = self.ask("SELECT count(sent_at) FROM delivery")
        return sent, sum(self.helpdesk.writes.values())

    def ask(self, query: str) -> list[Any]:
        """Read from the store beside whoever works on it."""
        with reading(self.store) as db:
            return list(db.execute(sa.text(query)).all())

    def kill_when(self, state: str) -> bool:
        """Kill a publish as soon as one more delivery is in a state; False where it ended first."""
        before = self.deliveries()[state]
        run = self.hub.start(self.site, "publish")
        while self.deliveries()[state] <= before:
            pass
        return run.kill() and not self.deliveries()["sending"]

    def finish(self) -> None:
        """Publish until nothing is under way any more."""
        deadline = time.monotonic() + 60
        self.hub.finish(self.site, "publish")
        while self.deliveries().keys() - {"acknowledged"}:
            assert time.monotonic() < deadline, self.deliveries()
            time.sleep(0.2)
            self.hub.finish(self.site, "publish")

    def assert_each_written_once(self) -> int:
        """No write doubled, none lost, none invented; returns how many there were."""
        planned = self.ask(
            "SELECT source_record.source_key, delivery.value FROM delivery"
            " JOIN source_record ON source_record.id = delivery.record_id"
        )
        wanted = Counter((key, value) for key, value in planned)
        made = Counter[tuple[str, str]]()
        for (key, body), count in self.helpdesk.writes.items():
            made[key, json.loads(body)["WorkPhone"]] += count
        assert made == wanted
        assert set(wanted.values()) == {1}
        assert self.deliveries() == {"acknowledged": len(planned)}
        return len(planned)

    def close(self) -> None:
        """Stop the help desk."""
        self.helpdesk.stop()
        self.store.dispose()


class Ambush:
    """Stops the help desk's answer at a moment, so that the hub can be hit in exactly it."""

    def __init__(self, helpdesk: Watched, moment: str, nth: int = 1) -> None:
        self._moment = moment
        self._left = nth
        self._reached = threading.Event()
        self._over = threading.Event()
        helpdesk.witness = self._see

    def _see(self, moment: str) -> None:
        if moment == self._moment and not self._over.is_set():
            self._left -= 1
            if self._left <= 0:
                self._reached.set()
                self._over.wait(10)

    def strike(self, run: Run, number: signal.Signals) -> bool:
        """Signal the run in the moment, and let the help desk go on; False where it never came."""
        came = self._reached.wait(5)
        run.send(number)
        if number is signal.SIGKILL:
            came = run.wait() == -number and came
        self._over.set()
        return came
