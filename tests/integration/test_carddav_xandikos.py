"""The CardDAV connector against a real Xandikos, which keeps cards byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import connectors.carddav as plugin
from connectors.carddav.reader import CardDavConnector
from hub.errors import ConflictError, CursorExpiredError
from hub.sdk import Change, Cursor, Page
from tests.servers import xandikos
from tests.servers.fixtures import require
from tests.servers.xandikos import BOOK, XandikosServer

pytestmark = pytest.mark.servers

CARD = (
    "BEGIN:VCARD\r\nVERSION:{version}\r\nX-FIRST;A=b:unsorted\r\nFN:Jörg {number}\r\n"
    'N:Example;Jörg;;;\r\nitem1.TEL;TYPE="work,voice":+49 30 {number}\r\n'
    "item1.X-ABLabel:Zentrale\r\nNOTE:a line that was folded lo\r\n ng ago, in its own pla\r\n"
    " ce\r\nBDAY:19800203\r\nEND:VCARD\r\n"
)


@pytest.fixture
def server() -> Iterator[XandikosServer]:
    """An empty address book for each test; the server starts within a second or two."""
    require(xandikos.available)
    with xandikos.running() as running:
        yield running


def connect(server: XandikosServer, **changed: Any) -> CardDavConnector:
    spec = plugin.hub_connector()
    settings = {"base_url": server.url, "username": "anna", "password": "none", "page_size": 3}
    connector = spec.open(spec.config.model_validate({**settings, **changed}))
    assert isinstance(connector, CardDavConnector)
    return connector


def key(number: int) -> str:
    return f"{BOOK}{number}%20%C3%BC.vcf"


def put(server: XandikosServer, *numbers: int) -> None:
    for number in numbers:
        version = "4.0" if number % 2 else "3.0"
        server.put(key(number), CARD.format(number=number, version=version).encode())


def pages(connector: CardDavConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("card", cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_reads_resumes_and_follows_changes(server: XandikosServer) -> None:
    put(server, *range(1, 8))
    first = pages(connect(server))
    assert keys(first) == [key(number) for number in range(1, 8)]
    for place, page in enumerate(first):
        assert keys(pages(connect(server), page.cursor)) == keys(first[place + 1 :])
    put(server, 9)
    server.delete(key(5))
    (page,) = pages(connect(server), first[-1].cursor)
    assert keys([page]) == [key(9)]
    assert [stone.key for stone in page.tombstones] == [key(5)]


def test_a_write_keeps_every_other_byte(server: XandikosServer) -> None:
    put(server, 1)
    connector, before = connect(server), server.get(key(1))
    seen = connector.fetch("card", key(1))
    assert seen is not None
    change = Change(
        stream="card",
        key=key(1),
        fields={"tel": "+49 30 777"},
        expected_version=seen.version,
        idempotency_key="k",
    )
    receipt = connector.write(change)
    assert server.get(key(1)) == before.replace(b"+49 30 1", b"+49 30 777")
    now = connector.fetch("card", key(1))
    assert now is not None
    assert now.version == receipt.version
    put(server, 1)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        connector.write(replace(change, expected_version=receipt.version))


def test_an_unknown_token_opens_an_epoch(server: XandikosServer) -> None:
    put(server, 1)
    unknown: Cursor = {"books": {BOOK: ["0" * 40, "", ""]}}
    with pytest.raises(CursorExpiredError):
        pages(connect(server), unknown)


def test_reads_in_full_without_tokens(server: XandikosServer) -> None:
    put(server, *range(1, 6))
    assert len(keys(pages(connect(server, sync=False)))) == 5
