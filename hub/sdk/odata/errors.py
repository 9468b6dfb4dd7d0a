"""What the error of a service means: its code, never its message, which may quote a record.

Both versions answer ``{"error": {"code", "message"}}`` (OData JSON Format 4.01, section 21.1;
version 2 wraps the message once more).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import orjson

from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    HubError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk.rest import RestResponse

_CHANGED: Final = frozenset({409, 412, 428})


class CsrfRefusedError(AuthenticationError):
    """The token is none any more: a sign within this package, which fetches another one."""


def error_code(content: bytes) -> str:
    """The error's code, cut down to what may stand in a message; '' where there is none."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    found = body.get("error") if isinstance(body, dict) else None
    code: Any = found.get("code") if isinstance(found, dict) else None
    text = code if isinstance(code, str) else ""
    return "".join(one for one in text if one.isalnum() or one in "._-/")[:80]


def explain_with(expired: Collection[str] = ()) -> Callable[[RestResponse], HubError | None]:
    """How a client reads errors; ``expired`` are the vendor's codes for a delta token too old."""

    def explain(answer: RestResponse) -> HubError | None:
        code = error_code(answer.content)
        place = {"system": answer.system, "stream": answer.stream}
        if answer.method == "GET" and (answer.status == 410 or (code and code in expired)):
            message = "the service no longer honours the delta link; read in full"
            return CursorExpiredError(f"{answer.system}/{answer.stream}: {message}")
        if answer.status == 403 and _wants_token(answer):
            message = "the service refuses the CSRF token; check that cookies pass the gateway"
            return CsrfRefusedError(message, **place)
        return _by_code(answer, code) if code else None

    return explain


def _by_code(answer: RestResponse, code: str) -> HubError | None:
    """The general rules with the code in the message; None leaves it to them alone."""
    where = f"{answer.system}/{answer.stream}: {code}"
    if answer.method == "GET":
        if answer.status in (400, 404):
            message = f"status {answer.status}, {code}: the service does not understand the request"
            return SourceSchemaError(message, system=answer.system, stream=answer.stream)
        return None
    if answer.status in _CHANGED:
        return ConflictError(f"{where}: the record changed meanwhile; nothing was written")
    if answer.status in (400, 422):
        return RejectedError(f"{where}: the service refuses the change; correct it")
    return None


def _wants_token(answer: RestResponse) -> bool:
    """SAP Gateway: ``X-CSRF-Token: Required`` (help.sap.com, "CSRF Protection")."""
    return answer.headers.get("x-csrf-token", "").lower() == "required"
