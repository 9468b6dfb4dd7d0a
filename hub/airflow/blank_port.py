"""Lets Airflow's Test button work on connections without a port.

The UI of Airflow 3.3.2 sends 0 for a port that is empty, and its API takes that for another place
than the stored one: it answers 400 instead of testing (https://github.com/apache/airflow/pull/73298
mends it). So a test of a connection of ours has an empty port put back before Airflow reads it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TEST: Final = "/api/v2/connections/test"
_OURS: Final = "hub_"
_MOST_BYTES: Final = 100_000
"""No form of ours is as long; what is longer is passed on as it came."""


class BlankPort:
    """A middleware around Airflow's API, which touches that one request alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(_TEST):
            receive = await _mended(receive)
        await self._app(scope, receive, send)


async def _mended(receive: Receive) -> Receive:
    """The same body with no port where it says 0; what was read is given out again."""
    read: list[Message] = []
    body, more = b"", True
    while more and len(body) < _MOST_BYTES:
        message = await receive()
        read.append(message)
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    mended = None if more or len(body) > _MOST_BYTES else without_port(body)
    if mended is not None:
        read = [{"type": "http.request", "body": mended, "more_body": False}]

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return again


def without_port(body: bytes) -> bytes | None:
    """A test's body without its port 0; None where nothing is to be mended."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not str(found.get("conn_type")).startswith(_OURS):
        return None
    return orjson.dumps({**found, "port": None}) if found.get("port") == 0 else None
