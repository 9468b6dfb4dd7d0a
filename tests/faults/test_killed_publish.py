"""kill -9 in publish: at the end every write was made, and made once.

The target is slower than the restart, and knows no versions: then the wait before a look-up is all
that stands between a killed worker's request and a second one.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.faults.harness import FULL, IN_A_ROW, KILLS, Hub, Systems, differences
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, LATENCY, REQUEST, SETTLE, Ambush, Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EACH = 50 if FULL else 5
"""Kills at each moment."""


@pytest.fixture(scope="module")
def resolved(hub: Hub, folder: Path) -> Path:
    """A site that has something to publish."""
    with closing(Systems(customers=60, latency=0)) as small:
        site = small.lay_out(folder / "resolved")
        hub.run(site, "sync")
        hub.run(site, "resolve")
    return site


@pytest.fixture(scope="module")
def published(hub: Hub, resolved: Path, folder: Path) -> Desk:
    """The same site after a publish that nobody disturbed."""
    with closing(Desk(hub, resolved, folder / "published")) as clean:
        clean.helpdesk.latency = 0.0
        clean.finish()
    return clean


def test_killed_anywhere(published: Desk, resolved: Path, folder: Path) -> None:
    rng, kills, writes, number = random.Random(3), 0, 0, count()
    within = published.assert_each_written_once() * (LATENCY + 0.1)
    while kills < KILLS:
        with closing(Desk(published.hub, resolved, folder / f"anywhere-{next(number)}")) as desk:
            desk.pace(SETTLE, REQUEST)
            kills += desk.hub.torture(desk.site, "publish", within=within, rng=rng)
            desk.finish()
            writes += desk.assert_each_written_once()
            assert differences(desk.site, published.site) == []
    print(f"publish: {kills} kills anywhere, {writes} writes, each made once")


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_killed_in_a_request(moment: str, published: Desk, resolved: Path, folder: Path) -> None:
    hits, writes, number = 0, 0, count()
    while hits < EACH:
        site = folder / f"{moment}-{next(number)}"
        with closing(Desk(published.hub, resolved, site)) as desk:
            desk.pace(SETTLE, REQUEST)
            desk.helpdesk.latency = LATENCY if moment == ARRIVED else 0.0
            hits += sum(kill_in_request(desk, moment) for _ in range(IN_A_ROW))
            desk.finish()
            writes += desk.assert_each_written_once()
            assert differences(desk.site, published.site) == []
    print(f"publish: {hits} kills when {moment}, {writes} writes, each made once")


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
    moment: str, published: Desk, resolved: Path, folder: Path
) -> None:
    hits, kills, writes, number = 0, 0, 0, count()
    while hits < EACH:
        site = folder / f"{moment}-{next(number)}"
        with closing(Desk(published.hub, resolved, site)) as desk:
            desk.pace(SETTLE, REQUEST)
            desk.helpdesk.latency = 0.0
            kills += kill_between_requests(desk, moment)
            hits += not desk.deliveries()["sending"]
            desk.finish()
            writes += desk.assert_each_written_once()
            assert differences(desk.site, published.site) == []
    print(f"publish: {hits} of {kills} kills right when {moment}, {writes} writes, each made once")


def kill_between_requests(desk: Desk, moment: str) -> bool:
    """Kill a publish as soon as the store shows a delivery in a state."""
    run = desk.hub.start(desk.site, "publish")
    while not desk.deliveries()[moment]:
        pass
    return run.kill()


def test_a_wait_that_is_too_short_is_noticed(
    published: Desk, resolved: Path, folder: Path
) -> None:
    """The tests above can fail: without the wait, requests under way are made again."""
    with closing(Desk(published.hub, resolved, folder / "hasty")) as desk:
        desk.pace(0.0, 0.05)
        hits = sum(kill_in_request(desk, ARRIVED) for _ in range(IN_A_ROW))
        desk.finish()
        doubled = Counter(desk.helpdesk.writes.values())
        assert hits == IN_A_ROW
        assert doubled[2] > 0
        with pytest.raises(AssertionError):
            desk.assert_each_written_once()
