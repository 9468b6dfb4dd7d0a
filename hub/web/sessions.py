"""The session of a browser: a signed cookie that says who signed in, until when it holds.

Nothing of it is stored. Those who sign out are remembered by the store until their session would
have ended, so that every process that serves knows it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from hub.store.database import Engine, reading, writing
from hub.store.sessions import end_session, has_ended

COOKIE: Final = "hub_session"


class Sessions:
    """Begins, reads and ends sessions; each has an id of its own under ``id``."""

    def __init__(self, engine: Engine, key: bytes, *, hours: float, secure: bool = False) -> None:
        self._engine = engine
        self._signer = URLSafeTimedSerializer(key, salt="hub session")
        self._seconds = int(hours * 3600)
        self._secure = secure

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
        with reading(self._engine) as db:
            ended = has_ended(db, _mark(found))
        return None if ended else dict(found)

    def end(self, response: Response, request: Request) -> None:
        """End the request's session, here and in the browser."""
        found, now = self.read(request), datetime.now(UTC)
        if found is not None:
            with writing(self._engine) as db:
                until = now + timedelta(seconds=self._seconds)
                end_session(db, _mark(found), until=until, now=now)
        response.delete_cookie(COOKIE, path=_path(request))


def _mark(session: Mapping[str, Any]) -> str:
    return blake2b(str(session["id"]).encode(), digest_size=16).hexdigest()


def _path(request: Request) -> str:
    return request.scope.get("root_path") or "/"
