"""A sweep's watermark never passes what was not read, and repeats are not handed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import CursorExpiredError
from hub.sdk import Record, Tombstone
from hub.sdk.sweep import SEEN_LIMIT, Sweep, format_time, server_time

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record(key: str, at: datetime = NOON, name: str = "x") -> Record:
    return Record(key, {"name": name}, format_time(at))


def test_a_first_run_has_no_floor_and_ends_at_the_newest_time() -> None:
    sweep = Sweep.resume(None, NOON)
    assert sweep.floor(60) is None
    sweep.note(NOON - timedelta(hours=2))
    sweep.note(NOON - timedelta(hours=3))
    following = Sweep.resume(sweep.end(), NOON)
    assert following.floor(60) == NOON - timedelta(hours=2, seconds=60)


def test_the_watermark_is_never_later_than_the_start_of_the_run() -> None:
    sweep = Sweep.resume(None, NOON)
    sweep.note(NOON + timedelta(minutes=5))
    assert Sweep.resume(sweep.end(), NOON).since == NOON


def test_the_watermark_never_goes_back() -> None:
    sweep = Sweep.resume({"since": format_time(NOON)}, NOON + timedelta(hours=1))
    sweep.note(NOON - timedelta(minutes=1))
    assert sweep.end()["since"] == format_time(NOON)


def test_a_run_goes_on_where_it_was_with_its_own_start() -> None:
    sweep = Sweep.resume(None, NOON)
    sweep.after = 41
    sweep.note(NOON - timedelta(hours=1))
    later = Sweep.resume(sweep.position(), NOON + timedelta(days=1))
    assert (later.after, later.started, later.newest) == (41, NOON, NOON - timedelta(hours=1))


def test_the_same_record_is_handed_on_once_and_a_changed_one_again() -> None:
    sweep = Sweep.resume(None, NOON)
    assert len(sweep.unseen([record("1"), record("2")])) == 2
    following = Sweep.resume(sweep.end(), NOON)
    assert following.unseen([record("1"), record("2", name="y")]) == [record("2", name="y")]


def test_a_tombstone_is_told_once() -> None:
    sweep = Sweep.resume(None, NOON)
    stone = Tombstone("1", format_time(NOON), "2")
    assert sweep.tell(sweep.untold([stone])) == [stone]
    assert Sweep.resume(sweep.end(), NOON).untold([stone]) == []


def test_the_cursor_stays_small_and_keeps_the_newest() -> None:
    sweep = Sweep.resume(None, NOON)
    sweep.unseen(record(str(n), NOON + timedelta(seconds=n)) for n in range(3 * SEEN_LIMIT))
    assert set(sweep.seen) == {str(n) for n in range(2 * SEEN_LIMIT, 3 * SEEN_LIMIT)}


@pytest.mark.parametrize(
    "cursor", [{"since": "yesterday"}, {"since": 3}, {"after": "x"}, {"seen": [1]}]
)
def test_a_foreign_cursor_is_refused(cursor: dict[str, object]) -> None:
    with pytest.raises(CursorExpiredError):
        Sweep.resume(cursor, NOON)  # type: ignore[arg-type]  # what a damaged store might give


def test_the_server_s_clock_is_its_date_header() -> None:
    assert server_time({"date": "Sun, 01 Mar 2026 12:00:00 GMT"}) == NOON
    assert abs(server_time({}) - datetime.now(UTC)) < timedelta(minutes=1)
