"""Declared SOAP streams on a document/literal help desk: paging, changes, writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import ConflictError, RejectedError, SourceSchemaError
from hub.sdk import Capability, Change, New, Page
from hub.sdk.resource import CursorPaging, Offset, Since
from hub.sdk.soap import RowShape, SoapClient, SoapStream, SoapWrite
from tests.unit.sdk.soap.helpdesk import HelpDesk

TICKET = SoapStream(
    name="ticket",
    entities=("ticket",),
    operation="ListTickets",
    rows=RowShape(within="ListTicketsResponse", item="ticket"),
    key=("no",),
    body=lambda asked: {"page": dict(asked)},
    paging=Offset(param="offset", size_param="limit"),
    changes=Since(param="since", overlap=0),
    version="changed",
    deleted="gone",
    fetch_body=lambda key: {"page": {"offset": int(key) - 1, "limit": 1}},
    write=SoapWrite(operation="ChangeTicket", body=lambda key, fields: {"no": key, **fields}),
)
BY_CURSOR = replace(TICKET, paging=CursorPaging(next="next", more="more"), changes=None, deleted="")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HelpDesk]:
    served = HelpDesk(tmp_path)
    served.fill(8)
    yield served
    served.stop()


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def numbers(*wanted: int) -> list[str]:
    return [f"{n:04d}" for n in wanted]


def test_the_capabilities_follow_from_the_declaration() -> None:
    assert TICKET.declared().capabilities == {
        Capability.FULL,
        Capability.INCREMENTAL,
        Capability.DELETES,
        Capability.WRITE,
    }


@pytest.mark.parametrize("stream", [TICKET, BY_CURSOR], ids=["offset", "cursor"])
def test_reads_every_page_and_resumes(desk: HelpDesk, stream: SoapStream) -> None:
    connector = desk.connector(stream)
    pages = list(connector.read("ticket", None))
    assert list(dict.fromkeys(keys(pages))) == numbers(*range(1, 9))
    assert pages[0].records[0].data["title"] == "A & B 1"
    for place, page in enumerate(pages[:-1]):
        rest = set(keys(list(connector.read("ticket", page.cursor))))
        assert rest | set(keys(pages[: place + 1])) == set(numbers(*range(1, 9)))


def test_a_deletion_while_reading_loses_nothing(desk: HelpDesk) -> None:
    def delete(count: int) -> None:
        if count == 1:
            del desk.tickets["0001"]

    desk.between = delete
    pages = list(desk.connector(TICKET).read("ticket", None))
    assert set(keys(pages)) == set(numbers(*range(1, 9)))


def test_only_what_changed_comes_again(desk: HelpDesk) -> None:
    connector = desk.connector(TICKET)
    *_, last = connector.read("ticket", None)
    assert keys(list(connector.read("ticket", last.cursor))) == []
    desk.tickets["0003"] |= {"changed": "2026-02-01T13:00:00Z", "title": "new"}
    desk.tickets["0004"] |= {"changed": "2026-02-01T13:00:00Z", "gone": "true"}
    pages = list(connector.read("ticket", last.cursor))
    assert keys(pages) == numbers(3)
    assert [stone.key for page in pages for stone in page.tombstones] == numbers(4)


def test_keys_alone(desk: HelpDesk) -> None:
    desk.tickets["0004"] |= {"gone": "1"}
    found = [key for some in desk.connector(TICKET).keys("ticket") for key in some]
    assert sorted(set(found)) == numbers(1, 2, 3, 5, 6, 7, 8)


def change(title: str, version: str | None = None) -> Change:
    return Change(
        stream="ticket",
        key="0002",
        fields={"title": title},
        expected_version=version,
        idempotency_key="k",
    )


def test_writes_after_comparing(desk: HelpDesk) -> None:
    connector = desk.connector(TICKET)
    before = connector.fetch("ticket", "0002")
    assert before is not None
    receipt = connector.write(change("new", before.version))
    assert (desk.tickets["0002"]["title"], receipt.version) == (
        "new",
        "2026-03-01T00:00:00.000000Z",
    )
    assert connector.write(change("new")) == receipt
    with pytest.raises(ConflictError):
        connector.write(change("newer", before.version))
    assert desk.tickets["0002"]["title"] == "new"


def test_what_is_not_declared_is_refused(desk: HelpDesk) -> None:
    connector = desk.connector(replace(BY_CURSOR, write=None, fetch_body=None))
    with pytest.raises(RejectedError):
        connector.write(change("x"))
    with pytest.raises(RejectedError):
        connector.fetch("ticket", "0002")
    with pytest.raises(RejectedError):
        connector.create(New(stream="ticket", fields={}, external_key="k"))
    with pytest.raises(SourceSchemaError):
        list(connector.read("nothing", None))


def test_checks_by_the_first_page(desk: HelpDesk) -> None:
    assert "3 on the first page" in desk.connector(TICKET).check()


@pytest.mark.parametrize("binding", ["soap", "soap12"])
def test_document_literal_in_both_versions(tmp_path: Path, binding: str) -> None:
    desk = HelpDesk(tmp_path, binding)
    desk.fill(2)
    client = SoapClient(desk.wsdl, system="desk", url=desk.url, port="DeskPort")
    page = client.page("ListTickets", {"page": {"limit": 5}}, shape=TICKET.rows)
    desk.stop()
    assert ([row["no"] for row in page.rows], page.rest["more"]) == (numbers(1, 2), "false")
    headers = desk.asked[0].headers
    if binding == "soap":
        assert headers["soapaction"] == '"urn:desk/list"'
    else:
        assert headers["content-type"].startswith("application/soap+xml")
        assert 'action="urn:desk/list"' in headers["content-type"]
