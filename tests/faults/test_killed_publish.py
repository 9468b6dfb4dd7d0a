"""kill -9 in publish: at the end every write was made, and made once.

The target is slower than the restart, and knows no versions: then the wait before a look-up is all
that stands between a killed worker's request and a second one.
"""

from __future__ import annotations

import random
import signal
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.faults.harness import FULL, IN_A_ROW, KILLS, Hub, declare, differences
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, LATENCY, REQUEST, SETTLE, Ambush, Desk
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

EACH = 50 if FULL else 5
"""Kills at each moment."""


def test_killed_anywhere(
    hub: Hub, resolved: Path, published: Path, tmp_path: Path, tell: Tell
) -> None:
    dice, kills, writes = random.Random(3), 0, 0
    for number in count():
        with closing(Desk(hub, resolved, tmp_path / f"killed-{number}")) as desk:
            desk.pace(SETTLE, REQUEST)
            desk.side_by_side(1 + number % 2)
            kills += hub.torture(desk.site, "publish", within=3 * LATENCY, dice=dice)
            writes += finish(desk, published)
        if kills >= KILLS:
            break
    tell(f"publish: {kills} kills anywhere, {writes} writes, each made once; digests equal")


def finish(desk: Desk, published: Path) -> int:
    """Publish the rest; the end must be the one of an undisturbed publish. Returns the writes."""
    desk.finish()
    assert differences(desk.site, published) == []
    return desk.assert_each_written_once()


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_killed_in_a_request(
    moment: str, hub: Hub, resolved: Path, published: Path, tmp_path: Path, tell: Tell
) -> None:
    hits, writes = 0, 0
    for number in count():
        with closing(Desk(hub, resolved, tmp_path / f"killed-{number}")) as desk:
            desk.pace(SETTLE, REQUEST)
            desk.helpdesk.latency = LATENCY if moment == ARRIVED else 0.0
            hits += sum(kill_in_request(desk, moment) for _ in range(IN_A_ROW))
            writes += finish(desk, published)
        if hits >= EACH:
            break
    tell(f"publish: {hits} kills when {moment}, {writes} writes, each made once; digests equal")


def kill_in_request(desk: Desk, moment: str) -> bool:
    """Kill a publish in the moment; True where store and target bear witness that it was hit."""
    before = desk.sent_and_done()
    ambush = Ambush(desk.helpdesk, moment)
    if not ambush.strike(desk.hub.start(desk.site, "publish"), signal.SIGKILL):
        return False
    sent, done = (after - then for after, then in zip(desk.sent_and_done(), before, strict=True))
    return (sent, done) == {ASKED: (0, 0), ARRIVED: (1, 0), DONE: (1, 1)}[moment]


@pytest.mark.parametrize("moment", ["planned", "acknowledged"])
def test_killed_between_requests(
    moment: str, hub: Hub, resolved: Path, published: Path, tmp_path: Path, tell: Tell
) -> None:
    """Before the first intent, and after a receipt with nothing begun since."""
    hits, writes, times = 0, 0, 1 if moment == "planned" else IN_A_ROW
    for number in count():
        with closing(Desk(hub, resolved, tmp_path / f"killed-{number}")) as desk:
            desk.pace(0.2, 0.2)
            desk.helpdesk.latency = 0.0
            if moment == "acknowledged":
                declare(desk.site, "publish", "max_writes = 1")
            hits += sum(desk.kill_when(moment) for _ in range(times))
            writes += finish(desk, published)
        if hits >= EACH:
            break
    tell(f"publish: {hits} kills right when {moment}, {writes} writes, each made once")


def test_a_wait_that_is_too_short_is_noticed(hub: Hub, resolved: Path, tmp_path: Path) -> None:
    """The tests above can fail: without the wait, a request under way is made again.

    The help desk says that it knows versions, and takes none: so the hub dares to.
    """
    with closing(Desk(hub, resolved, tmp_path / "hasty")) as desk:
        desk.pace(0.0, 0.05)
        desk.helpdesk.latency = 10.0
        assert kill_in_request(desk, ARRIVED)
        time.sleep(1.0)  # by then the dead one's request waits for its ten seconds
        desk.helpdesk.latency = 0.0
        desk.finish()
        deadline = time.monotonic() + 30
        while max(desk.helpdesk.writes.values()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(AssertionError):
            desk.assert_each_written_once()
