"""Receivers killed with SIGKILL between store and answer, or anywhere: nothing lost, nothing twice.

CI kills 5 times between store and answer and 5 times at random; ``HUB_FAULTS=full`` 50 times each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from hub.store import pushes
from hub.store.database import reading
from hub.store.digest import dump
from tests.architecture.source import ROOT
from tests.faults.harness import open_site_store
from tests.faults.tally import Tell
from tests.web.site import body_of, contact, environment, event, send, signed, write_plugin
from tests.web.site import write_site as lay_out

KILLS = 50 if os.environ.get("HUB_FAULTS") == "full" else 5
Delivery = tuple[bytes, Mapping[str, str]]


class Receiver:
    """A receiver's process, started anew after each kill."""

    def __init__(self, site: Path, plugin: Path, *, pause: float = 0.0) -> None:
        self._command = [sys.executable, "-m", "tests.faults.receiver", str(site), str(pause)]
        self._environment = environment(plugin)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=self._environment
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def await_store(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "stored\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def deliveries(count: int) -> Iterator[Delivery]:
    """Some contacts that change again and again; signed when first sent, and sent again as it is.

    Signed all at once they would grow older than the receiver takes them.
    """
    for number in range(count):
        row = contact(number % 5 + 1, number, mail=f"a{number}@example.com")
        body = body_of(event(row))
        yield body, signed(body)


def insist(receiver: Receiver, delivery: Delivery) -> None:
    """Send it until it is acknowledged, as the system does."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if _try(receiver.port, delivery) == 200:
            return
        time.sleep(0.02)
    raise AssertionError("never acknowledged")


def insist_all(receiver: Receiver, sent: Iterable[Delivery]) -> None:
    for delivery in sent:
        insist(receiver, delivery)


def finish(site: Path, plugin: Path) -> None:
    """Land what waits, until nothing does."""
    program = "from hub.cli.main import run; run()"
    command = [sys.executable, "-c", program, "-c", str(site), "push", "drain", "--json"]
    for _ in range(20):
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment(plugin)
        )
        if not json.loads(done.stdout):
            return
        time.sleep(0.3)
    raise AssertionError("something waits for ever")


def state_of(site: Path) -> tuple[list[str], int]:
    """What the store holds, and of how many deliveries, whose ids name the time of signing."""
    engine = open_site_store(site)
    try:
        with reading(engine) as db:
            rows = pushes.list_deliveries(db, limit=10_000)
        assert {row["state"] for row in rows} == {pushes.DONE}
        return [line for line in dump(engine) if not line.startswith('["push_')], len(rows)
    finally:
        engine.dispose()


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return write_plugin(tmp_path / "plugin")


def run(site: Path, plugin: Path, work: Callable[[Receiver], None], *, pause: float = 0.0) -> None:
    receiver = Receiver(lay_out(site), plugin, pause=pause)
    try:
        work(receiver)
    finally:
        receiver.kill()
    time.sleep(1.2)  # the lease of a killed receiver ends
    finish(site, plugin)


def send_again(site: Path, plugin: Path, sent: Iterable[Delivery]) -> None:
    """What was never acknowledged comes again, and is acknowledged."""
    receiver = Receiver(site, plugin)
    try:
        insist_all(receiver, sent)
    finally:
        receiver.kill()
    finish(site, plugin)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_kill_between_store_and_answer_loses_and_doubles_nothing(
    tmp_path: Path, plugin: Path, tell: Tell
) -> None:
    sent: list[Delivery] = []

    def killed_before_each_answer(receiver: Receiver) -> None:
        for delivery in deliveries(KILLS):
            sent.append(delivery)
            with ThreadPoolExecutor(1) as sender:
                answer = sender.submit(_try, receiver.port, delivery)
                receiver.await_store()
                receiver.kill()
                assert answer.result() is None
            receiver.start()

    run(tmp_path / "killed", plugin, killed_before_each_answer, pause=30)
    send_again(tmp_path / "killed", plugin, sent[-20:])
    run(tmp_path / "clean", plugin, lambda receiver: insist_all(receiver, deliveries(KILLS)))
    assert state_of(tmp_path / "killed") == state_of(tmp_path / "clean")
    assert state_of(tmp_path / "killed")[1] == KILLS
    tell(f"receiver killed between store and answer: {KILLS} kills, 0 lost, 0 doubled")


def _try(port: int, delivery: Delivery) -> int | None:
    """The answer's status; None where a kill left no answer."""
    try:
        return send(port, *delivery)[0]
    except (OSError, HTTPException):
        return None


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_kills_anywhere_end_where_an_undisturbed_receiver_does(
    tmp_path: Path, plugin: Path, tell: Tell
) -> None:
    count, dice = 10 * KILLS, random.Random(7)

    def killed_now_and_then(receiver: Receiver) -> None:
        for number, delivery in enumerate(deliveries(count)):
            sender = threading.Thread(target=insist, args=(receiver, delivery))
            sender.start()
            if number % 10 == 5:
                time.sleep(dice.uniform(0, 0.05))
                receiver.kill()
                receiver.start()
            sender.join()

    run(tmp_path / "killed", plugin, killed_now_and_then)
    run(tmp_path / "clean", plugin, lambda receiver: insist_all(receiver, deliveries(count)))
    assert state_of(tmp_path / "killed") == state_of(tmp_path / "clean")
    assert state_of(tmp_path / "killed")[1] == count
    tell(f"receiver killed anywhere: {KILLS} kills among {count} deliveries, none lost")
