"""The CardDAV connector against a real Cyrus, which cuts a list where it is asked to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

import connectors.carddav as plugin
from connectors.carddav.reader import CardDavConnector
from hub.errors import AuthenticationError, ConflictError, CursorExpiredError
from hub.sdk import Change, Cursor, Page
from hub.sdk.auth import BasicAuth
from hub.sdk.dav import AddressBook, DavClient, changes_since, find_address_books
from tests.servers.cyrus import CyrusServer

pytestmark = pytest.mark.servers

USER = "bruno"
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nX-FIRST:unsorted\r\nUID:u-{number}\r\nFN:Jörg {number}\r\n"
    "N:Example;Jörg;;;\r\nitem1.TEL:+49 30 {number}\r\nitem1.X-ABLabel:Zentrale\r\nEND:VCARD\r\n"
)


class Book:
    """One user's only address book, emptied for each test."""

    def __init__(self, server: CyrusServer) -> None:
        self.server, self.password = server, server.passwords[USER]
        auth = BasicAuth(USER, SecretStr(self.password))
        self.client = DavClient(server.base_url, system="cyrus", auth=auth)
        self.book: AddressBook = find_address_books(self.client)[0]

    def key(self, number: int) -> str:
        return f"{self.book.path}{number:03d}.vcf"

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.send("PUT", self.key(number), CARD.format(number=number).encode())

    def send(self, method: str, path: str, body: bytes = b"") -> requests.Response:
        answer = requests.request(
            method,
            self.server.base_url + path,
            data=body,
            headers={"content-type": "text/vcard"},
            auth=(USER, self.password),
            timeout=30,
        )
        answer.raise_for_status()
        return answer

    def connect(self, **changed: Any) -> CardDavConnector:
        settings = {"base_url": self.server.base_url, "username": USER, "page_size": 3}
        settings |= {"password": self.password, **changed}
        spec = plugin.hub_connector()
        connector = spec.open(spec.config.model_validate(settings))
        assert isinstance(connector, CardDavConnector)
        return connector


@pytest.fixture
def book(cyrus_server: CyrusServer) -> Iterator[Book]:
    found = Book(cyrus_server)
    yield found
    for path in changes_since(found.client, found.book.url, "").changed:
        found.send("DELETE", path)


def pages(connector: CardDavConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("card", cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_reads_resumes_and_follows_changes(book: Book) -> None:
    book.put(*range(1, 8))
    first = pages(book.connect())
    assert keys(first) == [book.key(number) for number in range(1, 8)]
    for place, page in enumerate(first):
        assert keys(pages(book.connect(), page.cursor)) == keys(first[place + 1 :])
    book.put(9)
    book.send("DELETE", book.key(5))
    (page,) = pages(book.connect(), first[-1].cursor)
    assert keys([page]) == [book.key(9)]
    assert [stone.key for stone in page.tombstones] == [book.key(5)]
    assert pages(book.connect(), page.cursor) == []


def test_a_list_that_is_cut_is_read_to_its_end(book: Book) -> None:
    book.put(*range(1, 9))
    found: set[str] = set()
    token, rounds, truncated = "", 0, True
    while truncated:
        changes = changes_since(book.client, book.book.url, token, limit=3)
        found |= set(changes.changed)
        token, truncated, rounds = changes.token, changes.truncated, rounds + 1
    assert found == {book.key(number) for number in range(1, 9)}
    assert rounds == 3
    assert changes_since(book.client, book.book.url, token).changed == ()


def test_a_write_keeps_every_other_byte(book: Book) -> None:
    book.put(1)
    connector, before = book.connect(), book.send("GET", book.key(1)).content
    seen = connector.fetch("card", book.key(1))
    assert seen is not None
    change = Change(
        stream="card",
        key=book.key(1),
        fields={"tel": "+49 30 777"},
        expected_version=seen.version,
        idempotency_key="k",
    )
    connector.write(change)
    after = book.send("GET", book.key(1)).content
    assert after == before.replace(b"+49 30 1", b"+49 30 777")
    book.put(1)
    book.send("PUT", book.key(1), CARD.format(number=1).replace("Jörg 1", "Jo").encode())
    with pytest.raises(ConflictError):
        book.client.put(
            book.server.base_url + book.key(1), after, etag=seen.version, content_type="text/vcard"
        )


def test_an_unknown_token_opens_an_epoch(book: Book) -> None:
    unknown: Cursor = {"books": {book.book.path: ["data:,1-1", "", ""]}}
    with pytest.raises(CursorExpiredError):
        pages(book.connect(), unknown)


def test_a_wrong_password(book: Book) -> None:
    with pytest.raises(AuthenticationError):
        book.connect(password="wrong").check()  # the wrong one
