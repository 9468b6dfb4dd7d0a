"""A provider of OpenID Connect over a socket, strict where the standard is, with faults to choose.

Authorization endpoint, token endpoint with PKCE (S256) and client_secret_basic, codes that are good
once, RS256 tokens, JWKS, userinfo: OpenID Connect Core 1.0, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "hub", "a secret of the tests, long enough for HS256"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class StandInProvider:
    """``claims`` are those of who signs in; ``fault`` names what it does wrong."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "Anna Muster"})
    more: dict[str, Any] | None = None
    fault: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        base = self.issuer
        found = {
            "issuer": "https://evil.example" if self.fault == "other issuer" else base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        if self.fault == "no TLS":
            found["token_endpoint"] = "http://idp.example/token"
        return found | ({"userinfo_endpoint": f"{base}/userinfo"} if self.more else {})

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, once somebody has signed in."""
        self.asked.append(query)
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        if self.fault == "iss of another":
            answer["iss"] = "https://evil.example"
        if self.fault == "refused":
            answer = {"error": "access_denied", "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        user, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
        if (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "access",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self._id_token(asked["nonce"]),
        }

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + 60, "nonce": nonce}
        claims = {"iss": self.issuer, "aud": CLIENT, **times, **self.claims}
        wrong: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "of another sign-in"},
            "issuer": {"iss": "https://evil.example"},
            "audience": {"aud": "another-program"},
            "expired": {"exp": now - 3600, "iat": now - 7200},
            "azp": {"aud": [CLIENT, "other"], "azp": "other"},
        }
        claims |= wrong.get(self.fault, {})
        if self.fault == "no subject":
            del claims["sub"]
        if self.fault == "unsigned":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "1"})
        if self.fault == "signed by the secret":
            return jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "1"})
        key = _OTHER if self.fault == "strange key" else _KEY
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})


class _Handler(BaseHTTPRequestHandler):
    provider: StandInProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        provider = self.provider
        if parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", provider.authorize(query))
            self.end_headers()
        elif parts.path == "/jwks":
            key = json.loads(RSAAlgorithm.to_jwk(_KEY.public_key()))
            self._say(200, {"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]})
        elif parts.path == "/userinfo":
            assert self.headers["Authorization"] == "Bearer access"
            self._say(200, provider.more)
        else:
            self._say(200, provider.discovery())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._say(*self.provider.token(form, self.headers.get("Authorization", "")))

    def _say(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Tests are silent."""


@contextmanager
def providing() -> Iterator[StandInProvider]:
    """The provider, on a free port."""
    provider = StandInProvider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
