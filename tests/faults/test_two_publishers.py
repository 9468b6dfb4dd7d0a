"""Two publishers of one site: every write is made once, and who was away too long is refused."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import FULL, Hub, differences, launched
from tests.faults.helpdesk import ARRIVED, ASKED, DONE, Ambush, Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

ROUNDS = 20 if FULL else 5
AWAY = [(ASKED, 1), (ASKED, 2), (ARRIVED, 1), (DONE, 1), (ASKED, 3)]
"""When a publisher is paused: at the look-up, past the intent, in the write, before the receipt."""


def test_at_once(hub: Hub, resolved: Path, published: Path, tmp_path: Path) -> None:
    writes = 0
    with launched() as other:
        for number in range(ROUNDS):
            with closing(Desk(hub, resolved, tmp_path / f"shared-{number}")) as desk:
                desk.helpdesk.latency = 0.05
                runs = [launcher.start(desk.site, "publish") for launcher in (hub, other)]
                assert [run.wait() for run in runs] == [0, 0], runs[0].said
                writes += desk.assert_each_written_once()
                assert differences(desk.site, published) == []
    print(f"publish: {ROUNDS} times two at once, {writes} writes, each made once")


@pytest.mark.parametrize(("moment", "nth"), AWAY)
def test_paused_past_its_lease(
    moment: str, nth: int, hub: Hub, resolved: Path, published: Path, tmp_path: Path
) -> None:
    for number in range(ROUNDS // 5):
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
            assert paused.wait() > 0
            assert "taken it over" in paused.said or "nothing was sent" in paused.said
            assert differences(desk.site, published) == []
            print(f"publish: paused when {moment}, {desk.assert_each_written_once()} writes")
