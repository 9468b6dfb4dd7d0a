"""Declared writes and quirks, over a real socket: once, under the lock, in the system's form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk import Capability, Change, Fault, HttpStandIn, New, StandInState, jsonrpc
from hub.sdk.limits import RestPolicy
from hub.sdk.quirks import (
    any_of,
    duplicate_in_body,
    empty_text_is_null,
    epoch_seconds,
    error_in_body,
    false_is_null,
    html_entities,
)
from hub.sdk.resource import RestConnector, RestStandIn, RestStream, RestWrite, Since, Times
from hub.sdk.rest import RestClient, RestResponse
from hub.sdk.standin import Request, Response

Row = dict[str, Any]
TIME = "2026-01-31T12:00:00.000000Z"


class Desk(HttpStandIn):
    """``/people/ID`` with entity tags, ``/people`` for new ones, ``/rpc`` for JSON-RPC."""

    def __init__(self) -> None:
        self.people: dict[str, Row] = {
            "1": {"id": 1, "at": TIME, "phone": "1", "address": {"city": "Bonn"}}
        }
        self.seen: list[Request] = []
        super().__init__(StandInState({}), self._serve)

    def _serve(self, request: Request) -> Response:
        self.seen.append(request)
        if request.path == "/rpc":
            return self._rpc(orjson.loads(request.body))
        key = request.path.removeprefix("/people").strip("/")
        if request.method == "POST":
            return self._create(orjson.loads(request.body))
        row = self.people.get(key)
        if row is None:
            return Response(404, {"error": "gone"})
        tag = f'"{row["at"]}"'
        if request.method == "PATCH":
            if request.headers.get("if-match") not in (None, tag):
                return Response(412, {})
            row |= {**orjson.loads(request.body)["person"], "at": TIME.replace("12:", "13:")}
        return Response(200, {"person": row}, {"etag": tag})

    def _create(self, body: Row) -> Response:
        for key, row in self.people.items():
            if row["phone"] == body["person"]["phone"]:
                return Response(409, {"existing": {"id": key}})
        made = {"id": len(self.people) + 1, "at": TIME, **body["person"]}
        self.people[str(made["id"])] = made
        return Response(201, {"person": made})

    def _rpc(self, call: Row) -> Response:
        head = {"jsonrpc": "2.0", "id": call["id"]}
        if call["method"] == "expired":
            return Response(200, {**head, "error": {"code": 100, "message": "Session expired"}})
        habits = {"city": "a &amp; b", "mail": False, "on": False, "t": 0, "x": ""}
        rows: list[Any] = [{"id": n, **habits} for n in range(1, 4)][call["params"]["offset"] :]
        return Response(200, {**head, "result": {"records": rows}})

    def connector(self, stream: RestStream, **policy: Any) -> RestConnector:
        rules = RestPolicy(sleep=lambda _: None, attempts=2, **policy)
        return RestConnector(RestClient(self.url, system="desk", policy=rules), [stream])


PERSON = RestStream(
    name="person",
    entities=("party",),
    path="people",
    version="at",
    fetch="people/{key}",
    row="person",
    write=RestWrite(path="people/{key}", wrap="person", lock="etag", create="people"),
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    running = Desk()
    yield running
    running.stop()


def change(fields: Row, *, key: str = "1", version: str | None = TIME) -> Change:
    return Change(
        stream="person", key=key, fields=fields, expected_version=version, idempotency_key="k-1"
    )


def test_capabilities_follow_from_the_declaration() -> None:
    declared = PERSON.declared()
    assert declared.capabilities == {
        Capability.FULL, Capability.WRITE, Capability.OPTIMISTIC_LOCK,
    }  # fmt: skip
    assert declared.cursor is None


def test_a_write_sends_what_changes_under_the_lock_and_once(desk: Desk) -> None:
    connector = desk.connector(PERSON)
    receipt = connector.write(change({"phone": "2"}))
    assert receipt.version == TIME.replace("12:", "13:")
    sent = [request for request in desk.seen if request.method == "PATCH"]
    assert orjson.loads(sent[0].body) == {"person": {"phone": "2"}}
    assert sent[0].headers["if-match"] == f'"{TIME}"'
    assert connector.write(change({"phone": "2"})) == receipt
    assert desk.requests["PATCH /people/1"] == 1


def test_dotted_names_are_nested(desk: Desk) -> None:
    desk.connector(PERSON).write(change({"address.city": "Köln"}))
    assert desk.people["1"]["address"] == {"city": "Köln"}


def test_a_newer_record_is_not_overwritten(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="was changed"):
        desk.connector(PERSON).write(change({"phone": "2"}, version="2025-01-01T00:00:00.000000Z"))
    assert desk.people["1"]["phone"] == "1"


def test_a_record_that_is_gone_is_a_conflict(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="gone"):
        desk.connector(PERSON).write(change({"phone": "2"}, key="../1"))
    assert desk.connector(PERSON).fetch("person", "7") is None


def test_a_write_without_an_answer_is_not_repeated(desk: Desk) -> None:
    desk.fail(Fault(kind="drop", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        desk.connector(PERSON).write(change({"phone": "2"}))
    assert desk.requests["PATCH /people/1"] == 1


def test_a_write_with_an_idempotency_key_is_repeated_under_it(desk: Desk) -> None:
    keyed = RestStream(
        name="person", entities=("party",), path="people", fetch="people/{key}", row="person",
        write=RestWrite(path="people/{key}", wrap="person", idempotency="idempotency-key"),
    )  # fmt: skip
    desk.fail(Fault(kind="drop", method="PATCH"))
    desk.connector(keyed).write(change({"phone": "2"}, version=None))
    sent = [r.headers["idempotency-key"] for r in desk.seen if r.method == "PATCH"]
    assert sent == ["k-1", "k-1"]


def test_what_is_there_already_is_the_receipt(desk: Desk) -> None:
    connector = desk.connector(PERSON, explain=duplicate_in_body("existing.id"))
    new = New(stream="person", fields={"phone": "9"}, external_key="k")
    assert connector.create(new).key == "2"
    assert connector.create(new).key == "2"
    assert set(desk.people) == {"1", "2"}


def test_a_stream_that_declares_no_write_refuses_one(desk: Desk) -> None:
    plain = RestStream(name="person", entities=("party",), path="people")
    with pytest.raises(RejectedError, match="can't be written"):
        desk.connector(plain).write(change({"phone": "2"}))


def rpc_stream(method: str) -> RestStream:
    return RestStream(
        name="partner",
        entities=("party",),
        path="rpc",
        rows="result.records",
        body=jsonrpc.call(method, lambda values: {"offset": values.get("offset", 0)}),
        quirks=(
            false_is_null(keep=("on",)),
            html_entities("city"),
            epoch_seconds("t"),
            empty_text_is_null(),
        ),
    )


def test_json_rpc_rows_lose_the_habits_of_their_wire(desk: Desk) -> None:
    connector = desk.connector(rpc_stream("search"), inspect=jsonrpc.errors())
    (page,) = connector.read("partner", None)
    assert [record.key for record in page.records] == ["1", "2", "3"]
    assert page.records[0].data == {
        "id": 1, "city": "a & b", "mail": None, "on": False, "t": "1970-01-01T00:00:00Z", "x": None,
    }  # fmt: skip


def test_an_error_with_status_200_is_the_error_it_stands_for(desk: Desk) -> None:
    over = jsonrpc.errors({"100": AuthenticationError})
    with pytest.raises(AuthenticationError, match="error 100"):
        list(desk.connector(rpc_stream("expired"), inspect=over).read("partner", None))
    both = any_of(error_in_body("fault"), jsonrpc.errors())
    with pytest.raises(SourceSchemaError, match="error 100"):
        list(desk.connector(rpc_stream("expired"), inspect=both).read("partner", None))


def test_an_error_that_says_that_a_record_is_not_there(desk: Desk) -> None:
    gone = jsonrpc.errors(missing=("100",))
    call = jsonrpc.call("expired", lambda key: {"no": key})
    single = replace(rpc_stream("expired"), fetch_body=call, row="result")
    assert desk.connector(single, inspect=gone).fetch("partner", "9") is None
    with pytest.raises(SourceSchemaError, match="no list"):  # a list is never missing
        list(desk.connector(single, inspect=gone).read("partner", None))


def test_a_write_to_what_is_gone_by_then_is_a_conflict() -> None:
    answer = RestResponse(200, {}, b'{"error": {"code": 9}}', "erp", "partner", "POST", False)
    assert isinstance(jsonrpc.errors(missing=("9",))(answer), ConflictError)
    assert isinstance(jsonrpc.errors()(answer), RejectedError)


def test_an_answer_without_the_list_is_refused(desk: Desk) -> None:
    lost = RestStream(name="person", entities=("party",), path="people/1", rows="persons")
    with pytest.raises(SourceSchemaError, match="no list at 'persons'"):
        list(desk.connector(lost).read("person", None))


def test_rows_without_key_or_time_are_unreadable_and_the_others_go_on(desk: Desk) -> None:
    desk.people["list"] = {"at": TIME, "rows": [{"id": 1, "at": TIME}, {"at": TIME}, 7,
                                                {"id": 3, "at": "soon"}, {"id": True}]}  # fmt: skip
    listed = RestStream(
        name="person", entities=("party",), path="people/list", rows="person.rows", version="at"
    )
    (page,) = desk.connector(listed).read("person", None)
    assert [record.key for record in page.records] == ["1"]
    assert [(item.key, item.reason) for item in page.unreadable] == [
        (None, "a record has no key"),
        (None, "a row of the list is no object"),
        ("3", "at can't be read"),
        (None, "a record has no key"),
    ]


BY_SECOND = RestStream(
    name="person",
    entities=("party",),
    path="people",
    changes=Since(param="since"),
    version="at",
    times=Times("%Y-%m-%d.%H:%M:%S"),
    fetch="people/{key}?fields=id,at",
    write=RestWrite(path="people/{key}?quiet=1", lock="etag"),
)


def test_a_stand_in_knows_paths_with_a_query_and_stamps_as_finely_as_times_are_written() -> None:
    state = StandInState({"person": {"1": {"id": 1, "at": "2026-01-31.12:00:00", "phone": "1"}}})
    standin = RestStandIn(state, [BY_SECOND], proof={}, settings={})
    client = RestClient(standin.url, system="people", policy=RestPolicy(attempts=1))
    connector = RestConnector(client, [BY_SECOND])
    stamps = set()
    for number in range(3):
        fields = {"phone": f"new {number}"}
        change = Change(
            stream="person", key="1", fields=fields, expected_version=None, idempotency_key="k"
        )
        stamps.add(connector.write(change).version)
    connector.close()
    standin.stop()
    assert len(stamps) == 3
