"""What every answer of the pages and the API tells a browser, and how much a request may bring."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1_000_000
SECONDS: Final = 30.0
"""How long a sender may take for a body."""
_OWN_LIMIT: Final = "/push/"
"""The receiver of webhooks has a limit of its own, in hub.toml."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""No script and no style inside a page: both come from files of ours (CSP level 3). Airflow shows
the pages in a frame of its own site."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_PRIVATE: Final = "no-store"
"""Answers hold personal data: no cache may keep them, unless a route says otherwise."""


class SecurityHeaders:
    """Adds them to every answer; refuses a body that is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message)
            await send(message)

        limited = not _path(scope).startswith(_OWN_LIMIT)
        body = _Body(receive) if limited else None
        if body is not None and body.announced(Headers(scope=scope)):
            await PlainTextResponse("too long", 413)(scope, receive, send_safe)
            return
        await self._app(scope, body or receive, send_safe)


class _Body:
    """A body that breaks off once it is too long or takes too long, as if the sender had gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0
        self._whole = False
        self._ends = asyncio.get_running_loop().time() + SECONDS

    def announced(self, headers: Headers) -> bool:
        """Whether its length is said to be more than is taken."""
        length = headers.get("content-length", "0")
        return not length.isdigit() or int(length) > MOST_BYTES

    async def __call__(self) -> MutableMapping[str, Any]:
        """The next piece; after the last one, that the sender has gone."""
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._ends):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self._seen += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message if self._seen <= MOST_BYTES else {"type": "http.disconnect"}


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path") or "")


def _add(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", _PRIVATE)
