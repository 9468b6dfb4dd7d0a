"""Answers too deep or too large over a real socket: refused by their caps, or by the record."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hub.errors import SourceSchemaError
from hub.pipeline.pages import prepare_page
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.resource import RestConnector, RestStream, Since
from hub.sdk.rest import RestClient
from hub.sdk.standin import Response

DEEP = 100_000
LARGE = 200_000_000
PEOPLE = RestStream(
    name="person",
    entities=("party",),
    path="people",
    changes=Since(param="since"),
    version="at",
)


class Server(HttpStandIn):
    """Gives the same body whatever it is asked."""

    def __init__(self) -> None:
        self.body, self.packed = b"[]", False
        super().__init__(StandInState({}), self._serve)

    def _serve(self, _: Any) -> Response:
        return Response(200, self.body, {"content-encoding": "gzip"} if self.packed else {})

    def connector(self) -> RestConnector:
        return RestConnector(RestClient(self.url, system="crm"), [PEOPLE])


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def person(number: int, more: str = "1") -> str:
    return f'{{"id": {number}, "at": "2026-01-31T12:00:00Z", "more": {more}}}'


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_json_that_is_too_deep_is_refused(server: Server, start: str, end: str) -> None:
    server.body = (start * DEEP + "1" + end * DEEP).encode()
    begun = time.monotonic()
    with pytest.raises(SourceSchemaError, match="not JSON"):
        list(server.connector().read("person", None))
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_200_mb_are_refused_by_the_cap_that_holds_unless_said(server: Server, packed: bool) -> None:
    body = b" " * LARGE
    server.body, server.packed = gzip.compress(body, 1) if packed else body, packed
    with pytest.raises(SourceSchemaError, match="larger than 67108864 bytes"):
        list(server.connector().read("person", None))


@pytest.mark.parametrize("depth", [200, 300, 1000])
def test_a_record_that_is_too_deep_costs_no_other(server: Server, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    rows = [person(1), person(2, deep), person(3), f'{{"more": {deep}}}']
    server.body = f"[{', '.join(rows)}]".encode()
    (page,) = server.connector().read("person", None)
    landed = prepare_page(page)
    assert {record.key for record in landed.records} >= {"1", "3"}
    assert len(landed.records) + len(landed.unreadable) == len(rows)
