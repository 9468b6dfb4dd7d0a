"""One at a time works on a store, on each database; its lock ends with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub.errors import StoreError
from hub.store.alone import alone
from hub.store.database import open_store

HOLD = """
import sys, time
from hub.store.alone import alone
from hub.store.database import open_store
with alone(open_store(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_refused_and_the_next_one_is_not(store_url: str) -> None:
    one, other = open_store(store_url), open_store(store_url)
    with alone(one), pytest.raises(StoreError, match="another `hub run`"), alone(other):
        pass
    with alone(other):
        pass
    for engine in (one, other):
        engine.dispose()


def test_a_killed_one_holds_nothing(store_url: str) -> None:
    held = subprocess.Popen([sys.executable, "-c", HOLD, store_url], stdout=subprocess.PIPE)
    assert held.stdout is not None
    assert held.stdout.readline() == b"held\n"
    engine = open_store(store_url)
    with pytest.raises(StoreError), alone(engine):
        pass
    held.kill()
    held.communicate()
    _until_free(store_url)
    engine.dispose()


def _until_free(url: str) -> None:
    """A server notices at once that a client is gone, but not in no time."""
    for _ in range(100):
        try:
            with alone(open_store(url)):
                return
        except StoreError:
            continue
    raise AssertionError("still held")
