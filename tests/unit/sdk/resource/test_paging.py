"""Every way of paging, over a real socket: complete, resumable, and safe while the list changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.errors import SourceSchemaError
from hub.sdk import Cursor
from hub.sdk.paging import Listing as Listed
from hub.sdk.paging import Position
from hub.sdk.resource import (
    CursorPaging,
    Feed,
    Keyset,
    LinkHeader,
    NextUrl,
    Offset,
    OverlapPages,
    PageNumber,
    RangeHeader,
    RestConnector,
    RestStream,
    Since,
)
from tests.unit.sdk.resource.server import Listing, Row, rows

NEW = "2026-02-01T08:00:00.000Z"


def stream(**more: Any) -> RestStream:
    return RestStream(name="row", entities=("party",), path="list", rows="rows", **more)


BY_TIME = {"sort": "changed"}
WAYS = {
    "page": stream(paging=PageNumber(size=3, size_param="size")),
    "page with total": stream(paging=PageNumber(size=3, size_param="size", total="total")),
    "overlapping pages": stream(paging=OverlapPages(size=3, largest=7, size_param="size")),
    "offset": stream(paging=Offset(size=3, size_param="size")),
    "cursor": stream(paging=CursorPaging(next="cursor", param="after", size_param="size", size=3)),
    "link": stream(paging=LinkHeader(size_param="size", size=3)),
    "next url": stream(paging=NextUrl(size_param="size", size=3)),
    "range": stream(paging=RangeHeader(size=3)),
    "keyset": stream(
        params=BY_TIME,
        version="changed",
        changes=Keyset(param="filter", then="{time}/{key}", size_param="size", size=3),
    ),
    "feed": stream(
        deleted="gone",
        changes=Feed(
            param="feed", next="end", start={"start": 0}, ended="done", size_param="size", size=3
        ),
    ),
    "since, by id": stream(
        version="changed", changes=Since(param="since"), paging=Offset(size=3, size_param="size")
    ),
    "since, by time": stream(
        params=BY_TIME,
        version="changed",
        changes=Since(param="since", sorted_by_time=True),
        paging=Offset(size=3, size_param="size"),
    ),
}
SHIFT_PROOF = sorted(set(WAYS) - {"page", "page with total", "feed"})
"""Page numbers can't be: nothing shows that one row went and another came. Feeds never shift."""


@contextmanager
def listing(count: int, **options: Any) -> Iterator[Listing]:
    server = Listing(rows(count), **options)
    try:
        yield server
    finally:
        server.stop()


def keys(connector: RestConnector, cursor: Cursor | None = None) -> list[str]:
    return [record.key for page in connector.read("row", cursor) for record in page.records]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [0, 1, 3, 7, 9])
def test_gives_every_row(way: str, count: int) -> None:
    with listing(count) as server:
        found = keys(server.connector(WAYS[way]))
    assert set(found) == {str(number) for number in range(1, count + 1)}


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"overlapping pages"}))
def test_a_size_that_the_system_caps_ends_nothing_early(way: str) -> None:
    with listing(9, largest=2) as server:
        assert set(keys(server.connector(WAYS[way]))) == {str(n) for n in range(1, 10)}


@pytest.mark.parametrize("way", WAYS)
def test_goes_on_after_each_page(way: str) -> None:
    with listing(8) as server:
        pages = list(server.connector(WAYS[way]).read("row", None))
        for place, page in enumerate(pages):
            found = {record.key for earlier in pages[: place + 1] for record in earlier.records}
            found |= set(keys(server.connector(WAYS[way]), page.cursor))
            assert found == {str(number) for number in range(1, 9)}


def shift(server: Listing, answer: int) -> None:
    """After the second answer: a row of the first page goes, a new one comes, another changes."""
    if answer == 2:
        server.rows.pop(1)
        server.rows[50] = {"id": 50, "changed": NEW, "name": "new"}
        server.rows[2] = {**server.rows[2], "changed": NEW, "name": "changed"}


@pytest.mark.parametrize("way", SHIFT_PROOF)
def test_a_list_that_shifts_while_it_is_read_loses_nothing(way: str) -> None:
    with listing(11) as server:
        server.between = lambda answer: shift(server, answer)
        found = set(keys(server.connector(WAYS[way])))
    assert found >= {str(number) for number in range(2, 12)}


@pytest.mark.parametrize(
    "way", ["offset", "overlapping pages", "page with total", "range", "since, by time"]
)
@pytest.mark.parametrize("gone", [1, 2, 3, 4])
def test_steps_back_as_far_as_the_list_moved(way: str, gone: int) -> None:
    def drop(answer: int) -> None:
        if answer == 2:
            for number in range(1, gone + 1):
                server.rows.pop(number)

    with listing(12) as server:
        server.between = drop
        assert set(keys(server.connector(WAYS[way]))) >= {str(n) for n in range(gone + 1, 13)}


@pytest.mark.parametrize("way", ["offset", "overlapping pages", "range"])
def test_the_overlap_notices_that_a_row_went_and_another_came(way: str) -> None:
    """The total stays the same, so only the overlapping row shows it."""

    def swap(answer: int) -> None:
        if answer == 2:
            server.rows.pop(1)
            server.rows[99] = {"id": 99, "changed": NEW, "name": "new"}

    with listing(9) as server:
        server.between = swap
        found = set(keys(server.connector(WAYS[way])))
    assert found >= {*(str(number) for number in range(2, 10)), "99"}


def mixed(times: int, each: int) -> list[Row]:
    """Rows that share times: ``each`` of them, ``times`` times, in mixed order."""
    return [
        {"id": number, "changed": f"2026-01-{1 + number % times:02d}T00:00:00Z", "name": "n"}
        for number in range(1, times * each + 1)
    ]


@pytest.mark.parametrize("way", ["keyset", "since, by time"])
def test_equal_times_over_page_borders_lose_nothing(way: str) -> None:
    server = Listing(mixed(3, 7))
    try:
        assert set(keys(server.connector(WAYS[way]))) == {str(n) for n in range(1, 22)}
    finally:
        server.stop()


def test_a_feed_tells_of_deletions_and_goes_on_where_it_was() -> None:
    with listing(5) as server:
        *_, last = server.connector(WAYS["feed"]).read("row", None)
        assert keys(server.connector(WAYS["feed"]), last.cursor) == []
        server.rows.pop(2)
        server.rows[4] |= {"name": "changed"}
        server.changes += [2, 4]
        pages = list(server.connector(WAYS["feed"]).read("row", last.cursor))
    assert [stone.key for page in pages for stone in page.tombstones] == ["2"]
    assert [record.key for page in pages for record in page.records] == ["4"]


@pytest.mark.parametrize("way", ["keyset", "since, by id", "since, by time"])
def test_a_change_comes_once_and_then_nothing(way: str) -> None:
    with listing(7) as server:
        *_, last = server.connector(WAYS[way]).read("row", None)
        assert keys(server.connector(WAYS[way]), last.cursor) == []
        server.rows[4] |= {"changed": NEW, "name": "changed"}
        pages = list(server.connector(WAYS[way]).read("row", last.cursor))
        assert [record.key for page in pages for record in page.records] == ["4"]
        assert keys(server.connector(WAYS[way]), pages[-1].cursor) == []


def test_a_list_that_is_not_sorted_as_declared_is_refused() -> None:
    unsorted = stream(
        version="changed",
        changes=Since(param="since", sorted_by_time=True),
        paging=Offset(size=3, size_param="size"),
    )
    server = Listing(mixed(3, 3)[::-1])
    try:
        with pytest.raises(SourceSchemaError, match="not sorted by changed"):
            keys(server.connector(unsorted))
    finally:
        server.stop()


def test_signs_that_could_end_a_condition_are_refused() -> None:
    hostile = {"id": "1' or '1'='1", "changed": NEW, "name": "n"}
    with listing(0) as server:
        server.rows = {1: hostile}
        with pytest.raises(SourceSchemaError, match="can't stand in a condition"):
            keys(server.connector(WAYS["keyset"]))


def test_key_scans_ask_for_keys_alone() -> None:
    lean = stream(paging=Offset(size=3, size_param="size"), keys_only={"fields": "id"})
    with listing(7) as server:
        found = [key for part in server.connector(lean).keys("row") for key in part]
        assert {asked.get("fields") for asked in server.asked} == {"id"}
    assert set(found) == {str(number) for number in range(1, 8)}


def test_a_feed_that_says_there_is_more_but_does_not_move_on_is_refused() -> None:
    stuck = Feed(param="feed", next="nowhere", start={"start": 0}, ended="done", size_param="size")
    with listing(200) as server, pytest.raises(SourceSchemaError, match="does not move on"):
        keys(server.connector(stream(changes=stuck)))


def test_overlapping_pages_are_nearly_as_large_as_they_may_be() -> None:
    """They ask for 20,000 rows in little more than 200 requests."""
    paging, asked = OverlapPages(), 0
    position: Position | None = {}
    while position is not None:
        values = paging.ask(position).values
        page, size = int(str(values["page"])), int(str(values["per_page"]))
        keys_there = [str(number) for number in range(20_000)][(page - 1) * size : page * size]
        listing = Listed(rows=keys_there, keys=keys_there, body=None, headers={})
        position, asked = paging.after(position, listing), asked + 1
    assert 200 < asked < 240


def test_a_list_sorted_by_time_gives_each_row_once() -> None:
    with listing(9) as server:
        assert len(keys(server.connector(WAYS["since, by time"]))) == 9


@pytest.mark.parametrize("largest", [1, 2, 3])
def test_overlapping_pages_go_on_where_no_page_can_overlap(largest: int) -> None:
    with listing(14) as server:
        way = stream(paging=OverlapPages(size=3, largest=largest, size_param="size"))
        assert set(keys(server.connector(way))) == {str(number) for number in range(1, 15)}
