"""The Microsoft Graph connector against its stand-in: rounds, tokens, half rows, locks, mails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import connectors.microsoft_graph as plugin
from connectors.microsoft_graph.reader import GraphConnector
from connectors.microsoft_graph.samples import SAMPLES, USER
from connectors.microsoft_graph.standin import GraphStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
)
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, Page, StandInState
from hub.sdk.overrides import policy_overrides
from hub.sdk.standin import Fault, Sample

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEAM = "AAMkTeam="


@pytest.fixture
def server() -> Iterator[GraphStandIn]:
    running = GraphStandIn(StandInState({}))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def mapping() -> CompiledMapping:
    path = Path(__file__).parents[2] / "mappings" / "microsoft_graph.yaml"
    return compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))


def connect(server: GraphStandIn, **changed: Any) -> GraphConnector:
    spec = plugin.hub_connector()
    settings = {**server.config, "page_size": 3, **changed}
    with policy_overrides(attempts=2, sleep=lambda _: None):
        connector = spec.open(spec.config.model_validate(settings))
    assert isinstance(connector, GraphConnector)
    return connector


def put(server: GraphStandIn, stream: str, *numbers: int, revision: int = 0) -> None:
    with server.state.changing():
        for number in numbers:
            at = AT + timedelta(hours=revision)
            SAMPLES.put(SAMPLES, server.state, Sample(stream, number, revision, at))


def remove(server: GraphStandIn, stream: str, number: int) -> None:
    with server.state.changing():
        SAMPLES.remove(SAMPLES, server.state, Sample(stream, number, 0, AT))


def row(server: GraphStandIn, stream: str, number: int) -> dict[str, Any]:
    return server.state.stream(stream)[SAMPLES.key(stream, number)]


def pages(connector: GraphConnector, stream: str, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(number: int, version: str | None = None, **fields: Any) -> Change:
    key = SAMPLES.key("contact", number)
    return Change(
        stream="contact", key=key, fields=fields, expected_version=version, idempotency_key="k"
    )


def wanted(stream: str, *numbers: int) -> list[str]:
    return [SAMPLES.key(stream, number) for number in numbers]


@pytest.mark.parametrize("stream", ["contact", "message"])
def test_resumes_from_every_cursor(server: GraphStandIn, stream: str) -> None:
    put(server, stream, *range(1, 8))
    first = pages(connect(server), stream)
    assert keys(first) == wanted(stream, *range(1, 8))
    for place, page in enumerate(first):
        rest = pages(connect(server), stream, page.cursor)
        assert keys(rest) == keys(first[place + 1 :])


def test_only_what_changed_comes_again(server: GraphStandIn) -> None:
    put(server, "contact", *range(1, 6))
    cursor = pages(connect(server), "contact")[-1].cursor
    put(server, "contact", 2, 7, revision=1)
    remove(server, "contact", 4)
    (page,) = pages(connect(server), "contact", cursor)
    assert keys([page]) == wanted("contact", 2, 7)
    assert [stone.key for stone in page.tombstones] == wanted("contact", 4)


def test_half_a_row_is_completed(server: GraphStandIn) -> None:
    server.manners = replace(server.manners, whole_rows=False)
    put(server, "contact", 1)
    cursor = pages(connect(server), "contact")[-1].cursor
    row(server, "contact", 1)["mobilePhone"] = "+49 170 1"
    (page,) = pages(connect(server), "contact", cursor)
    (record,) = page.records
    assert (record.data["mobilePhone"], record.data["surname"]) == ("+49 170 1", "1")


def test_a_whole_row_is_not_fetched_again(server: GraphStandIn) -> None:
    put(server, "contact", 1)
    put(server, "message", 1)
    for stream in ("contact", "message"):
        assert keys(pages(connect(server), stream)) == wanted(stream, 1)
    assert all(name.endswith(("/delta", "/token")) for name in server.requests)


def test_each_user_and_folder_has_its_own_link(server: GraphStandIn) -> None:
    put(server, "contact", 1)
    inside = f'["{USER}","{TEAM}","AAkALgX"]'
    server.state.stream("contact")[inside] = {**row(server, "contact", 1), "displayName": "Team"}
    both = {"contact_folders": ["contacts", TEAM]}
    found = pages(connect(server, **both), "contact")
    assert keys(found) == [*wanted("contact", 1), inside]
    assert keys(pages(connect(server, **both), "contact", found[0].cursor)) == [inside]
    with pytest.raises(CursorExpiredError, match="no longer read"):
        pages(connect(server), "contact", found[-1].cursor)


@pytest.mark.parametrize("stream", ["contact", "message"])
def test_an_expired_delta_token_opens_an_epoch(server: GraphStandIn, stream: str) -> None:
    cursor = pages(connect(server), stream)[-1].cursor
    server.forget_deltas()
    with pytest.raises(CursorExpiredError, match="read in full"):
        pages(connect(server), stream, cursor)


@pytest.mark.parametrize("cursor", [{"links": 1}, {"links": {"x": 1}}, {"links": ["x"]}])
def test_a_strange_cursor_opens_an_epoch(server: GraphStandIn, cursor: Any) -> None:
    with pytest.raises(CursorExpiredError):
        pages(connect(server), "contact", cursor)


def test_an_access_token_that_expires_is_renewed(server: GraphStandIn) -> None:
    put(server, "contact", *range(1, 8))
    read = connect(server).read("contact", None)
    first = next(read)
    server.expire_tokens()
    assert len(keys([first, *read])) == 7
    assert sum(count for name, count in server.requests.items() if "oauth2" in name) == 2


def test_asks_for_constant_ids_and_pages(server: GraphStandIn) -> None:
    put(server, "contact", *range(1, 8))
    assert [len(page.records) for page in pages(connect(server, page_size=5), "contact")] == [5, 2]


def test_a_wrong_secret_and_a_wrong_user(server: GraphStandIn) -> None:
    with pytest.raises(AuthenticationError):
        connect(server, client_secret="wrong").check()  # the wrong one
    with pytest.raises(SourceSchemaError, match="a user or folder of the settings is not there"):
        connect(server, users=["nobody@example.com"]).check()
    assert "1 mailboxes" in connect(server).check()


@pytest.mark.parametrize("status", [429, 503, 509])
def test_waits_as_long_as_graph_asks(server: GraphStandIn, status: int) -> None:
    server.fail(Fault(kind="status", status=status, headers={"retry-after": "900"}, path="/delta"))
    with pytest.raises(RateLimitedError) as caught:
        connect(server).check()
    assert caught.value.retry_after == 900


def test_a_write_keeps_the_other_values(server: GraphStandIn) -> None:
    put(server, "contact", 1)
    row(server, "contact", 1)["businessPhones"].append("+49 30 2")
    connector = connect(server)
    receipt = connector.write(change(1, businessPhone="+49 30 7", emailAddress="new@x.example"))
    assert row(server, "contact", 1)["businessPhones"] == ["+49 30 7", "+49 30 2"]
    assert row(server, "contact", 1)["emailAddresses"] == [
        {"name": "Sample", "address": "new@x.example"}
    ]
    now = connector.fetch("contact", SAMPLES.key("contact", 1))
    assert now is not None
    assert (now.data["businessPhone"], now.version) == ("+49 30 7", receipt.version)


def test_a_changed_contact_is_a_conflict(server: GraphStandIn) -> None:
    put(server, "contact", 1)
    connector = connect(server)
    seen = connector.fetch("contact", SAMPLES.key("contact", 1))
    assert seen is not None
    put(server, "contact", 1, revision=1)
    with pytest.raises(ConflictError, match="was changed"):
        connector.write(change(1, seen.version, businessPhone="+49 30 7"))
    server.fail(Fault(kind="status", status=412, method="PATCH"))
    with pytest.raises(ConflictError, match="status 412"):
        connector.write(change(1, businessPhone="+49 30 7"))
    assert row(server, "contact", 1)["businessPhones"] == ["+49 30 0000001"]


def test_a_write_that_got_through_is_not_made_twice(server: GraphStandIn) -> None:
    put(server, "contact", 1)
    server.fail(Fault(kind="drop", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        connect(server).write(change(1, businessPhone="+49 30 7"))
    connect(server).write(change(1, businessPhone="+49 30 7"))
    assert sum(count for name, count in server.requests.items() if name[:5] == "PATCH") == 1


@pytest.mark.parametrize("fields", [{"id": "x"}, {"businessPhones": "x"}, {"mobilePhone": 7}])
def test_what_can_not_be_written_is_refused(server: GraphStandIn, fields: dict[str, Any]) -> None:
    put(server, "contact", 1)
    with pytest.raises(RejectedError, match="nothing was written"):
        connect(server).write(change(1, **fields))


@pytest.mark.parametrize("key", ["", "x", "[]", '["someone@else.example","contacts","1"]', "7"])
def test_a_key_outside_of_the_mailboxes_is_no_contact(server: GraphStandIn, key: str) -> None:
    connector = connect(server)
    assert connector.fetch("contact", key) is None
    with pytest.raises(ConflictError, match="gone"):
        connector.write(replace(change(1, mobilePhone="1"), key=key))


def test_mail_is_read_as_by_imap(server: GraphStandIn, mapping: CompiledMapping) -> None:
    put(server, "message", 1)
    (page, _) = pages(connect(server), "message")
    (record,) = page.records
    assert (record.key, record.data["direction"]) == ("sample-1@customer.example", "inbound")
    assert record.data["in_reply_to"] == "first@example.com"
    made = mapping.stream("message").translate(record.data)
    assert [(one.entity, one.part) for one in made] == [("interaction", ""), ("party", "from")]
    for one in made:
        ENTITIES[one.entity].model_validate(one.body)


def test_drafts_and_internal_mail_are_left_out(server: GraphStandIn) -> None:
    put(server, "message", 1, 2)
    row(server, "message", 1)["isDraft"] = True
    row(server, "message", 2)["from"] = {"emailAddress": {"address": "bob@example.com"}}
    (page, _) = pages(connect(server), "message")
    assert page.records == []
    assert page.excluded == {"draft": 1, "internal mail": 1}


def test_a_sent_mail_has_its_headers_from_its_properties(server: GraphStandIn) -> None:
    put(server, "message", 1)
    sent = row(server, "message", 1)
    sent |= {"folder": "sentitems", "internetMessageHeaders": None}
    sent["toRecipients"], sent["from"] = [sent["from"]], sent["toRecipients"][0]
    sent["toRecipients"][0]["emailAddress"]["name"] = 'Müller, "Bö" \\ Co'
    (_, page) = pages(connect(server), "message")
    (record,) = page.records
    assert (record.key, record.data["direction"]) == ("sample-1@customer.example", "outbound")
    assert record.data["to"][0]["name"] == 'Müller, "Bö" \\ Co'
    assert record.data["to"][0]["part"] == "to"
    assert record.data["date"] == "2026-01-31T12:00:00+00:00"


def test_a_header_can_not_smuggle_in_another(server: GraphStandIn) -> None:
    put(server, "message", 1)
    row(server, "message", 1)["internetMessageHeaders"] = [
        {"name": "Subject: x\r\nFrom", "value": "a\r\nFrom: evil@evil.example"},
        {"name": "References", "value": "<a@b>\r\nFrom: evil@evil.example"},
        *("x", {"value": "y"}),
    ]
    (page, _) = pages(connect(server), "message")
    assert page.records[0].data["from"][0]["address"] == "sample1@customer.example"


def test_a_contact_its_company_and_what_joins_them(
    server: GraphStandIn, mapping: CompiledMapping
) -> None:
    put(server, "contact", 1)
    (page,) = pages(connect(server), "contact")
    made = mapping.stream("contact").translate(page.records[0].data)
    bodies: dict[str, Any] = {
        one.part: ENTITIES[one.entity].model_validate(one.body) for one in made
    }
    assert sorted(bodies) == ["", "company", "contact_of"]
    assert bodies[""].kind == "person"
    assert bodies["company"].display_name == "Sample Company 1"
    assert bodies["contact_of"].from_party.key == page.records[0].key


def test_a_contact_without_a_person_is_an_organisation(mapping: CompiledMapping) -> None:
    fields = {"user": USER, "folder": "contacts", "id": "1", "companyName": "Example Mills"}
    (made,) = mapping.stream("contact").translate(fields)
    assert made.body["kind"] == "organisation"
    assert made.body["organisation"] == {"legal_name": "Example Mills"}


@pytest.mark.parametrize("strange", [7, "x", [], [7], ["x"], {}, {"x": 7}, None, [None], True])
@pytest.mark.parametrize("stream", ["contact", "message"])
def test_a_field_of_another_type_costs_nothing(
    server: GraphStandIn, stream: str, strange: Any
) -> None:
    put(server, stream, 1)
    plain = dict(row(server, stream, 1))
    for name in set(plain) - {"user", "folder", "isDraft"}:
        server.state.stream(stream)[SAMPLES.key(stream, 1)] = {**plain, name: strange}
        found = [record for page in pages(connect(server), stream) for record in page.records]
        assert len(found) == 1, name
