"""Two publishers of one site: every write is made once, and who was away too long is refused."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import FULL, Hub, Run, Systems, differences, launched
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, Ambush, Desk
from tests.faults.tally import Tell
from tests.servers.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

ROUNDS = 20 if FULL else 5
PAUSES = 10 if FULL else 1
"""At each moment."""
AWAY = [(ASKED, 1), (ASKED, 2), (ARRIVED, 1), (DONE, 1), (ASKED, 3), (ARRIVED, 3)]
"""When a publisher is paused: at the look-up, past the intent, in the write, before the receipt, at
the next look-up, among several writes of one intent."""


def test_at_once(hub: Hub, resolved: Path, published: Path, tmp_path: Path, tell: Tell) -> None:
    writes = 0
    with launched() as other:
        for number in range(ROUNDS):
            with closing(Desk(hub, resolved, tmp_path / f"shared-{number}")) as desk:
                desk.helpdesk.latency = 0.05
                desk.side_by_side(2)
                runs = [launcher.start(desk.site, "publish") for launcher in (hub, other)]
                assert [run.wait() for run in runs] == [0, 0], runs[0].said
                writes += desk.assert_each_written_once()
                assert differences(desk.site, published) == []
    tell(f"publish: {ROUNDS} times two at once, {writes} writes, each made once")


def test_at_once_on_postgresql(
    hub: Hub, postgres_server: PostgresServer, tmp_path: Path, tell: Tell
) -> None:
    url, writes = postgres_server.fresh_database(), 0
    with closing(Systems(customers=60, latency=0)) as small, launched() as other:
        site = small.lay_out(tmp_path / "site")
        file = site / "hub.toml"
        file.write_text(file.read_text().replace("sqlite:///hub.db", url))
        hub.run(site, "sync")
        hub.run(site, "resolve")
        with closing(Desk(hub, site, tmp_path / "shared")) as desk:
            desk.helpdesk.latency = 0.05
            runs = [launcher.start(desk.site, "publish") for launcher in (hub, other)]
            assert [run.wait() for run in runs] == [0, 0], runs[0].said
            writes += desk.assert_each_written_once()
    postgres_server.drop_database(url)
    tell(f"publish on PostgreSQL: two at once, {writes} writes, each made once")


def assert_refused(paused: Run, *, early: bool) -> None:
    """It commits nothing; before its first intent it finds only that all is taken."""
    assert (paused.wait() == 0) == early, paused.said
    assert early or "taken it over" in paused.said


@pytest.mark.parametrize(("moment", "nth"), AWAY)
def test_paused_past_its_lease(
    moment: str, nth: int, hub: Hub, resolved: Path, published: Path, tmp_path: Path, tell: Tell
) -> None:
    writes = 0
    for number in range(PAUSES):
        with (
            closing(Desk(hub, resolved, tmp_path / f"paused-{number}", locks=True)) as desk,
            launched() as other,
        ):
            desk.pace(0.3, 0.3)
            desk.helpdesk.latency = 0.0
            paused = other.start(desk.site, "publish")
            assert Ambush(desk.helpdesk, moment, nth).strike(paused, signal.SIGSTOP)
            desk.finish()
            paused.send(signal.SIGCONT)
            assert_refused(paused, early=(moment, nth) == AWAY[0])
            assert differences(desk.site, published) == []
            writes += desk.assert_each_written_once()
    tell(
        f"publish: {PAUSES} paused when {moment} ({nth}), each refused, {writes} writes, each once"
    )
