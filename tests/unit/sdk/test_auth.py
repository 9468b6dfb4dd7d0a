"""Credentials over a real socket: Basic, tokens, OAuth2 client credentials and their renewal."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from hub.errors import AuthenticationError, SourceSchemaError
from hub.sdk.auth import Auth, BasicAuth, BearerAuth, ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient
from hub.sdk.standin import Fault, HttpStandIn, Request, Response, StandInState

SECRET = SecretStr("s3cret-of-the-test")


class Server(HttpStandIn):
    """Accepts the newest token only."""

    def __init__(self) -> None:
        self.granted = 0
        self.expires_in = 3600
        self.seen: list[Request] = []
        super().__init__(StandInState({}), self._serve)

    def _serve(self, request: Request) -> Response:
        self.seen.append(request)
        if request.path == "/token":
            return self._grant(request)
        good = request.headers.get("authorization") == f"Bearer token-{self.granted}"
        return Response(200 if good else 401, {"ok": good})

    def _grant(self, request: Request) -> Response:
        if parse_qs(request.body.decode()).get("client_secret") != [SECRET.get_secret_value()]:
            return Response(400, {"error": "invalid_client"})
        self.granted += 1
        token = f"token-{self.granted}"
        return Response(200, {"access_token": token, "expires_in": self.expires_in})

    def client(self, auth: Auth | None = None) -> RestClient:
        auth = auth or ClientCredentials("/token", "app", SECRET)
        policy = RestPolicy(sleep=lambda _: None)
        return RestClient(self.url, system="sfa", auth=auth, policy=policy)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def test_basic_is_utf8(server: Server) -> None:
    with pytest.raises(AuthenticationError):
        server.client(BasicAuth("zoë", SECRET)).get("/a")
    scheme, _, value = server.seen[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(value).decode() == "zoë:s3cret-of-the-test"


def test_a_refused_fixed_token_is_asked_once(server: Server) -> None:
    with pytest.raises(AuthenticationError, match="401") as caught:
        server.client(BearerAuth(SECRET, scheme="token")).get("/a")
    assert server.seen[0].headers["authorization"] == "token s3cret-of-the-test"
    assert server.requests == {"GET /a": 1}
    assert "s3cret" not in str(caught.value)


def test_a_token_is_fetched_once_and_kept(server: Server) -> None:
    client = server.client()
    assert client.get("/a").json() == client.get("/a").json() == {"ok": True}
    assert server.granted == 1


def test_a_refused_token_is_renewed_in_mid_stream(server: Server) -> None:
    client = server.client()
    client.get("/a")
    server.granted += 1
    assert client.get("/a").json() == {"ok": True}
    assert client.send("PATCH", "/a", json={"x": 1}).json() == {"ok": True}


def test_an_expired_token_is_renewed_without_being_refused(server: Server) -> None:
    server.expires_in = 0
    client = server.client()
    client.get("/a")
    client.get("/a")
    assert server.granted == 2
    assert server.requests["GET /a"] == 2


def test_threads_refused_at_once_renew_once(server: Server) -> None:
    client = server.client()
    client.get("/a")
    server.granted += 1
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get("/a").status, range(16)))
    assert set(answers) == {200}
    assert server.granted == 3


def test_a_wrong_secret_says_so_without_saying_it(server: Server) -> None:
    auth = ClientCredentials("/token", "app", SecretStr("wrong-one"))
    with pytest.raises(AuthenticationError, match=r"sfa: the token endpoint refuses") as caught:
        server.client(auth).get("/a")
    assert "wrong-one" not in str(caught.value)
    assert "GET /a" not in server.requests


def test_a_token_endpoint_in_trouble_is_asked_again(server: Server) -> None:
    server.fail(Fault(kind="status", status=503, path="/token"))
    assert server.client().get("/a").status == 200


def test_an_answer_without_a_token_is_a_schema_error(server: Server) -> None:
    auth = ClientCredentials("/empty", "app", SECRET, send="basic", scope="read")
    server.state.records.clear()
    with pytest.raises((AuthenticationError, SourceSchemaError)):
        server.client(auth).get("/a")
    assert server.seen[0].body == b"grant_type=client_credentials&scope=read"


def test_a_token_host_of_its_own_is_allowed(server: Server) -> None:
    tokens = Server()
    server.granted = 1
    auth = ClientCredentials(f"{tokens.url}/token", "app", SECRET)
    assert server.client(auth).get("/a").json() == {"ok": True}
    tokens.stop()
