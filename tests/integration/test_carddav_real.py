"""The CardDAV connector against a real Radicale."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from pydantic import SecretStr

import connectors.carddav as plugin
from connectors.carddav.reader import CardDavConnector
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk import Change, Cursor, Page
from hub.sdk.auth import BasicAuth
from hub.sdk.dav import DavClient
from tests.servers.radicale import RadicaleServer

pytestmark = pytest.mark.servers

CARD = """BEGIN:VCARD
VERSION:3.0
UID:u-{number}
FN:Jörg Example {number}\\, Söhne
N:Example;Jörg;;;
ORG:Example Mills;Sales
EMAIL;TYPE=WORK:joerg{number}@mills.example
item1.TEL:+49 30 {number}
item1.X-ABLabel:Zentrale
X-ERP-NUMBER;X-KIND=main:{number}
X-SECRET-SAUCE:keep\\, me\\; whole
NOTE:first\\nsecond
END:VCARD
"""


@pytest.fixture
def book(radicale_server: RadicaleServer, request: pytest.FixtureRequest) -> str:
    """An address book of this test's own."""
    name = request.node.name.replace("[", "-").replace("]", "")
    return radicale_server.new_book(name)


def connect(server: RadicaleServer, book: str, **changed: Any) -> CardDavConnector:
    spec = plugin.hub_connector()
    settings: dict[str, Any] = {"base_url": server.url, "username": server.user}
    settings |= {"password": server.password}
    settings |= {"address_books": [PurePosixPath(book).name], "page_size": 3, **changed}
    connector = spec.open(spec.config.model_validate(settings))
    assert isinstance(connector, CardDavConnector)
    return connector


def put(server: RadicaleServer, book: str, *numbers: int) -> None:
    for number in numbers:
        card = CARD.format(number=number).replace("\n", "\r\n")
        server.put(f"{book}{number}.vcf", card.encode())


def pages(connector: CardDavConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("card", cursor))


def keys(pages: list[Page], book: str) -> list[str]:
    return [record.key.removeprefix(book) for page in pages for record in page.records]


def change(key: str, version: str | None, **fields: Any) -> Change:
    return Change(
        stream="card", key=key, fields=fields, expected_version=version, idempotency_key="k"
    )


def test_reads_all_and_resumes_from_every_cursor(
    radicale_server: RadicaleServer, book: str
) -> None:
    put(radicale_server, book, *range(1, 8))
    first = pages(connect(radicale_server, book))
    assert [len(page.records) for page in first] == [3, 3, 1]
    assert first[0].records[0].data["fn"] == "Jörg Example 1, Söhne"
    assert first[0].records[0].data["tel_type"] == ["zentrale"]
    assert first[0].records[0].data["x-secret-sauce"] == "keep, me; whole"
    for place, page in enumerate(first):
        rest = pages(connect(radicale_server, book), page.cursor)
        assert keys(rest, book) == keys(first[place + 1 :], book)


def test_only_what_changed_comes_again(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1, 2, 3, 4)
    connector = connect(radicale_server, book)
    cursor = pages(connector)[-1].cursor
    assert pages(connector, cursor) == []
    changed = CARD.format(number=2).replace("+49 30", "+49 40").replace("\n", "\r\n")
    radicale_server.put(f"{book}2.vcf", changed.encode())
    radicale_server.delete(f"{book}3.vcf")
    put(radicale_server, book, 5)
    (page,) = pages(connector, cursor)
    assert keys([page], book) == ["2.vcf", "5.vcf"]
    assert [stone.key for stone in page.tombstones] == [f"{book}3.vcf"]
    assert pages(connector, page.cursor) == []


def test_what_changes_behind_a_resumed_read_is_not_lost(
    radicale_server: RadicaleServer, book: str
) -> None:
    put(radicale_server, book, *range(1, 6))
    first = next(connect(radicale_server, book).read("card", None))
    changed = CARD.format(number=1).replace("+49 30", "+49 40").replace("\n", "\r\n")
    radicale_server.put(f"{book}1.vcf", changed.encode())
    radicale_server.delete(f"{book}2.vcf")
    rest = pages(connect(radicale_server, book), first.cursor)
    assert keys(rest, book) == ["4.vcf", "5.vcf", "1.vcf"]
    assert {stone.key for page in rest for stone in page.tombstones} == {f"{book}2.vcf"}


def test_an_expired_token_opens_an_epoch(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1)
    connector = connect(radicale_server, book)
    (page,) = pages(connector)
    put(radicale_server, book, 2)
    radicale_server.forget_tokens(book)
    with pytest.raises(CursorExpiredError):
        pages(connector, page.cursor)


def test_reads_in_full_without_tokens(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1, 2, 3, 4)
    assert len(keys(pages(connect(radicale_server, book, sync=False)), book)) == 4


def test_an_unknown_property_survives_a_write(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1)
    key, connector = f"{book}1.vcf", connect(radicale_server, book)
    before = set(radicale_server.get(key).split("\r\n"))
    seen = connector.fetch("card", key)
    assert seen is not None
    receipt = connector.write(change(key, seen.version, tel="+49 30 777"))
    after = set(radicale_server.get(key).split("\r\n"))
    assert before - after == {"item1.TEL:+49 30 1"}
    assert after - before == {"item1.TEL:+49 30 777"}
    now = connector.fetch("card", key)
    assert now is not None
    assert (now.data, now.version) == ({**seen.data, "tel": "+49 30 777"}, receipt.version)


def test_somebody_faster_is_a_conflict(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1)
    key, connector = f"{book}1.vcf", connect(radicale_server, book)
    seen = connector.fetch("card", key)
    assert seen is not None
    radicale_server.put(
        key, CARD.format(number=1).replace("Sales", "Export").replace("\n", "\r\n").encode()
    )
    stored = radicale_server.get(key)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        connector.write(change(key, seen.version, tel="+49 30 777"))
    client = DavClient(radicale_server.url, system="radicale", auth=_auth(radicale_server))
    with pytest.raises(ConflictError, match="status 412"):  # between our reading and writing
        client.put(
            radicale_server.url + key, stored.encode(), etag=seen.version, content_type="text/vcard"
        )
    assert radicale_server.get(key) == stored


def test_creates_and_deletes_under_a_lock(radicale_server: RadicaleServer, book: str) -> None:
    client = DavClient(radicale_server.url, system="radicale", auth=_auth(radicale_server))
    url = f"{radicale_server.url}{book}new.vcf"
    card = CARD.format(number=1).replace("\n", "\r\n").encode()
    etag = client.put(url, card, etag=None, content_type="text/vcard")
    with pytest.raises(ConflictError):
        client.put(url, card, etag=None, content_type="text/vcard")
    with pytest.raises(ConflictError):
        client.delete(url, etag='"other"')
    client.delete(url, etag=etag)
    assert client.get(url) is None


def test_a_card_that_is_gone(radicale_server: RadicaleServer, book: str) -> None:
    connector = connect(radicale_server, book)
    assert connector.fetch("card", f"{book}no.vcf") is None
    with pytest.raises(ConflictError, match="gone"):
        connector.write(change(f"{book}no.vcf", None, tel="1"))
    put(radicale_server, book, 1)
    with pytest.raises(RejectedError, match="without a name"):
        connector.write(change(f"{book}1.vcf", None, fn=""))


def test_finds_books_from_every_address(radicale_server: RadicaleServer, book: str) -> None:
    put(radicale_server, book, 1)
    for base in (radicale_server.url, f"{radicale_server.url}/{radicale_server.user}/"):
        assert "address books" in connect(radicale_server, book, base_url=base).check()
    one = connect(radicale_server, book, base_url=radicale_server.url + book, address_books=[])
    assert keys(pages(one), book) == ["1.vcf"]
    with pytest.raises(SourceSchemaError, match="address book 1 of the setting"):
        connect(radicale_server, "/nobody/").check()


def test_a_wrong_password(radicale_server: RadicaleServer, book: str) -> None:
    with pytest.raises(AuthenticationError):
        connect(radicale_server, book, password="wrong").check()  # the wrong one


def _auth(server: RadicaleServer) -> BasicAuth:
    return BasicAuth(server.user, SecretStr(server.password))
