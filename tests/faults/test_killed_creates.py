"""kill -9 while records are made: at the end each customer was made, and made once.

The target holds no key of the hub's at most once, and is slower than the restart.
"""

from __future__ import annotations

import signal
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.faults.erpdesk import LATENCY, REQUEST, SETTLE, ErpDesk
from tests.faults.harness import FULL, Hub, launched
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, Ambush
from tests.faults.tally import Tell
from tests.servers.postgres import PostgresServer
from tests.unit.pipeline.company_world import BRANCH

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

EACH = 50 if FULL else 3
"""Kills at each moment."""
CUSTOMERS, TOGETHER = 3, 2


def kill_in_request(desk: ErpDesk, moment: str, count: int = 1) -> bool:
    """Kill a publish in the moment; True where store and target bear witness that it was hit."""
    before = desk.sent_and_made()
    ambush = Ambush(desk.erp, moment)
    if not ambush.strike(desk.hub.start(desk.site, "publish"), signal.SIGKILL):
        return False
    sent, made = (after - then for after, then in zip(desk.sent_and_made(), before, strict=True))
    return (sent, made) == (count, count if moment == DONE else 0)


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_killed_while_a_record_is_made(moment: str, hub: Hub, tmp_path: Path, tell: Tell) -> None:
    """Killed before the request left, nobody can know that: a person says so."""
    hits, made, decided = 0, 0, 0
    for number in count():
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        with closing(ErpDesk(hub, folder, CUSTOMERS)) as desk:
            desk.erp.latency = LATENCY if moment == ARRIVED else 0.0
            hits += sum(kill_in_request(desk, moment) for _ in range(CUSTOMERS - 1))
            decided += desk.finish(asks=moment == ASKED)
            made += desk.assert_each_made_once()
        if hits >= EACH:
            break
    assert (decided > 0) == (moment == ASKED)
    tell(f"create: {hits} kills when {moment}, {made} records, each made once; {decided} asked")


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_killed_while_many_are_made(moment: str, hub: Hub, tmp_path: Path, tell: Tell) -> None:
    """The target holds the hub's key once, so that a batch is sent again without asking anybody."""
    hits, made = 0, 0
    for number in count():
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        with closing(ErpDesk(hub, folder, 2 * CUSTOMERS, place=BRANCH)) as desk:
            desk.pace(SETTLE, REQUEST, most=TOGETHER)
            desk.erp.latency = LATENCY if moment == ARRIVED else 0.0
            hits += sum(kill_in_request(desk, moment, TOGETHER) for _ in range(CUSTOMERS))
            desk.finish()
            made += desk.assert_each_made_once()
        if hits >= EACH:
            break
    tell(f"create: {hits} kills of batches when {moment}, {made} records, each made once")


@pytest.mark.parametrize("state", ["planned", "acknowledged"])
def test_killed_between_requests(state: str, hub: Hub, tmp_path: Path, tell: Tell) -> None:
    """Before the first intent, and after a receipt with the crosswalk's new key."""
    hits, made = 0, 0
    for number in range(EACH):
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        with closing(ErpDesk(hub, folder, CUSTOMERS)) as desk:
            run = hub.start(desk.site, "publish")
            while state == "acknowledged" and not desk.states()[state]:
                pass
            hits += run.kill()
            desk.finish(asks=True)
            made += desk.assert_each_made_once()
    tell(f"create: {hits} kills right when {state}, {made} records, each made once")


def test_a_target_slower_than_the_settle_time(hub: Hub, tmp_path: Path, tell: Tell) -> None:
    """The outcome stays unknown, and nothing is sent again: the record shows in the end."""
    with closing(ErpDesk(hub, tmp_path, 1)) as desk:
        desk.pace(0.1, 0.2)
        desk.erp.latency = 3 * LATENCY
        assert kill_in_request(desk, ARRIVED)
        time.sleep(0.4)
        hub.run(desk.site, "publish")
        assert (desk.states(), desk.erp.made.total()) == ({"unknown": 1}, 0)
        time.sleep(SETTLE)
        desk.finish()
        desk.assert_each_made_once()
    tell("create: slower than the settle time, unknown until it showed, made once")


def test_two_publishers_at_once(hub: Hub, tmp_path: Path, tell: Tell) -> None:
    made = 0
    for number in range(EACH):
        folder = tmp_path / f"two-{number}"
        folder.mkdir()
        with closing(ErpDesk(hub, folder, CUSTOMERS)) as desk, launched() as other:
            desk.erp.latency = 0.05
            runs = [launcher.start(desk.site, "publish") for launcher in (hub, other)]
            assert [run.wait() for run in runs] == [0, 0], runs[0].said
            made += desk.assert_each_made_once()
    tell(f"create: two publishers at once, {made} records, each made once")


@pytest.mark.servers
def test_two_publishers_on_postgresql(
    hub: Hub, postgres_server: PostgresServer, tmp_path: Path, tell: Tell
) -> None:
    url = postgres_server.fresh_database()
    with closing(ErpDesk(hub, tmp_path, 2 * CUSTOMERS, url)) as desk, launched() as other:
        desk.erp.latency = 0.1
        runs = [launcher.start(desk.site, "publish") for launcher in (hub, other)]
        assert [run.wait() for run in runs] == [0, 0], runs[0].said
        made = desk.assert_each_made_once()
    postgres_server.drop_database(url)
    tell(f"create on PostgreSQL: two publishers at once, {made} records, each made once")


@pytest.mark.parametrize("moment", [ASKED, ARRIVED])
def test_paused_past_its_lease(moment: str, hub: Hub, tmp_path: Path, tell: Tell) -> None:
    with closing(ErpDesk(hub, tmp_path, CUSTOMERS)) as desk, launched() as other:
        desk.pace(0.3, 0.3)
        paused = other.start(desk.site, "publish")
        assert Ambush(desk.erp, moment).strike(paused, signal.SIGSTOP)
        time.sleep(0.7)
        hub.run(desk.site, "publish")
        paused.send(signal.SIGCONT)
        paused.wait()
        desk.finish()
        made = desk.assert_each_made_once()
    tell(f"create: paused when {moment}, {made} records, each made once")
