"""kill -9 in sync and resolve: started again, the job ends where an undisturbed one ends."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

import pytest

from tests.faults.harness import KILLS, Hub, Systems, clone, differences
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


def test_a_killed_sync_ends_like_an_undisturbed_one(
    hub: Hub, systems: Systems, tmp_path: Path, tell: Tell
) -> None:
    clean = systems.lay_out(tmp_path / "clean")
    seconds = hub.run(clean, "sync")
    hub.run(clean, "resolve")
    dice, kills, runs = random.Random(1), 0, hub.runs
    for number in count():
        site = systems.lay_out(tmp_path / f"killed-{number}")
        kills += hub.torture(site, "sync", within=seconds, dice=dice)
        hub.run(site, "resolve")
        assert differences(site, clean) == []
        if kills >= KILLS:
            break
    tell(f"sync: {kills} kills in {hub.runs - runs} runs on {number + 1} sites; digests equal")


def test_a_killed_resolve_ends_like_an_undisturbed_one(
    hub: Hub, half_resolved: Path, tmp_path: Path, tell: Tell
) -> None:
    job = ("resolve", "--allow-merges")
    clean = clone(half_resolved, tmp_path / "clean")
    seconds = hub.run(clean, *job)
    assert differences(half_resolved, clean) != []
    dice, kills, runs = random.Random(2), 0, hub.runs
    for number in count():
        site = clone(half_resolved, tmp_path / f"killed-{number}")
        kills += hub.torture(site, *job, within=seconds, dice=dice)
        assert differences(site, clean) == []
        if kills >= KILLS:
            break
    tell(f"resolve: {kills} kills in {hub.runs - runs} runs on {number + 1} sites; digests equal")


def test_doing_it_again_changes_nothing(
    hub: Hub, systems: Systems, tmp_path: Path, tell: Tell
) -> None:
    once = systems.lay_out(tmp_path / "once")
    hub.run(once, "sync")
    hub.run(once, "resolve")
    again = clone(once, tmp_path / "again")
    for command in (("sync",), ("resolve",), ("sync", "--full"), ("resolve",)):
        hub.run(again, *command)
        assert differences(again, once) == []
