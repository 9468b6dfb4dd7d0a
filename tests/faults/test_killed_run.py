"""kill -9 of `hub run`: the next one goes on, and every write was made, and made once."""

from __future__ import annotations

import random
import signal
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.faults.harness import FULL, IN_A_ROW, Hub
from tests.faults.helpdesk import LATENCY, REQUEST, SETTLE, Desk
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

KILLS = 20 if FULL else 5
RUN = ("run", "--no-receive", "--json")


def test_killed_anywhere(hub: Hub, resolved: Path, tmp_path: Path, tell: Tell) -> None:
    dice, kills, writes = random.Random(8), 0, 0
    for number in count():
        with closing(Desk(hub, resolved, tmp_path / f"killed-{number}")) as desk:
            desk.pace(SETTLE, REQUEST)
            for _ in range(IN_A_ROW):
                run = hub.start(desk.site, *RUN)
                wait_for_writes(desk, desk.sent_and_done()[0] + 1)
                time.sleep(dice.uniform(0, 2 * LATENCY))
                kills += run.kill()
            end_well(hub, desk)
            writes += desk.assert_each_written_once()
        if kills >= KILLS:
            break
    tell(f"hub run: {kills} kills, {writes} writes, each made once")


def wait_for_writes(desk: Desk, sent: int) -> None:
    """Until so many have left, or all are done."""
    deadline = time.monotonic() + 60
    while desk.sent_and_done()[0] < sent and not is_done(desk):
        assert time.monotonic() < deadline, desk.deliveries()
        time.sleep(0.01)


def is_done(desk: Desk) -> bool:
    return bool(desk.deliveries()) and not desk.deliveries().keys() - {"acknowledged"}


def end_well(hub: Hub, desk: Desk) -> None:
    """Let it run until nothing waits, then end it as an operator does."""
    run = hub.start(desk.site, *RUN)
    deadline = time.monotonic() + 120
    while not is_done(desk):
        assert time.monotonic() < deadline, desk.deliveries()
        time.sleep(0.05)
    run.send(signal.SIGTERM)
    assert run.wait() == 0, run.said
