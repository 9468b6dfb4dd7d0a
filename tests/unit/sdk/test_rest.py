"""The REST transport against a real socket that misbehaves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from hub.errors import (
    AuthenticationError,
    ConfigError,
    ConflictError,
    HubError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient
from hub.sdk.standin import Fault, HttpStandIn, Request, Response, StandInState


class Server(HttpStandIn):
    """Answers with what was sent, and remembers it."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.sleeps: list[float] = []
        self.scripted: dict[str, Response] = {}
        super().__init__(StandInState({}), self._echo)

    def _echo(self, request: Request) -> Response:
        self.seen.append(request)
        return self.scripted.get(request.path, Response(200, {"items": [1, 2, 3], "ok": True}))

    def client(self, **policy: Any) -> RestClient:
        settings = RestPolicy(sleep=self.sleeps.append, **policy)
        return RestClient(self.url, system="sfa", policy=settings)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def test_reads_json_with_parameters_and_headers(server: Server) -> None:
    answer = server.client().get("/a", params={"q": "x y"}, headers={"x-trace": "1"})
    assert answer.json() == {"items": [1, 2, 3], "ok": True}
    assert answer.headers["Content-Type"] == "application/json"
    assert server.seen[0].query == "q=x+y"
    assert server.seen[0].headers["x-trace"] == "1"


def test_keeps_a_path_of_the_base_url(server: Server) -> None:
    RestClient(f"{server.url}/hub/rest/", system="erp").get("/model/party")
    assert server.seen[0].path == "/hub/rest/model/party"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500),
        Fault(kind="status", status=502),
        Fault(kind="status", status=503),
        Fault(kind="status", status=504),
        Fault(kind="truncate"),
        Fault(kind="reset"),
        Fault(kind="drop"),
    ],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
def test_a_read_outlives_a_transient_fault(server: Server, fault: Fault) -> None:
    server.fail(fault)
    assert server.client().get("/a").json()["ok"] is True
    assert server.requests["GET /a"] == 2
    assert len(server.sleeps) == 1


def test_retries_are_bounded_and_spread(server: Server) -> None:
    server.fail(Fault(kind="status", status=503, times=99))
    with pytest.raises(SourceUnavailableError, match=r"sfa/people: status 503"):
        server.client(attempts=4, backoff=1.0, max_backoff=2.0).get("/a", stream="people")
    assert server.requests["GET /a"] == 4
    assert [wait <= top for wait, top in zip(server.sleeps, (1, 2, 2), strict=True)] == [True] * 3


def test_a_lasting_truncation_is_unavailable_not_half_an_answer(server: Server) -> None:
    server.fail(Fault(kind="truncate", times=99))
    with pytest.raises(SourceUnavailableError, match="broke off"):
        server.client(attempts=2).get("/a")


def test_waits_as_long_as_retry_after_says(server: Server) -> None:
    server.fail(Fault(kind="status", status=429, headers={"retry-after": "7"}))
    server.client().get("/a")
    assert 7 <= server.sleeps[0] <= 8


def test_a_longer_pause_than_allowed_goes_to_the_scheduler(server: Server) -> None:
    server.fail(Fault(kind="status", status=429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimitedError) as caught:
        server.client().get("/a")
    assert caught.value.retry_after == 3600
    assert server.sleeps == []


def test_an_html_page_is_a_schema_error_without_its_text(server: Server) -> None:
    server.fail(Fault(kind="not_json"))
    answer = server.client().get("/a", stream="people")
    with pytest.raises(SourceSchemaError, match=r"sfa/people: .*text/html\) is not JSON") as caught:
        answer.json()
    assert "gateway<" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((400, SourceSchemaError), (401, AuthenticationError), (403, AuthenticationError)),
        *((404, SourceSchemaError), (410, SourceSchemaError), (422, SourceSchemaError)),
    ],
)
def test_a_refused_read_is_not_repeated(server: Server, status: int, error: type[HubError]) -> None:
    server.fail(Fault(kind="status", status=status, times=9))
    with pytest.raises(error):
        server.client().get("/a")
    assert server.requests["GET /a"] == 1


def test_a_missing_record_may_be_an_answer(server: Server) -> None:
    server.fail(Fault(kind="status", status=404))
    assert server.client().get("/a", missing_ok=True).status == 404


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((400, RejectedError), (404, ConflictError), (409, ConflictError), (412, ConflictError)),
        *((422, RejectedError), (500, OutcomeUnknownError), (503, OutcomeUnknownError)),
    ],
)
def test_a_refused_write_is_not_repeated(
    server: Server, status: int, error: type[HubError]
) -> None:
    server.fail(Fault(kind="status", status=status, times=9))
    with pytest.raises(error):
        server.client().send("PATCH", "/a", json={"phone": "1"})
    assert server.requests["PATCH /a"] == 1


@pytest.mark.parametrize("kind", ["drop", "reset", "truncate"])
def test_a_write_without_an_answer_has_an_unknown_outcome(server: Server, kind: str) -> None:
    server.fail(Fault(kind=kind, times=9))
    with pytest.raises(OutcomeUnknownError, match="look at the target"):
        server.client().send("POST", "/a", json={"phone": "1"})
    assert server.requests["POST /a"] == 1


def test_an_idempotent_write_is_repeated(server: Server) -> None:
    server.fail(Fault(kind="drop"))
    assert server.client().send("PUT", "/a", json={}, idempotent=True).status == 200
    assert server.requests["PUT /a"] == 2


def test_a_write_that_was_asked_to_wait_was_not_done_and_is_repeated(server: Server) -> None:
    server.fail(Fault(kind="status", status=429, headers={"retry-after": "0"}))
    assert server.client().send("POST", "/a", json={"x": 1}).status == 200
    assert server.seen[-1].body == b'{"x":1}'


def test_a_search_by_post_has_the_errors_of_a_read(server: Server) -> None:
    server.fail(Fault(kind="status", status=400))
    with pytest.raises(SourceSchemaError):
        server.client().send("POST", "/search", json={}, reading=True)


def test_a_refused_connection_never_sent_the_write() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        policy = RestPolicy(sleep=lambda _: None, attempts=2)
        with pytest.raises(SourceUnavailableError, match=r"can.t be reached"):
            RestClient(url, system="sfa", policy=policy).send("POST", "/a", json={})


def test_a_timeout_of_a_read_is_unavailable_and_of_a_write_unknown(server: Server) -> None:
    server.fail(Fault(kind="delay", seconds=0.5, times=2))
    client = server.client(read_timeout=0.1, attempts=1)
    with pytest.raises(SourceUnavailableError):
        client.get("/a")
    with pytest.raises(OutcomeUnknownError):
        client.send("POST", "/a", json={})


def test_follows_a_redirect_of_its_own_host(server: Server) -> None:
    server.scripted["/old"] = Response(302, "", {"location": "/new?x=1"})
    assert server.client().get("/old", params={"y": 2}).status == 200
    assert [(seen.path, seen.query) for seen in server.seen] == [("/old", "y=2"), ("/new", "x=1")]


def test_a_redirected_search_keeps_its_method_and_body(server: Server) -> None:
    server.scripted["/.well-known/carddav"] = Response(301, "", {"location": "/dav/"})
    server.client().send("PROPFIND", "/.well-known/carddav", content=b"<x/>", reading=True)
    seen = server.seen[-1]
    assert (seen.method, seen.path, seen.body) == ("PROPFIND", "/dav/", b"<x/>")


@pytest.mark.parametrize(
    "target",
    [
        *("http://evil.example/a", "http://127.0.0.1:1/a", "https://127.0.0.1/a"),
        *("http://127.0.0.1@evil.example/", "//evil.example/a"),
    ],
)
def test_goes_to_no_other_host(server: Server, target: str) -> None:
    server.scripted["/old"] = Response(307, "", {"location": target})
    with pytest.raises(SourceSchemaError, match="does not allow"):
        server.client().get("/old")
    if target.startswith("http"):
        with pytest.raises(SourceSchemaError, match="does not allow"):
            server.client().get(target)


def test_goes_to_another_host_that_is_allowed(server: Server) -> None:
    other = Server()
    client = server.client(allowed_hosts=(other.url.removeprefix("http://"),))
    assert client.get(f"{other.url}/next").status == 200
    other.stop()


def test_redirects_do_not_go_round_for_ever(server: Server) -> None:
    server.scripted["/loop"] = Response(302, "", {"location": "/loop"})
    with pytest.raises(SourceSchemaError, match="redirected too often"):
        server.client(max_redirects=3).get("/loop")
    assert server.requests["GET /loop"] == 4


def test_a_redirected_write_is_refused(server: Server) -> None:
    server.scripted["/old"] = Response(302, "", {"location": "/new"})
    with pytest.raises(RejectedError, match="not followed"):
        server.client().send("POST", "/old", json={})


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "a.example",
        "http://u:p@a.example",
        "http://",
        "http://[",
        "http://a.example:x",
    ],
)
def test_refuses_a_base_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL") as caught:
        RestClient(url, system="sfa")
    assert "u:p" not in str(caught.value)


def test_an_allowed_host_or_token_url_that_is_none_opens_no_door() -> None:
    with pytest.raises(ConfigError, match="allowed host"):
        RestClient("https://a.example", system="sfa", policy=RestPolicy(allowed_hosts=("u@b",)))
    auth = ClientCredentials("https://u@b.example/token", "app", SecretStr("x"))
    with pytest.raises(ConfigError, match="token URL"):
        RestClient("https://a.example", system="sfa", auth=auth)


def test_the_vendor_may_explain_its_own_errors(server: Server) -> None:
    server.fail(Fault(kind="status", status=403))
    client = server.client(explain=lambda answer: RateLimitedError("limit", system=answer.system))
    assert client.get("/a").status == 200
    assert server.requests["GET /a"] == 2
