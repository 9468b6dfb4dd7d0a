"""The CardDAV connector against its stand-in: books, tokens, cut lists, locks, awkward cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import connectors.carddav as plugin
from connectors.carddav.reader import CardDavConnector
from connectors.carddav.samples import BOOK, SAMPLES
from connectors.carddav.standin import CardDavStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    OutcomeUnknownError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk import Capability, Change, Cursor, Page, StandInState
from hub.sdk.standin import Fault, Sample

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
OTHER = "/dav/addressbooks/anna/team/"
BOOKS = {BOOK: {"displayname": "Contacts"}, OTHER: {"displayname": "Our team"}}


@pytest.fixture
def server() -> Iterator[CardDavStandIn]:
    running = CardDavStandIn(StandInState({}))
    yield running
    running.stop()


def connect(server: CardDavStandIn, **changed: Any) -> CardDavConnector:
    spec = plugin.hub_connector()
    settings = {**server.config, "page_size": 3, **changed}
    connector = spec.open(spec.config.model_validate(settings))
    assert isinstance(connector, CardDavConnector)
    return connector


def put(server: CardDavStandIn, *numbers: int, revision: int = 0) -> None:
    with server.state.changing():
        for number in numbers:
            SAMPLES.put(SAMPLES, server.state, Sample("card", number, revision, AT))


def remove(server: CardDavStandIn, number: int) -> None:
    with server.state.changing():
        SAMPLES.remove(SAMPLES, server.state, Sample("card", number, 0, AT))


def key(number: int) -> str:
    return SAMPLES.key("card", number)


def numbers(pages: list[Page]) -> list[int]:
    return [int(record.key[-12:-4]) for page in pages for record in page.records]


def pages(connector: CardDavConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("card", cursor))


def change(number: int, version: str | None = None, **fields: Any) -> Change:
    return Change(
        stream="card", key=key(number), fields=fields, expected_version=version, idempotency_key="k"
    )


def held(server: CardDavStandIn, number: int) -> str:
    return str(server.state.stream("card")[key(number)]["vcard"])


def test_only_what_changed_comes_again(server: CardDavStandIn) -> None:
    put(server, *range(1, 8))
    connector = connect(server)
    first = pages(connector)
    assert [len(page.records) for page in first] == [3, 3, 1]
    assert pages(connector, first[-1].cursor) == []
    put(server, 2, 9, revision=1)
    remove(server, 5)
    (page,) = pages(connector, first[-1].cursor)
    assert numbers([page]) == [2, 9]
    assert [stone.key for stone in page.tombstones] == [key(5)]
    assert pages(connector, page.cursor) == []


def test_what_changes_behind_a_resumed_read_is_not_lost(server: CardDavStandIn) -> None:
    put(server, *range(1, 8))
    first = next(connect(server).read("card", None))
    put(server, 1, revision=1)  # was handed on
    put(server, 6, revision=1)  # was not
    remove(server, 2)
    remove(server, 7)
    put(server, 8)
    rest = pages(connect(server), first.cursor)
    assert set(numbers(rest)) == {1, 4, 5, 6, 8}
    assert {stone.key for page in rest for stone in page.tombstones} == {key(2), key(7)}
    assert pages(connect(server), rest[-1].cursor) == []


@pytest.mark.parametrize("wants_limit", [False, True])
def test_a_list_that_the_server_cuts_is_read_to_its_end(
    server: CardDavStandIn, wants_limit: bool
) -> None:
    server.manners = replace(server.manners, max_results=4, wants_limit=wants_limit)
    put(server, *range(1, 11))
    first = pages(connect(server))
    assert numbers(first) == list(range(1, 11))
    for place, page in enumerate(first):
        rest = numbers(pages(connect(server), page.cursor))
        assert set(rest) >= set(numbers(first[place + 1 :]))
    assert numbers(pages(connect(server), first[-1].cursor)) == []


def test_an_expired_token_opens_an_epoch(server: CardDavStandIn) -> None:
    put(server, 1)
    (page,) = pages(connect(server))
    server.forget_tokens()
    with pytest.raises(CursorExpiredError):
        pages(connect(server), page.cursor)


@pytest.mark.parametrize("cursor", [{"books": 1}, {"books": {BOOK: "x"}}, {"books": {BOOK: None}}])
def test_a_strange_cursor_opens_an_epoch(server: CardDavStandIn, cursor: Any) -> None:
    with pytest.raises(CursorExpiredError):
        pages(connect(server), cursor)


def test_a_book_that_is_gone_opens_an_epoch(server: CardDavStandIn) -> None:
    server.state.stream("book").update(BOOKS)
    put(server, 1)
    cursor = pages(connect(server))[-1].cursor
    del server.state.stream("book")[OTHER]
    with pytest.raises(CursorExpiredError, match="address book is gone"):
        pages(connect(server), cursor)


@pytest.mark.parametrize("name", ["team", "Our team"])
def test_books_are_chosen_by_name_or_title(server: CardDavStandIn, name: str) -> None:
    put(server, 1)
    server.state.stream("book").update(BOOKS)
    server.state.stream("card")[f"{OTHER}00000009.vcf"] = server.state.stream("card")[key(1)]
    assert numbers(pages(connect(server))) == [1, 9]
    assert numbers(pages(connect(server, address_books=[name]))) == [9]
    with pytest.raises(SourceSchemaError, match="address book 2 of the setting"):
        pages(connect(server, address_books=[name, "nobody's"]))


def test_without_sync_tokens_all_is_read(server: CardDavStandIn) -> None:
    server.manners = replace(server.manners, syncs=False)
    put(server, *range(1, 6))
    with pytest.raises(SourceSchemaError, match="turn sync off"):
        pages(connect(server))
    connector = connect(server, sync=False)
    first = pages(connector)
    assert numbers(first) == [1, 2, 3, 4, 5]
    assert numbers(pages(connector, first[0].cursor)) == [4, 5]
    spec = plugin.hub_connector()
    (stream,) = spec.streams_of(spec.config.model_validate({**server.config, "sync": False}))
    assert Capability.INCREMENTAL not in stream.capabilities
    assert Capability.DELETES not in stream.capabilities


def test_cards_that_spoil_a_list_are_read_by_themselves(server: CardDavStandIn) -> None:
    put(server, 1, 2, 3)
    cards = server.state.stream("card")
    cards[key(2)] = {"vcard": "BEGIN:VCARD\r\nbroken\r\n"}
    server.manners = replace(server.manners, multigets=False)
    (page,) = pages(connect(server))
    assert numbers([page]) == [1, 3]
    ((unreadable,),) = (page.unreadable,)
    assert unreadable.key == key(2)
    assert "not one whole vCard" in unreadable.reason


def test_a_card_that_goes_while_reading_is_counted(server: CardDavStandIn) -> None:
    put(server, *range(1, 6))
    read = connect(server).read("card", None)
    first = next(read)
    remove(server, 5)
    (second,) = read
    assert (numbers([first]), numbers([second])) == ([1, 2, 3], [4])
    assert second.excluded == {"deleted while reading": 1}
    (after,) = pages(connect(server), second.cursor)
    assert [stone.key for stone in after.tombstones] == [key(5)]


def test_a_write_changes_its_line_and_no_other_byte(server: CardDavStandIn) -> None:
    put(server, 1)
    before = held(server, 1)
    connector = connect(server)
    receipt = connector.write(change(1, tel="+49 30 7"))
    assert held(server, 1) == before.replace("+49 30 0000001", "+49 30 7")
    now = connector.fetch("card", key(1))
    assert now is not None
    assert (now.data["tel"], now.version) == ("+49 30 7", receipt.version)


def test_the_etag_is_asked_for_where_a_write_does_not_tell_it(server: CardDavStandIn) -> None:
    server.manners = replace(server.manners, tells_etag=False)
    put(server, 1)
    connector = connect(server)
    receipt = connector.write(change(1, tel="+49 30 7"))
    now = connector.fetch("card", key(1))
    assert now is not None
    assert receipt.version == now.version


def test_a_changed_card_is_a_conflict(server: CardDavStandIn) -> None:
    put(server, 1)
    connector = connect(server)
    seen = connector.fetch("card", key(1))
    assert seen is not None
    put(server, 1, revision=1)
    before = held(server, 1)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        connector.write(change(1, seen.version, tel="+49 30 7"))
    server.fail(Fault(kind="status", status=412, method="PUT"))
    with pytest.raises(ConflictError, match="status 412"):
        connector.write(change(1, tel="+49 30 7"))
    assert held(server, 1) == before


def test_a_write_that_got_through_is_not_made_twice(server: CardDavStandIn) -> None:
    put(server, 1)
    connector = connect(server)
    seen = connector.fetch("card", key(1))
    assert seen is not None
    server.fail(Fault(kind="drop", method="PUT"))
    with pytest.raises(OutcomeUnknownError):
        connector.write(change(1, seen.version, tel="+49 30 7"))
    connector.write(change(1, seen.version, tel="+49 30 7"))
    assert server.requests[f"PUT {key(1)}"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        *({"uid": "x"}, {"fn": ""}, {"tel": 7}, {"tel": "a\x00"}, {"n": {"nick": "x"}}),
        *({"x-a\r\nfn": "y"}, {"photo": "x"}, {"adr": "Weg 1"}, {"adr": {"code": 7}}),
        {"tel": "+49 30 7", "rev": "x"},
    ],
    ids=range(10),
)
def test_what_can_not_be_written_is_refused_whole(
    server: CardDavStandIn, fields: dict[str, Any]
) -> None:
    put(server, 1)
    before = held(server, 1)
    with pytest.raises(RejectedError, match="nothing was written"):
        connect(server).write(change(1, **fields))
    assert held(server, 1) == before


@pytest.mark.parametrize(
    "path", ["/dav/principals/anna/", f"{BOOK}../x.vcf", "/etc/passwd", f"{BOOK}a/b", BOOK, ""]
)
def test_a_key_outside_of_the_books_is_no_card(server: CardDavStandIn, path: str) -> None:
    connector = connect(server)
    assert connector.fetch("card", path) is None
    with pytest.raises(ConflictError, match="gone"):
        connector.write(replace(change(1, tel="1"), key=path))


def test_a_wrong_password(server: CardDavStandIn) -> None:
    with pytest.raises(AuthenticationError):
        connect(server, password="wrong").check()  # the wrong one


def test_checks(server: CardDavStandIn) -> None:
    assert connect(server).check() == "1 address books can be read"
