"""The JMAP toolkit against a scripted server: session, errors, hosts, limits, and reading on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    HubError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.auth import BasicAuth, BearerAuth
from hub.sdk.jmap import CORE, MAIL, Call, JmapClient, reference
from hub.sdk.jmapsync import Batch, Wanted, read_batches
from hub.sdk.limits import RestPolicy
from hub.sdk.standin import Request, Response

Answer = dict[str, Any]
POLICY = RestPolicy(attempts=3, backoff=0.0, sleep=lambda _: None)
WANTED = Wanted(kind="Email", stream="message", get={"properties": ["id", "receivedAt"]}, batch=2)


def session(**changed: Any) -> Answer:
    return {
        "capabilities": {CORE: {"maxCallsInRequest": 3, "maxObjectsInGet": 2}, MAIL: {}},
        "accounts": {
            name: {"accountCapabilities": {MAIL: {}}, "name": "x"} for name in ("a1", "a2")
        },
        "primaryAccounts": {MAIL: "a1"},
        "username": "anna",
        "apiUrl": "/api",
        "downloadUrl": "/blobs/{accountId}/{blobId}/{name}?accept={type}",
        "state": "1",
        **changed,
    }


class Server(HttpStandIn):
    """Answers each method by what ``script`` says, one after the other; the last one stays."""

    def __init__(self) -> None:
        super().__init__(StandInState({}), self.respond_to)
        self.session: Any = session()
        self.script: list[Callable[[str, Answer], Answer] | Response] = []
        self.calls: list[tuple[str, Answer]] = []
        self.session_state = "1"

    @property
    def config(self) -> dict[str, Any]:
        return {"base_url": self.url}

    def respond_to(self, request: Request) -> Response:
        if request.path in ("/.well-known/jmap", "/my/session"):
            return Response(200, self.session)
        if request.path.startswith("/blobs/"):
            return Response(200, f"{request.path}?{request.query}", {"content-type": "x/y"})
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step if isinstance(step, Response) else self._run(request, step)

    def _run(self, request: Request, step: Callable[[str, Answer], Answer]) -> Response:
        answers: list[Any] = []
        for name, given, mark in orjson.loads(request.body)["methodCalls"]:
            self.calls.append((name, given))
            content = step(name, given)
            answers.append(["error" if "type" in content else name, content, mark])
        found: Any = {"methodResponses": answers, "sessionState": self.session_state}
        return Response(200, found)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.script = [lambda name, _: {"made": name}]
    yield running
    running.stop()


def client(server: Server, path: str = "", **changed: Any) -> JmapClient:
    auth = changed.pop("auth", BasicAuth("anna", SecretStr("canary")))
    policy = changed.pop("policy", POLICY)
    return JmapClient(server.url + path, system="mail", auth=auth, policy=policy, **changed)


@pytest.mark.parametrize("path", ["", "/", "/my/session"])
def test_finds_the_session_and_the_account(server: Server, path: str) -> None:
    found = client(server, path).session()
    assert (found.account, found.username) == ("a1", "anna")
    assert (found.max_calls, found.max_objects) == (3, 2)
    assert found.api_url == f"{server.url}/api"
    assert client(server, account="a2").session().account == "a2"


@pytest.mark.parametrize(
    "changed",
    [
        {"primaryAccounts": {}},
        {"accounts": {}},
        {"accounts": {"a1": {"accountCapabilities": {CORE: {}}}}},
        {"apiUrl": None},
        {"apiUrl": 7},
    ],
)
def test_a_session_without_mail_is_explained(server: Server, changed: Answer) -> None:
    server.session = session(**changed)
    with pytest.raises(SourceSchemaError):
        client(server).session()


@pytest.mark.parametrize("content", ["<html>", "[]", "null", "7"])
def test_what_is_no_session_is_explained(server: Server, content: str) -> None:
    server.session = content
    with pytest.raises(SourceSchemaError):
        client(server).session()


@pytest.mark.parametrize("url", ["http://evil.example/api", "//127.0.0.1:1/api", "ftp://x/y"])
def test_goes_to_no_host_that_is_not_allowed(server: Server, url: str) -> None:
    server.session = session(apiUrl=url, downloadUrl=url)
    with pytest.raises(SourceSchemaError, match=r"not allow|lacks a URL"):
        client(server).call(Call("Email/get", {}))
    with pytest.raises(SourceSchemaError, match=r"not allow|lacks a URL"):
        client(server).download("b", name="n", kind="t/x")


def test_goes_to_another_host_that_is_allowed(server: Server) -> None:
    other = Server()
    other.script = [lambda name, _: {"made": name}]
    server.session = session(apiUrl=f"{other.url}/api")
    policy = RestPolicy(allowed_hosts=(other.url.removeprefix("http://"),))
    assert client(server, policy=policy).call(Call("Email/get", {})) == [{"made": "Email/get"}]
    other.stop()


def test_makes_calls_with_back_references(server: Server) -> None:
    query = Call("Email/query", {"limit": 1})
    get = Call("Email/get", {"#ids": reference(0, "Email/query", "/ids")})
    answers = client(server, auth=BearerAuth(SecretStr("t"))).call(query, get)
    assert answers == [{"made": "Email/query"}, {"made": "Email/get"}]
    assert server.calls == [
        ("Email/query", {"accountId": "a1", "limit": 1}),
        (
            "Email/get",
            {
                "accountId": "a1",
                "#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
            },
        ),
    ]


def test_makes_no_more_calls_than_the_server_takes(server: Server) -> None:
    with pytest.raises(SourceSchemaError, match="3 calls at once, not 4"):
        client(server).call(*[Call("Email/get", {})] * 4)
    assert server.calls == []


ERRORS: list[tuple[str, type[HubError]]] = [
    ("serverUnavailable", SourceUnavailableError),
    ("serverFail", SourceUnavailableError),
    ("serverPartialFail", SourceUnavailableError),
    ("unknownMethod", SourceSchemaError),
    ("invalidArguments", SourceSchemaError),
    ("invalidResultReference", SourceSchemaError),
    ("forbidden", AuthenticationError),
    ("accountNotFound", SourceSchemaError),
    ("accountNotSupportedByMethod", SourceSchemaError),
    ("accountReadOnly", SourceSchemaError),
    ("requestTooLarge", SourceSchemaError),
    ("cannotCalculateChanges", CursorExpiredError),
    ("tooManyChanges", CursorExpiredError),
    ("anchorNotFound", SourceSchemaError),
    ("rateLimit", RateLimitedError),
    ("of-the-vendor", SourceSchemaError),
]


@pytest.mark.parametrize(("kind", "expected"), ERRORS)
def test_a_method_error_becomes_ours(server: Server, kind: str, expected: type[HubError]) -> None:
    server.script = [lambda _name, _: {"type": kind, "description": "of karla@customer.example"}]
    with pytest.raises(expected) as caught:
        client(server).call(Call("Email/get", {}), stream="message")
    assert "karla" not in str(caught.value)


def test_what_is_unavailable_is_tried_again(server: Server) -> None:
    unavailable: Answer = {"type": "serverUnavailable"}
    server.script = [lambda _name, _: unavailable, lambda name, _: {"made": name}]
    assert client(server).call(Call("Email/get", {})) == [{"made": "Email/get"}]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({"type": "unknownCapability"}, SourceSchemaError),
        ({"type": "notRequest"}, SourceSchemaError),
        ({"type": "limit", "limit": "maxSizeRequest"}, SourceSchemaError),
        ({"type": "limit", "limit": "maxConcurrentRequests"}, RateLimitedError),
    ],
)
def test_a_request_error_becomes_ours(
    server: Server, problem: Answer, expected: type[HubError], status: int
) -> None:
    kind = f"urn:ietf:params:jmap:error:{problem['type']}"
    server.script = [Response(status, {**problem, "type": kind})]
    with pytest.raises(expected):
        client(server).call(Call("Email/get", {}))


@pytest.mark.parametrize("content", [{}, {"methodResponses": 3}, {"methodResponses": [[], 7]}, []])
def test_an_answer_that_is_none_is_explained(server: Server, content: Any) -> None:
    server.script = [Response(200, content)]
    with pytest.raises(SourceSchemaError):
        client(server).call(Call("Email/get", {}))


def test_a_state_that_is_not_understood_expires_the_cursor(server: Server) -> None:
    server.script = [lambda _n, _: {"type": "invalidArguments", "arguments": ["sinceState"]}]
    with pytest.raises(CursorExpiredError):
        client(server).call(Call("Email/changes", {"sinceState": "x"}))


def test_the_session_is_fetched_again_when_it_changed(server: Server) -> None:
    talking = client(server)
    talking.call(Call("Email/get", {}))
    server.session_state = "2"
    talking.call(Call("Email/get", {}))
    server.session = session(state="2", primaryAccounts={MAIL: "a2"})
    talking.call(Call("Email/get", {}))
    assert [given["accountId"] for _, given in server.calls] == ["a1", "a1", "a2"]


def test_downloads_by_the_template(server: Server) -> None:
    content = client(server).download("b/1", name="a b", kind="x/y;z")
    assert content == b"/blobs/a1/b%2F1/a%20b?accept=x%2Fy%3Bz"


def rows(*names: str) -> list[Answer]:
    return [{"id": name, "receivedAt": f"2026-01-01T00:00:0{name[-1]}Z"} for name in names]


def scripted(pages: dict[str, list[str]]) -> Callable[[str, Answer], Answer]:
    """A server whose list is given page by page, by anchor or by the time it goes on from."""
    seen: list[str] = []

    def step(name: str, given: Answer) -> Answer:
        if name == "Email/query":
            place = given.get("anchor") or given.get("filter", {}).get("after", "")
            if place not in pages:
                return {"type": "anchorNotFound"}
            seen[:] = pages[place]
            return {"ids": list(seen)}
        if name == "Email/changes":
            seen.clear()
            return {"newState": "s0", "hasMoreChanges": False, "created": [], "updated": []}
        return {"state": "s0", "list": rows(*seen)[::-1]}

    return step


def ids(batches: list[Batch]) -> list[str]:
    return [one["id"] for batch in batches for one in batch.objects]


def test_goes_on_by_time_where_the_anchor_is_gone(server: Server) -> None:
    at = "2026-01-01T00:00:02Z"
    server.script = [
        scripted({"": ["m1", "m2"], at: ["n2", "m3"], "m3": ["m4"], "m4": []}),
    ]
    batches = list(read_batches(client(server), WANTED, None))
    assert ids(batches) == ["m1", "m2", "n2", "m3", "m4"]
    assert batches[-1].cursor == {"account": "a1", "state": "s0"}


def test_a_server_that_knows_no_anchor_is_given_up(server: Server) -> None:
    server.script = [scripted({"": ["m2", "n2"], "2026-01-01T00:00:02Z": ["m2", "n2"]})]
    with pytest.raises(SourceUnavailableError):
        list(read_batches(client(server), WANTED, None))


def test_a_server_that_does_not_move_on_is_given_up(server: Server) -> None:
    server.script = [scripted({"": ["m1", "m2"], "m2": ["m1", "m2"]})]
    with pytest.raises(SourceSchemaError):
        list(read_batches(client(server), WANTED, None))


def test_changes_that_do_not_move_on_are_given_up(server: Server) -> None:
    more = {"newState": "s0", "hasMoreChanges": True, "list": []}
    server.script = [lambda _name, _given: more]
    with pytest.raises(SourceSchemaError):
        list(read_batches(client(server), WANTED, {"account": "a1", "state": "s0"}))


def test_a_page_is_no_larger_than_the_session_allows(server: Server) -> None:
    wide = Wanted(kind="Email", stream="message", get={}, batch=1000)
    server.script = [scripted({"": []})]
    list(read_batches(client(server), wide, None))
    asked = {name: given for name, given in server.calls if name != "Email/get"}
    assert (asked["Email/query"]["limit"], asked["Email/changes"]["maxChanges"]) == (2, 2)
