"""A stream with a list of everything and a search for changes; records that took in others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hub.sdk.resource import CursorPaging, RestConnector, RestStream, Since
from hub.sdk.standin import Request, Response
from tests.unit.sdk.resource.server import Listing, rows

NEW = "2026-02-01T08:00:00.000Z"
ALL = RestStream(
    name="row",
    entities=("party",),
    path="list",
    rows="rows",
    paging=CursorPaging(next="cursor", param="after", size_param="size", size=3),
    version="changed",
    absorbed="merged",
)
CHANGED = RestStream(
    name="row",
    entities=("party",),
    path="search",
    rows="rows",
    body=dict,
    paging=CursorPaging(next="rows[-1].id", param="after", more="more", size_param="size", size=3),
    changes=Since(param="since"),
    version="changed",
    absorbed="merged",
    keys_only={"fields": "id"},
    whole=ALL,
)


class Headers(Listing):
    """Keeps the header ``prefer`` of each request."""

    def __init__(self) -> None:
        self.preferred: list[str | None] = []
        super().__init__(rows(2))

    def _serve(self, request: Request) -> Response:
        self.preferred.append(request.headers.get("prefer"))
        return super()._serve(request)


@pytest.fixture
def listing() -> Iterator[Listing]:
    running = Listing(rows(8))
    yield running
    running.stop()


def read(connector: RestConnector, cursor: object = None) -> list[str]:
    assert cursor is None or isinstance(cursor, dict)
    return [record.key for page in connector.read("row", cursor) for record in page.records]


def test_everything_comes_by_the_list_and_changes_by_the_search(listing: Listing) -> None:
    connector = listing.connector(CHANGED)
    assert connector.check().startswith("listing answers")
    *_, last = connector.read("row", None)
    assert set(listing.requests) == {"GET /list"}
    for number in (7, 2, 3, 6, 5):
        listing.rows[number]["changed"] = NEW
    assert read(connector, dict(last.cursor)) == ["2", "3", "5", "6", "7"]
    assert listing.requests["POST /search"] == 3  # the look back shows all eight


def test_a_first_read_goes_on_in_the_list(listing: Listing) -> None:
    connector = listing.connector(CHANGED)
    first = next(iter(connector.read("row", None)))
    assert read(connector, dict(first.cursor)) == ["4", "5", "6", "7", "8"]


def test_a_key_scan_reads_the_list(listing: Listing) -> None:
    found = [key for page in listing.connector(CHANGED).keys("row") for key in page]
    assert found == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert listing.asked[0]["fields"] == "id"


@pytest.mark.parametrize("merged", ["11;12", ["11", 12], "11; 12;1"])
def test_records_that_were_merged_away_are_tombstones(listing: Listing, merged: object) -> None:
    listing.rows[1]["merged"] = merged
    pages = list(listing.connector(CHANGED).read("row", None))
    stones = [(stone.key, stone.merged_into) for page in pages for stone in page.tombstones]
    assert stones == [("11", "1"), ("12", "1")]


@pytest.mark.parametrize("how", [{}, {"fetch_body": lambda key: {"only": key}}])
def test_headers_of_a_stream_go_with_lists_and_single_records(how: dict[str, Any]) -> None:
    server = Headers()
    try:
        stream = replace(ALL, headers={"prefer": "transient"}, fetch="list", row="rows[0]", **how)
        connector = server.connector(stream)
        assert read(connector) == ["1", "2"]
        assert connector.fetch("row", "1") is not None
    finally:
        server.stop()
    assert server.preferred == ["transient", "transient"]
