"""kill -9 in the middle of a batch: at the end each of its writes was made, and made once.

The target is slower than the restart and a collection takes no condition, so the wait before a
look-up is all that stands between a killed publisher's request and a second one.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.batch_launcher import SIZE
from tests.faults.harness import FULL, KILLS, Hub, launched
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, Ambush
from tests.faults.salesdesk import LATENCY, SalesDesk
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

LAUNCHER = "tests.faults.batch_launcher"
EACH = 50 if FULL else 5
"""Kills at each moment."""
AWAY = [(ASKED, 1), (ASKED, 2), (ARRIVED, 1), (DONE, 1)]
"""When a publisher is paused: at its look, between comparing and saving, in the save, after it."""


@pytest.fixture(scope="module")
def publishers() -> Iterator[Hub]:
    """Runs publishers of batches."""
    with launched(LAUNCHER) as hub:
        yield hub


def test_killed_anywhere(publishers: Hub, store_url: str, tmp_path: Path, tell: Tell) -> None:
    dice, kills, count = random.Random(5), 0, 3 * SIZE * KILLS
    with closing(SalesDesk(publishers, store_url, tmp_path, count=count)) as desk:
        while kills < KILLS and desk.wait():
            run = publishers.start(desk.site)
            time.sleep(dice.uniform(0, 3 * LATENCY))
            kills += run.kill()
        desk.finish()
        writes = desk.assert_each_written_once()
    assert kills == KILLS
    tell(f"batches: {kills} kills anywhere, {writes} writes, each made once")


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_killed_in_a_request(
    moment: str, publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    hits, count = 0, 2 * SIZE * EACH
    with closing(SalesDesk(publishers, store_url, tmp_path, count=count)) as desk:
        desk.target.latency = LATENCY if moment == ARRIVED else 0.0
        while hits < EACH and desk.wait():
            hits += kill_in_request(desk, moment)
            time.sleep(2 * desk.target.latency)  # for the dead one's request, or it counts as ours
        desk.finish()
        writes = desk.assert_each_written_once()
    assert hits == EACH
    tell(f"batches: {hits} kills when {moment}, {writes} writes, each made once")


def kill_in_request(desk: SalesDesk, moment: str) -> bool:
    """Kill a publisher in the moment; True where store and target bear witness that it was hit."""
    before = desk.sent_and_done()
    ambush = Ambush(desk.target, moment)
    if not ambush.strike(desk.hub.start(desk.site), signal.SIGKILL):
        return False
    sent, done = (after - then for after, then in zip(desk.sent_and_done(), before, strict=True))
    return (sent, done) == {ASKED: (0, 0), ARRIVED: (SIZE, 0), DONE: (SIZE, SIZE)}[moment]


def test_two_publishers_at_once(
    publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    count = 4 * SIZE * EACH
    with (
        closing(SalesDesk(publishers, store_url, tmp_path, count=count)) as desk,
        launched(LAUNCHER) as other,
    ):
        desk.target.latency = 0.02
        runs = [launcher.start(desk.site) for launcher in (publishers, other)]
        assert [run.wait() for run in runs] == [0, 0], runs[0].said
        writes = desk.assert_each_written_once()
    tell(f"batches: two publishers at once, {writes} writes, each made once")


@pytest.mark.parametrize(("moment", "nth"), AWAY)
def test_paused_past_its_lease(
    moment: str, nth: int, publishers: Hub, store_url: str, tmp_path: Path
) -> None:
    with (
        closing(SalesDesk(publishers, store_url, tmp_path, count=3 * SIZE)) as desk,
        launched(LAUNCHER) as other,
    ):
        desk.target.latency = 0.0
        paused = other.start(desk.site)
        assert Ambush(desk.target, moment, nth).strike(paused, signal.SIGSTOP)
        desk.finish()
        paused.send(signal.SIGCONT)
        early = (moment, nth) == AWAY[0]  # before its first intent it finds only that all is taken
        assert (paused.wait() == 0) == early, paused.said
        assert early or "taken it over" in paused.said
        desk.assert_each_written_once()


def test_what_may_come_late_is_not_sent_again(
    publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    """The target is later than anybody waits: nobody knows the outcome, and nothing is repeated."""
    hits, count = 0, SIZE * (EACH + 2)
    with closing(SalesDesk(publishers, store_url, tmp_path, count=count)) as desk:
        desk.pace(settle=0.0, request=0.05, batch=0.1)
        desk.target.latency = 0.0
        desk.target.gate.clear()
        while hits < EACH and desk.wait():
            hits += kill_in_request(desk, ARRIVED)
            time.sleep(0.2)  # until the dead one's wait is over
        waiting = desk.states()
        assert (waiting["unknown"], desk.target.writes.total()) == (SIZE * (EACH - 1), 0)
        desk.target.gate.set()
        while desk.target.writes.total() < SIZE * EACH:
            time.sleep(0.05)
        assert desk.finish() == 0
        writes = desk.assert_each_written_once()
    tell(f"batches: {hits} kills, each request later than the wait, {writes} writes, each once")
