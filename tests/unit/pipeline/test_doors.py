"""The doors into a target: how many changes share an intent, and what was sent when they stop."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from hub.errors import AuthenticationError, HubError, RateLimitedError, RejectedError
from hub.pipeline.connections import OpenConnection
from hub.pipeline.doors import Door, Doors
from hub.sdk import Capability, Change, Receipt, Record, Stream
from hub.sdk.contract import ConnectorSpec

LATER = 9_000.0


class Desk:
    """A target that takes changes one by one, and tells versions of many at once."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.now = 1_000.0
        self.taken: list[Change] = []
        self.looks: list[list[str]] = []
        self.errors: dict[str, HubError] = {}
        self._seconds = seconds

    def write(self, change: Change) -> Receipt:
        self.taken.append(change)
        self.now += self._seconds
        if change.key in self.errors:
            raise self.errors[change.key]
        version = "own" if change.tell_version else None
        return Receipt(key="other" if change.key == "lost" else change.key, version=version)

    def look_many(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        self.looks.append(list(keys))
        return {key: Record(key, {}, "looked up") for key in keys}


def doors(desk: Desk, *more: Capability) -> Doors:
    capabilities = frozenset({Capability.FULL, Capability.WRITE, *more})
    stream = Stream(name="card", entities=("party",), key=("id",), capabilities=capabilities)
    opened = OpenConnection("cards", cast("ConnectorSpec", None), cast("Any", desk), (stream,))
    return Doors(opened, timedelta(seconds=20), clock=lambda: desk.now)


def changes(*keys: str) -> list[Change]:
    return [
        Change(stream="card", key=key, fields={}, expected_version=None, idempotency_key=key)
        for key in keys
    ]


def write(door: Door, *keys: str, by: float = LATER) -> list[Receipt | HubError]:
    return list(door.write(changes(*keys), by=by))


def test_quick_writes_share_more_and_more_intents_up_to_a_limit() -> None:
    ways = doors(Desk(), Capability.OPTIMISTIC_LOCK)
    sizes = []
    for _ in range(5):
        sizes.append(ways.limit("card"))
        write(ways.of("card"), *map(str, range(sizes[-1])))
    assert sizes == [1, 8, 64, 200, 200]


def test_slow_writes_share_as_many_as_take_half_a_second() -> None:
    ways = doors(Desk(seconds=0.125), Capability.OPTIMISTIC_LOCK)
    write(ways.of("card"), "a")
    assert ways.limit("card") == 4


@pytest.mark.parametrize("more", [(), (Capability.IDEMPOTENCY_KEY,)])
def test_without_versions_each_has_an_intent_of_its_own(more: tuple[Capability, ...]) -> None:
    ways = doors(Desk(), *more)
    for _ in range(3):
        assert ways.limit("card") == 1
        write(ways.of("card"), "a")


def test_once_the_time_is_up_nothing_more_leaves() -> None:
    desk = Desk(seconds=3.0)
    results = write(doors(desk, Capability.OPTIMISTIC_LOCK).of("card"), *"abcdefgh", by=1_005.0)
    assert len(results) == len(desk.taken) == 2


def test_a_single_one_leaves_whatever_the_time_is() -> None:
    desk = Desk()
    assert len(write(doors(desk).of("card"), "a", by=0.0)) == 1


@pytest.mark.parametrize("error", [RateLimitedError("busy"), AuthenticationError("no")])
def test_a_target_that_is_away_is_sent_nothing_more(error: HubError) -> None:
    desk = Desk()
    desk.errors["b"] = error
    ways = doors(desk, Capability.OPTIMISTIC_LOCK)
    assert write(ways.of("card"), "a", "b", "c")[1:] == [error]
    assert ways.limit("card") == 1


def test_a_refused_one_hinders_no_other() -> None:
    desk = Desk()
    desk.errors["b"] = refused = RejectedError("no such value")
    first, second, third = write(doors(desk, Capability.OPTIMISTIC_LOCK).of("card"), *"abc")
    assert second is refused
    assert isinstance(first, Receipt)
    assert isinstance(third, Receipt)


def test_versions_of_many_are_asked_for_at_once() -> None:
    desk = Desk()
    door = doors(desk, Capability.OPTIMISTIC_LOCK).of("card")
    assert write(door, "a") == [Receipt(key="a", version="own")]
    assert desk.looks == []
    assert write(door, "b", "c") == [Receipt(key=key, version="looked up") for key in "bc"]
    assert desk.looks == [["b", "c"]]


def test_an_answer_for_another_record_leaves_the_outcome_unknown() -> None:
    (result,) = write(doors(Desk()).of("card"), "lost")
    assert "another record" in str(result)
