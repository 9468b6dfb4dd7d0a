"""A change must come from our own pages: it shows the token of its session, and its origin.

The token is an HMAC of the session's id, so that it fits no other session and nothing is stored
(OWASP, Cross-Site Request Forgery Prevention: signed double submit, custom header, origin).
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf_token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def token(key: bytes, session: str) -> str:
    """The token that a session's pages send along."""
    return hmac.digest(key, b"csrf\0" + session.encode(), "sha256").hex()


async def check(request: Request, *, key: bytes, session: str | None) -> None:
    """403 for a change that a strange page may have sent; without a session none can."""
    if request.method in _SAFE or session is None:
        return
    check_origin(request)
    if not hmac.compare_digest(await _shown(request), token(key, session)):
        raise HTTPException(403, "the page is older than the session: load it again")


def check_origin(request: Request) -> None:
    """403 for what a browser says to come from another site (Fetch Metadata, RFC 6454)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and not _ours(request, origin)
    if site not in ("same-origin", "none") or foreign:
        raise HTTPException(403, "the request comes from another site")


def _ours(request: Request, origin: str) -> bool:
    """The host counts, not the scheme: a proxy may have taken TLS off."""
    public = request.app.state.hub.work.config.web.url
    hosts = {request.headers.get("host", "")} | ({urlsplit(public).netloc} if public else set())
    return urlsplit(origin).netloc in hosts - {""}


async def _shown(request: Request) -> str:
    shown = request.headers.get(HEADER)
    if shown is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(FIELD)
        shown = field if isinstance(field, str) else None
    return (shown or "").encode("ascii", "replace").decode()
