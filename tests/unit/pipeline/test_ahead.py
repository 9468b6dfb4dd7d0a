"""Reading ahead: the same pages in the same order, errors in their place, and no thread left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hub.errors import SourceUnavailableError
from hub.pipeline.ahead import reading_ahead


def numbers(upto: int, made: list[int], *, fails_at: int = -1) -> Iterator[int]:
    for number in range(upto):
        if number == fails_at:
            raise SourceUnavailableError("broke off", system="crm")
        made.append(number)
        yield number


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_order_is_kept(depth: int) -> None:
    with reading_ahead(numbers(20, []), depth) as ready:
        assert list(ready) == list(range(20))


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_an_error_comes_after_the_items_before_it(depth: int) -> None:
    seen: list[int] = []
    with (
        reading_ahead(numbers(9, [], fails_at=4), depth) as ready,
        pytest.raises(SourceUnavailableError),
    ):
        seen.extend(ready)
    assert seen == [0, 1, 2, 3]


def test_no_more_than_the_depth_is_made_ahead() -> None:
    made: list[int] = []
    with reading_ahead(numbers(100, made), 2) as ready:
        assert next(ready) == 0
        time.sleep(0.3)
        assert made == [0, 1, 2]  # one in hand, two ahead


def test_whoever_leaves_early_leaves_no_thread_behind() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    with reading_ahead(endless(), 2) as ready:
        next(ready)
    assert closed.wait(2)
    assert not [thread for thread in threading.enumerate() if thread.name == "read-ahead"]
