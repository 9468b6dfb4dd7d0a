"""kill -9 in sync and resolve: started again, the job ends where an undisturbed one ends."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import KILLS, Hub, Systems, clone, differences

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_killed_sync_ends_like_an_undisturbed_one(
    hub: Hub, systems: Systems, folder: Path
) -> None:
    clean = systems.lay_out(folder / "sync-clean")
    seconds = hub.run(clean, "sync")
    hub.run(clean, "resolve")
    rng, kills, sites = random.Random(1), 0, 0
    while kills < KILLS:
        sites += 1
        site = systems.lay_out(folder / f"sync-{sites}")
        kills += hub.torture(site, "sync", within=seconds, rng=rng)
        hub.run(site, "resolve")
        assert differences(site, clean) == []
    print(f"sync: {kills} kills on {sites} sites, {hub.runs} runs; no digest differs")


@pytest.fixture(scope="module")
def half_resolved(hub: Hub, folder: Path) -> Iterator[Path]:
    """Front office resolved, back office synced: resolving now adds to customers and merges some."""
    with closing(Systems(customers=900, latency=0)) as large:
        site = large.lay_out(folder / "half-resolved")
        hub.run(site, "sync", "sfa", "mail")
        hub.run(site, "resolve")
        hub.run(site, "sync")
        yield site


def test_a_killed_resolve_ends_like_an_undisturbed_one(
    hub: Hub, half_resolved: Path, folder: Path
) -> None:
    job = ("resolve", "--allow-merges")
    clean = clone(half_resolved, folder / "resolve-clean")
    seconds = hub.run(clean, *job)
    assert differences(half_resolved, clean) != []
    rng, kills, sites = random.Random(2), 0, 0
    while kills < KILLS:
        sites += 1
        site = clone(half_resolved, folder / f"resolve-{sites}")
        kills += hub.torture(site, *job, within=seconds, rng=rng)
        assert differences(site, clean) == []
    print(f"resolve: {kills} kills on {sites} sites; no digest differs")


def test_a_second_sync_and_resolve_change_nothing(hub: Hub, systems: Systems, folder: Path) -> None:
    once = systems.lay_out(folder / "once")
    hub.run(once, "sync")
    hub.run(once, "resolve")
    again = clone(once, folder / "again")
    hub.run(again, "sync")
    hub.run(again, "resolve")
    assert differences(again, once) == []
    hub.run(again, "sync", "--full")
    hub.run(again, "resolve")
    assert differences(again, once) == []
