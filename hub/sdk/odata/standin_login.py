"""The token endpoint of a stand-in: OAuth2 client credentials, as Microsoft Entra grants them."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Final
from urllib.parse import parse_qsl

from pydantic import JsonValue

from hub.sdk.standin import Request, Response

CLIENT_ID: Final = "standin-client"
CLIENT_SECRET: Final = "standin-secret"  # noqa: S105  # of a server that listens on loopback only
LIFETIME_SECONDS: Final = 3599


class TokenDesk:
    """Grants tokens to one client and knows them again; ``expire`` ends them all."""

    def __init__(self, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET) -> None:
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._tokens: set[str] = set()

    def expire(self) -> None:
        """End all tokens, as their lifetime does."""
        self._tokens.clear()

    def grant(self, request: Request) -> Response:
        """Answer a request for a token (RFC 6749, sections 4.4 and 5)."""
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != "client_credentials":
            return Response(400, {"error": "unsupported_grant_type"})
        pair = f"{self._client['client_id']}:{self._client['client_secret']}"
        basic = f"Basic {b64encode(pair.encode()).decode()}"
        named = {name: form.get(name, "") for name in self._client}
        if named != self._client and request.headers.get("authorization") != basic:
            return Response(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        grant: dict[str, JsonValue] = {"token_type": "Bearer", "access_token": token}
        return Response(200, {**grant, "expires_in": LIFETIME_SECONDS})

    def admits(self, request: Request) -> bool:
        """Whether the request shows a token of this desk."""
        proof = request.headers.get("authorization", "")
        return proof.removeprefix("Bearer ") in self._tokens
