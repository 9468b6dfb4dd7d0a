"""Silver: what an incremental read gives after the first one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.sdk.contract import Capability, Cursor
from hub.testing.bench import Bench, keys_of, last_cursor, stones_of
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.subject import Subject


def each_incremental(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.INCREMENTAL)


def each_deleting(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.INCREMENTAL, Capability.DELETES)


@rule(Tier.SILVER, cases=each_incremental)
def nothing_new(subject: Subject, case: str) -> None:
    """Where nothing is new, an incremental read gives nothing, once and again."""
    with Bench(subject, case) as bench:
        cursor = last_cursor(bench.read(), None)
        for time in ("first", "second"):
            pages = bench.read(cursor)
            found = keys_of(pages) + stones_of(pages)
            expect(not found, f"{len(found)} record(s) come again in the {time} read after")
            cursor = last_cursor(pages, cursor)


@rule(Tier.SILVER, cases=each_incremental)
def change_once(subject: Subject, case: str) -> None:
    """A change comes with the next incremental read, as it is now, and not again after that."""
    with Bench(subject, case) as bench:
        full = bench.read()
        before = {record.key: record.data for page in full for record in page.records}
        bench.put(2, 1)
        bench.put(bench.count + 1, 0)
        cursor = last_cursor(full, None)
        changed = bench.read(cursor)
        expect_keys(
            keys_of(changed), bench.source_keys([2, bench.count + 1]), "one changed, one made"
        )
        now = {record.key: record.data for page in changed for record in page.records}
        expect(now[bench.key(2)] != before[bench.key(2)], "the changed record comes as it was")
        again = keys_of(bench.read(last_cursor(changed, cursor)))
        expect(not again, f"{len(again)} record(s) come once more in the read after that")


@rule(Tier.SILVER, cases=each_incremental)
def resume_changes(subject: Subject, case: str) -> None:
    """An incremental read that is killed after each page gives every change."""
    with Bench(subject, case) as bench:
        cursor = last_cursor(bench.read(), None)
        for number in range(2, bench.count):
            bench.put(number, 1)
        expected = bench.source_keys(range(2, bench.count))
        found = keys_of(bench.walk(cursor, set(expected)))
        expect_keys(found, expected, "changes, killed after each page")


@rule(Tier.SILVER, cases=each_incremental)
def ties(subject: Subject, case: str) -> None:
    """Records that share one time of change are not lost where a page ends between them."""
    with Bench(subject, case, count=0) as bench:
        bench.count = 8
        bench.fill(range(1, 9), at=_whole(timedelta(days=1)))
        expect_keys(keys_of(bench.read()), bench.source_keys(), "all of one time, read at once")
        pages = bench.walk(None, set(bench.source_keys()))
        expect_keys(keys_of(pages), bench.source_keys(), "all of one time, killed after each page")
        _tied_changes(bench, last_cursor(bench.read(), None))


def _tied_changes(bench: Bench, cursor: Cursor | None) -> None:
    moment = bench.now()
    for number in (7, 2, 5, 3, 6):
        bench.put(number, 1, at=moment)
    expected = bench.source_keys([2, 3, 5, 6, 7])
    expect_keys(keys_of(bench.read(cursor)), expected, "changes of one time, read at once")
    found = keys_of(bench.walk(cursor, set(expected)))
    expect_keys(found, expected, "changes of one time, killed after each page")


@rule(Tier.SILVER, cases=each_deleting)
def tombstones(subject: Subject, case: str) -> None:
    """A deletion comes as a tombstone with the next incremental read, and not again after that."""
    with Bench(subject, case) as bench:
        cursor = last_cursor(bench.read(), None)
        for number in (1, 4, 5, 7):
            bench.remove(number)
        pages = bench.read(cursor)
        expect_keys(stones_of(pages), bench.source_keys([1, 4, 5, 7]), "tombstones")
        expect(not keys_of(pages), "a deleted record comes as a record")
        again = bench.read(last_cursor(pages, cursor))
        expect(not stones_of(again), "tombstones come once more in the read after that")


def _whole(ago: timedelta) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - ago
