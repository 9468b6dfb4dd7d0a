"""A long run hears that it shall end, whenever the signal comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from hub.cli.ending import told_to_end

ROUNDS = """
import os, random, signal, sys, threading, time
from hub.cli.ending import told_to_end

def pause():
    until = time.perf_counter() + random.random() * 80e-6
    while time.perf_counter() < until:
        pass

asked, ask = os.pipe()
waiting = os.getpid()
if os.fork() == 0:
    os.close(ask)
    while os.read(asked, 1):
        pause()
        os.kill(waiting, signal.SIGTERM)
    os._exit(0)
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
for done in range(10_000):
    with told_to_end() as ended:
        os.write(ask, b"x")
        pause()
        ended()
print(done + 1)
"""


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_one_that_came_before_the_wait_is_heard(kind: signal.Signals) -> None:
    with told_to_end() as ended:
        os.kill(os.getpid(), kind)
        ended()


def test_one_at_any_moment_around_the_wait_is_heard() -> None:
    """Of an Event that the handler sets, one in a few hundred is never heard of."""
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "10000\n"


def test_a_second_one_ends_the_process_at_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with told_to_end() as ended:
        os.kill(os.getpid(), signal.SIGTERM)
        ended()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is before
