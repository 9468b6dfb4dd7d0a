"""Writing over real sockets: ETags, CSRF tokens, batches, and errors that quote nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk import Change, Fault
from hub.sdk.odata import BatchCall, ODataConnector, Query, Service, Target
from hub.sdk.odata.batch import pack, unpack
from hub.sdk.odata.client import ODataClient
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.rest import RestClient
from tests.unit.sdk.odata.served import PEOPLE, V2, V4, connector, person, service

STREAM = replace(PEOPLE, version="Number")
both = pytest.mark.parametrize("one", [V4, V2], ids=["4", "2"])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def serve(stack: ExitStack, one: Service) -> ODataStandIn:
    return stack.enter_context(service([person(n) for n in range(1, 5)], one))


def change(number: int = 2, **fields: Any) -> Change:
    return Change(
        stream="people",
        key=f"P{number:02}",
        fields=fields or {"Phone": "2"},
        expected_version=str(number),
        idempotency_key="k",
    )


def patches(standin: ODataStandIn) -> int:
    return sum(count for name, count in standin.requests.items() if name.startswith("PATCH"))


@both
def test_a_change_is_made_once(stack: ExitStack, one: Service) -> None:
    standin = serve(stack, one)
    target = connector(standin, STREAM, one)
    assert target.write(change()) == target.write(change())
    assert patches(standin) == 1
    assert standin.state.stream("people")["P02"]["Phone"] == "2"
    found = target.fetch("people", "P02")
    assert found is not None
    assert (found.data["Phone"], found.version) == ("2", "5")


@both
def test_a_newer_version_is_never_overwritten(stack: ExitStack, one: Service) -> None:
    standin = serve(stack, one)
    target = connector(standin, STREAM, one)
    target.write(change())
    with pytest.raises(ConflictError):
        target.write(change(Phone="3"))
    assert patches(standin) == 1


@both
def test_a_change_between_look_and_write_is_a_conflict(stack: ExitStack, one: Service) -> None:
    standin = serve(stack, one)
    client = ODataClient(RestClient(standin.url, system="x"), standin.url, one)
    with pytest.raises(ConflictError):
        client.update("People('P01')", {"Phone": "9"}, etag='W/"old"')
    assert standin.state.stream("people")["P01"]["Phone"] == "1"


@both
def test_what_is_gone_is_a_conflict_and_never_created(stack: ExitStack, one: Service) -> None:
    standin = serve(stack, one)
    target = connector(standin, STREAM, one)
    del standin.state.stream("people")["P02"]
    with pytest.raises(ConflictError):
        target.write(change())
    assert target.fetch("people", "P02") is None
    assert target.fetch("people", "x' or 1 eq 1") is None


def test_fields_that_are_not_declared_are_refused(stack: ExitStack) -> None:
    standin = serve(stack, V4)
    with pytest.raises(RejectedError):
        connector(standin, STREAM).write(change(Id="P09"))
    assert standin.requests == {}


def test_the_csrf_token_is_renewed_once(stack: ExitStack) -> None:
    standin = serve(stack, V2)
    target = connector(standin, STREAM, V2)
    target.write(change())
    standin.expire_csrf()
    target.write(replace(change(3), fields={"Phone": "7"}))
    assert standin.state.stream("people")["P03"]["Phone"] == "7"
    assert standin.requests["GET /v2/"] == 2
    required = {"x-csrf-token": "Required"}
    standin.fail(Fault(kind="status", status=403, method="PATCH", headers=required, times=2))
    with pytest.raises(AuthenticationError):
        target.write(change(4))


def test_a_lost_answer_leaves_the_outcome_unknown_and_is_found_done(stack: ExitStack) -> None:
    standin = serve(stack, V4)
    target = connector(standin, STREAM)
    standin.fail(Fault(kind="drop", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        target.write(change())
    assert target.write(change()).version == "5"
    assert patches(standin) == 1


def test_fields_of_two_entities_are_not_written_by_halves(stack: ExitStack) -> None:
    standin = serve(stack, V4)
    stream = replace(STREAM, write=("Phone", "Mail"), service=V4)
    rest = RestClient(standin.url, system="sample")
    other = {("people", "Mail"): lambda _record: Target("People('P04')", "Phone")}
    target = ODataConnector(rest, standin.url, streams=[stream], targets=other)
    with pytest.raises(RejectedError):
        target.write(change(Phone="5", Mail="5"))
    target.write(change(Mail="5"))
    assert standin.state.stream("people")["P04"]["Phone"] == "5"


def test_an_error_shows_the_code_and_not_the_message(stack: ExitStack) -> None:
    standin = serve(stack, V4)
    client = connector(standin).client(replace(PEOPLE, service=V4))
    with pytest.raises(SourceSchemaError) as refused:
        client.query(Query("People", {"$filter": "Secret eq eq 'swordfish'"}))
    assert "BadRequest" in str(refused.value)
    assert "swordfish" not in str(refused.value)
    assert "An error occurred" not in str(refused.value)


@both
@pytest.mark.parametrize("json", [False, True], ids=["mixed", "json"])
def test_a_batch_reads_in_one_request(stack: ExitStack, one: Service, json: bool) -> None:
    standin = serve(stack, one)
    client = connector(standin, one=one).client(replace(PEOPLE, service=one))
    paths = ("People('P01')", "People?$top=2", "People('P77')")
    calls = [BatchCall(path=path) for path in paths]
    answers = client.batch(calls, json=json)
    assert [answer.status for answer in answers] == [200, 200, 404]
    assert b"P01" in answers[0].content
    assert sum(standin.requests.values()) == 1 + one.csrf


@both
def test_a_change_set_is_done_whole_or_not_at_all(stack: ExitStack, one: Service) -> None:
    standin = serve(stack, one)
    client = connector(standin, one=one).client(replace(PEOPLE, service=one))
    fresh = {"if-match": "*"}
    good = BatchCall(path="People('P01')", method="PATCH", body={"Phone": "8"}, headers=fresh)
    bad = replace(good, path="People('P02')", headers={"if-match": 'W/"old"'})
    assert [answer.status for answer in client.batch([good, bad])] == [412, 412]
    assert standin.state.stream("people")["P01"]["Phone"] == "1"
    answers = client.batch([good, replace(bad, headers=fresh)])
    assert [answer.status for answer in answers] == [204, 204]
    assert standin.state.stream("people")["P01"]["Phone"] == "8"


def test_a_service_without_batches_refuses_a_read_as_a_read(stack: ExitStack) -> None:
    standin = serve(stack, V4)
    client = connector(standin).client(replace(PEOPLE, service=V4))
    standin.fail(Fault(kind="status", status=400, path="$batch", times=2))
    with pytest.raises(SourceSchemaError):
        client.batch([BatchCall(path="People")])
    with pytest.raises(RejectedError):
        client.batch([BatchCall(path="People('P01')", method="PATCH", body={})])


@pytest.mark.parametrize("content", [b"", b"--x\r\n", b"--x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"])
def test_a_broken_batch_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(content, "multipart/mixed; boundary=x")


def test_a_batch_can_not_be_ended_early() -> None:
    with pytest.raises(ValueError):
        pack([BatchCall(path="People HTTP/1.1\r\nX: y")])
    with pytest.raises(ValueError):
        pack([BatchCall(path="People"), BatchCall(path="People", method="PATCH")])
