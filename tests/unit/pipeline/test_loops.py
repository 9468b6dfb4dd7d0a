"""Loops: chores are done when due or woken, later and later while they fail, and never together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from hub.errors import AuthenticationError, HubError, RateLimitedError, SourceUnavailableError
from hub.pipeline.loops import Chore, Cycle, Done, Loop

AWAY = SourceUnavailableError("away")
ONE = Done({"n": 1})


@pytest.fixture
def ending() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


class Act:
    """Notes when it was done, and says what it is told to."""

    def __init__(self, done: Done = ONE) -> None:
        self.at: list[float] = []
        self._done = done

    def __call__(self) -> Done:
        self.at.append(time.monotonic())
        return self._done


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_chore_is_done_at_once_and_then_with_news_alone(ending: threading.Event) -> None:
    act = Act()
    loop = Loop([Chore(step="land", act=act)], lambda _: None, ending=ending)
    loop.start()
    until(lambda: len(act.at) == 1)
    time.sleep(0.05)
    assert len(act.at) == 1
    loop.wake()
    until(lambda: len(act.at) == 2)


def test_a_chore_is_done_again_after_its_time(ending: threading.Event) -> None:
    act = Act()
    Loop([Chore(step="read", act=act, every=0.05)], lambda _: None, ending=ending).start()
    until(lambda: len(act.at) >= 3)
    assert min(after - before for before, after in pairwise(act.at)) >= 0.05


def test_news_does_not_hasten_what_fails(ending: threading.Event) -> None:
    told: list[Cycle] = []
    chore = Chore(step="write", act=lambda: Done({"planned": 1}, AWAY))
    loop = Loop([chore], told.append, ending=ending, connection="erp")
    loop.start()
    until(lambda: len(told) == 1)
    for _ in range(20):
        loop.wake()
        time.sleep(0.005)
    assert len(told) == 1
    until(lambda: len(told) == 2)
    assert [cycle.again for cycle in told] == [1.0, 2.0]
    assert told[0].as_dict()["error"] == "away"


def test_what_fails_is_tried_later_and_later() -> None:
    chore = Chore(step="read", act=lambda: Done({}))
    pauses = [chore.go_wrong(AWAY) for _ in range(12)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == 300.0
    chore.go_well()
    assert chore.go_wrong(AWAY) == 1.0


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (AuthenticationError("wrong key"), 300.0),
        (RateLimitedError("slow down", retry_after=77.0), 77.0),
        (RateLimitedError("slow down"), 1.0),
    ],
)
def test_a_system_is_given_the_time_it_asks_for(error: HubError, pause: float) -> None:
    assert Chore(step="read", act=lambda: Done({})).go_wrong(error) == pause


def test_a_broken_chore_stops_no_other_and_quotes_nothing(ending: threading.Event) -> None:
    told: list[Cycle] = []

    def broken() -> Done:
        raise KeyError("anna@example.com")

    chores = [Chore(step="land", act=broken), Chore(step="read", act=Act())]
    Loop(chores, told.append, ending=ending).start()
    until(lambda: len(told) == 2)
    assert told[1].counts == {"n": 1}
    assert "KeyError" in (told[0].error or "")
    assert "anna" not in str(told)


def test_what_counts_nothing_is_not_told_and_wakes_nobody(ending: threading.Event) -> None:
    told: list[Cycle] = []
    counts, act = iter([0, 3]), Act(Done({}))
    other = Loop([Chore(step="resolve", act=act)], told.append, ending=ending)
    other.start()
    chore = Chore(step="land", act=lambda: Done({"new": next(counts)}), wakes=[other])
    loop = Loop([chore], told.append, ending=ending)
    loop.start()
    until(lambda: len(act.at) == 1)
    assert told == []
    loop.wake()
    until(lambda: len(act.at) == 2)
    assert [cycle.counts for cycle in told] == [{"new": 3}]


def test_an_end_waits_for_the_chore_at_hand(ending: threading.Event) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def act() -> Done:
        began.set()
        goes_on.wait(5)
        return Done({"n": 1})

    told: list[Cycle] = []
    loop = Loop([Chore(step="read", act=act)], told.append, ending=ending)
    loop.start()
    began.wait(5)
    ending.set()
    assert not loop.wait(0.05)
    loop.wake()
    goes_on.set()
    assert loop.wait(5)
    assert [cycle.step for cycle in told] == ["read"]
