"""kill -9 on both sides of the line: the target is quicker than the wait, or slower.

With idempotency keys no effect is doubled on either side. Without keys and versions none is while
the target is quicker; where it may be slower, what was sent and is not seen waits for a person.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import FULL, Hub, launched
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, Ambush
from tests.faults.salesdesk import LATENCY, CardsDesk
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

EACH = 50 if FULL else 5
"""Kills at each moment."""


@pytest.fixture(scope="module")
def publishers() -> Iterator[Hub]:
    """Runs publishers of cards."""
    with launched("tests.faults.batch_launcher") as hub:
        yield hub


def kill(desk: CardsDesk, moment: str, nth: int = 1) -> bool:
    """Kill a publisher in the moment."""
    return Ambush(desk.target, moment, nth).strike(desk.hub.start(desk.site), signal.SIGKILL)


@pytest.mark.parametrize("wait", [0.05, 1.0])
def test_with_keys_nothing_is_doubled_at_any_latency(
    wait: float, publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    dice, hits = random.Random(6), 0
    with closing(CardsDesk(publishers, store_url, tmp_path, count=5 * EACH, keyed=True)) as desk:
        desk.pace(settle=0.0, request=wait, batch=0.0)
        desk.target.latency = 2 * LATENCY
        while hits < EACH and desk.wait():
            hits += kill(desk, dice.choice([ARRIVED, DONE]), dice.choice([1, 2]))
        assert desk.finish() == 0
        writes = desk.assert_each_written_once()
    assert hits == EACH
    tell(f"keys: {hits} kills, {2 * LATENCY} s late, wait {wait} s, {writes} writes, each once")


@pytest.mark.parametrize("moment", [ASKED, ARRIVED, DONE])
def test_without_keys_nothing_is_doubled_while_the_wait_is_longer(
    moment: str, publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    hits = 0
    with closing(CardsDesk(publishers, store_url, tmp_path, count=3 * EACH, keyed=False)) as desk:
        desk.target.latency = LATENCY if moment == ARRIVED else 0.0
        while hits < EACH and desk.wait():
            hits += kill(desk, moment)
        assert desk.finish() == 0
        writes = desk.assert_each_written_once()
    assert hits == EACH
    tell(f"no keys: {hits} kills when {moment}, quicker than the wait, {writes} writes, each once")


def test_without_keys_nothing_is_sent_again_where_the_wait_is_shorter(
    publishers: Hub, store_url: str, tmp_path: Path, tell: Tell
) -> None:
    hits = 0
    with closing(CardsDesk(publishers, store_url, tmp_path, count=EACH + 5, keyed=False)) as desk:
        desk.pace(settle=0.0, request=0.05, batch=0.0)
        desk.target.latency = 0.0
        desk.target.gate.clear()
        while hits < EACH and desk.wait():
            hits += kill(desk, ARRIVED)
            time.sleep(0.2)  # until the dead one's wait is over
        assert (desk.states()["unknown"], desk.target.writes.total()) == (EACH - 1, 0)
        desk.target.gate.set()
        while desk.target.writes.total() < EACH:
            time.sleep(0.05)
        assert desk.finish() == 0
        writes = desk.assert_each_written_once()
    tell(f"no keys: {hits} kills, each request later than the wait: outcome unknown, {writes} once")
