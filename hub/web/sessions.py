"""The session of a browser: a signed cookie that says who signed in, until when it holds.

Nothing is stored; those who sign out are remembered by this process until their session would
have ended.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE: Final = "hub_session"


class Sessions:
    """Begins, reads and ends sessions; each has an id of its own under ``id``."""

    def __init__(self, key: bytes, *, hours: float, secure: bool = False) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="hub session")
        self._seconds = int(hours * 3600)
        self._secure = secure
        self._ended: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, response: Response, request: Request, content: Mapping[str, Any]) -> None:
        """Give the browser a session, never one that it brought."""
        session = {**content, "id": secrets.token_urlsafe(24)}
        self.put(response, request, (COOKIE, self._signer.dumps(session)), self._seconds)

    def put(
        self, response: Response, request: Request, cookie: tuple[str, str], seconds: int
    ) -> None:
        """A cookie of ours: no script sees it, and other sites' pages don't send it along."""
        name, value = cookie
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=_path(request),
            secure=self._secure or request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def read(self, request: Request) -> dict[str, Any] | None:
        """The session that a request belongs to; None where it is not ours, too old, or ended."""
        try:
            found = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=self._seconds)
        except BadData:
            return None
        with self._lock:
            ended = found["id"] in self._ended
        return None if ended else dict(found)

    def end(self, response: Response, request: Request) -> None:
        """End the request's session, here and in the browser."""
        found, now = self.read(request), time.monotonic()
        with self._lock:
            self._ended = {id_: until for id_, until in self._ended.items() if until > now}
            if found is not None:
                self._ended[found["id"]] = now + self._seconds
        response.delete_cookie(COOKIE, path=_path(request))


def _path(request: Request) -> str:
    return request.scope.get("root_path") or "/"
