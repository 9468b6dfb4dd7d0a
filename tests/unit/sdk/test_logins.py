"""Rotating refresh tokens, signed assertions, sessions and keys, over a real socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from hub.errors import (
    AuthenticationError,
    CircuitOpenError,
    ConfigError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.auth import ApiKey, Auth, JwtBearer, MemoryTokens, RefreshToken, SessionLogin
from hub.sdk.limits import RestPolicy
from hub.sdk.quirks import error_in_body
from hub.sdk.rest import RestClient
from hub.sdk.standin import Request, Response

FIRST = SecretStr("refresh-0")
FORM: dict[str, str | SecretStr] = {"client_id": "app", "client_secret": SecretStr("s3cret")}


class Server(HttpStandIn):
    """Rotates refresh tokens, takes signed assertions, opens sessions; ``/a`` wants the newest."""

    def __init__(self) -> None:
        self.key: Any = None
        self.claims: dict[str, object] = {}
        self.refreshes = 0
        self.sessions = 0
        self.live = ""
        self.in_body = False
        self.busy = 0
        super().__init__(StandInState({}), self._serve)

    def _serve(self, request: Request) -> Response:
        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        if request.path == "/token":
            return self._refresh(form)
        if request.path == "/assert":
            return self._assertion(form)
        if request.path == "/login":
            return self._login(orjson.loads(request.body))
        given = request.headers.get("authorization", "") + request.headers.get("cookie", "")
        given += request.headers.get("x-key", "")
        if self.live and self.live in given:
            return Response(200, {"ok": True})
        return Response(200, {"code": "SESSION"}) if self.in_body else Response(401, {})

    def _refresh(self, form: dict[str, str]) -> Response:
        if form["refresh_token"] != f"refresh-{self.refreshes}":
            return Response(400, {"error": "invalid_grant", "error_description": "refresh-9"})
        self.refreshes += 1
        self.live = f"access-{self.refreshes}"
        fresh = {"access_token": self.live, "refresh_token": f"refresh-{self.refreshes}"}
        return Response(200, {**fresh, "expires_in": 3600})

    def _assertion(self, form: dict[str, str]) -> Response:
        found = form.get("assertion") or form["client_assertion"]
        self.claims = jwt.decode(
            found, self.key, algorithms=["RS256", "PS256", "ES256"], audience="aud"
        )
        self.live = "signed"
        return Response(200, {"access_token": self.live})

    def _login(self, body: dict[str, str]) -> Response:
        if self.busy:
            self.busy -= 1
            return Response(200, {"busy": 1})
        if body["password"] != "right":
            return Response(403, {"echo": body["password"]})
        self.sessions += 1
        self.live = f"session-{self.sessions}"
        return Response(
            200, {"data": {"sid": self.live}}, {"set-cookie": f"sid={self.live}; Path=/"}
        )

    def client(self, auth: Auth, **policy: object) -> RestClient:
        rules = RestPolicy(sleep=lambda _: None, **policy)  # type: ignore[arg-type]  # as given
        return RestClient(self.url, system="sfa", auth=auth, policy=rules)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def refreshing(tokens: MemoryTokens, first: SecretStr = FIRST) -> RefreshToken:
    return RefreshToken("/token", first, tokens=tokens, form=FORM)


def test_a_rotated_token_outlives_the_client(server: Server) -> None:
    tokens = MemoryTokens()
    for _ in range(3):
        assert server.client(refreshing(tokens)).get("a").json() == {"ok": True}
    assert server.refreshes == 1
    server.live = "revoked"
    assert server.client(refreshing(tokens)).get("a").json() == {"ok": True}
    assert server.refreshes == 2


def test_many_workers_refresh_once(server: Server) -> None:
    tokens = MemoryTokens()
    clients = [server.client(refreshing(tokens)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: client.get("a").json(), clients))
    assert answers == [{"ok": True}] * 8
    assert server.refreshes == 1


def test_a_new_token_in_the_settings_goes_before_the_stored_ones(server: Server) -> None:
    tokens = MemoryTokens()
    server.client(refreshing(tokens)).get("a")
    server.refreshes, server.live = 40, ""
    with pytest.raises(AuthenticationError):
        server.client(refreshing(tokens)).get("a")
    assert server.client(refreshing(tokens, SecretStr("refresh-40"))).get("a").status == 200


def test_a_dead_refresh_token_is_named_and_not_shown(server: Server) -> None:
    with pytest.raises(AuthenticationError, match=r"refresh token.*400, invalid_grant") as refused:
        server.client(refreshing(MemoryTokens(), SecretStr("refresh-7"))).get("a")
    assert "refresh-" not in str(refused.value)


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("key", "algorithm", "as_client"),
    [(RSA, "RS256", False), (RSA, "PS256", True), (CURVE, "ES256", True)],
)
def test_a_signed_assertion_buys_a_token(
    server: Server, key: rsa.RSAPrivateKey, algorithm: Any, as_client: bool
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    server.key = key.public_key()
    claims = {"iss": "app", "sub": "user", "aud": "aud"}
    auth = JwtBearer(
        "/assert",
        SecretStr(pem),
        claims=claims,
        algorithm=algorithm,
        as_client=as_client,
    )
    assert server.client(auth).get("a").json() == {"ok": True}
    assert server.claims["iss"] == "app"
    assert {"iat", "exp", "jti"} < set(server.claims)


def test_a_bad_private_key_is_a_wrong_setting_and_not_shown(server: Server) -> None:
    auth = JwtBearer("/assert", SecretStr("s3cret key"), claims={})
    with pytest.raises(ConfigError, match="no PEM key") as refused:
        server.client(auth).get("a")
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def session(password: str = "right", **options: object) -> SessionLogin:
    body = {"user": "hub", "password": SecretStr(password)}
    return SessionLogin("/login", body, **{"token": "data.sid", **options})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    "auth",
    [session(), session(token="cookie:sid"), session(send=("x-key", "sid {token}"))],
    ids=["bearer", "cookie", "header"],
)
def test_a_session_is_opened_once_and_renewed_when_it_is_over(server: Server, auth: Auth) -> None:
    client = server.client(auth)
    assert client.get("a").json() == client.get("a").json() == {"ok": True}
    assert server.sessions == 1
    server.live = "over"
    assert client.get("a").json() == {"ok": True}
    assert server.sessions == 2


def test_a_session_that_ends_with_status_200_is_renewed(server: Server) -> None:
    over = error_in_body("code", errors={"SESSION": AuthenticationError})
    client = server.client(session(), inspect=over)
    client.get("a")
    server.live, server.in_body = "over", True
    assert client.get("a").json() == {"ok": True}


def test_a_login_that_is_put_off_with_status_200_is_tried_again(server: Server) -> None:
    busy = error_in_body("busy", errors={"1": SourceUnavailableError})
    client = server.client(session(), inspect=busy)
    server.busy = 1
    assert client.get("a").json() == {"ok": True}
    assert server.requests["POST /login"] == 2


def test_a_page_in_place_of_a_login_is_no_refusal(server: Server) -> None:
    server.fail(Fault(kind="not_json"))
    with pytest.raises(SourceSchemaError, match="not JSON"):
        server.client(session(token="cookie:sid")).get("a")


def test_a_refused_login_shows_no_password(server: Server) -> None:
    with pytest.raises(AuthenticationError, match="403") as refused:
        server.client(session("wr0ng")).get("a")
    assert "wr0ng" not in str(refused.value)


def test_a_key_goes_into_its_header_and_never_into_the_url(server: Server) -> None:
    server.live = "k3y"
    assert server.client(ApiKey("x-key", SecretStr("k3y"))).get("a").status == 200


def test_the_circuit_opens_and_closes(server: Server) -> None:
    client = server.client(
        ApiKey("x-key", SecretStr("k")), attempts=2, break_after=4, break_pause=0.05
    )
    server.live = "k"
    server.fail(Fault(kind="reset", times=4))
    for _ in range(2):
        with pytest.raises(SourceUnavailableError):
            client.get("a")
    with pytest.raises(CircuitOpenError, match="not asked"):
        client.get("a")
    assert server.requests["GET /a"] == 4
    time.sleep(0.06)
    assert client.get("a").status == 200
