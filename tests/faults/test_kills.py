"""Workers killed with SIGKILL anywhere in extract or canonicalise: the end state is the same.

CI runs 20 kills on each database; ``HUB_FAULTS=full`` runs 200.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.store.database import Engine, open_store
from hub.store.digest import digest, dump
from hub.store.schema import migrate
from tests.faults import worker

FULL = os.environ.get("HUB_FAULTS") == "full"
STORES = 40 if FULL else 4
SHARES = (1 / 8, 1 / 2, 1 / 2, 1 / 2, 1 / 2)
"""Within which part of a clean run each kill comes.

Whoever is not killed leaves the next nothing to do. So the first kill comes early: the clean run
may have been slowed by what else the machine does.
"""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float]:
    """The digest of a clean run, and how long its work takes."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('clean') / 'hub.db'}")
    migrate(engine)
    worker.prepare(engine)
    begun = time.monotonic()
    worker.work(engine)
    seconds = time.monotonic() - begun
    expected = digest(engine)
    worker.work(engine)
    assert digest(engine) == expected
    engine.dispose()
    return expected, seconds


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(STORES))
def test_killed_workers_end_where_an_uninterrupted_one_does(
    store: Engine, uninterrupted: tuple[str, float], seed: int
) -> None:
    expected, seconds = uninterrupted
    worker.prepare(store)
    dice = random.Random(seed)
    killed = sum(_killed_after(_url(store), dice.uniform(0, share * seconds)) for share in SHARES)
    assert killed > 0
    time.sleep(2 * worker.LEASE_SECONDS)
    worker.work(store)
    assert digest(store) == expected, "\n".join(dump(store))


def _killed_after(url: str, seconds: float) -> bool:
    """Start a worker, let it work so long, and kill it; False where it was done before."""
    command = [sys.executable, "-m", "tests.faults.worker", url]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        time.sleep(seconds)
        process.kill()
        return "done" not in process.stdout.read()


def _url(store: Engine) -> str:
    return store.url.render_as_string(hide_password=False)
