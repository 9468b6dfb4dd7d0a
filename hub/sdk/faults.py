"""What a broken connection or a refusing answer means, as the error that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Final

import requests
from urllib3.exceptions import NewConnectionError

from hub.errors import (
    AuthenticationError,
    ConflictError,
    HubError,
    OutcomeUnknownError,
    PermanentSourceError,
    RateLimitedError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.limits import parse_retry_after
from hub.sdk.sockets import HostRefusedError

_OVERLOADED: Final = frozenset({408, 425, 500, 502, 503, 504})
_DENIED: Final = {
    401: "refuses the credentials; check them",
    403: "denies this user the permission; check what the user may do",
    407: "the proxy refuses the credentials; check the proxy's address",
}
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What was under way: ``reading`` changes nothing, ``repeatable`` may be done twice."""

    system: str
    stream: str
    method: str
    reading: bool
    repeatable: bool


def explain_break(error: Exception, situation: Situation, status: int) -> HubError:
    """The error for a connection that failed; ``status`` is 0 where no answer had begun."""
    if not situation.repeatable and not _never_sent(error):
        return OutcomeUnknownError(
            f"{situation.system}: the connection broke after the {situation.method} was sent; "
            "look at the target before sending it again"
        )
    if isinstance(error, SourceError):
        return error
    place = {"system": situation.system, "stream": situation.stream}
    if isinstance(innermost(error), HostRefusedError):
        return SourceSchemaError(
            "the host stands for an address that this connection may not reach (of this machine, "
            "or it moved into our own network); nothing was sent there. If that is meant, name "
            "the address itself in the settings",
            **place,
        )
    if isinstance(innermost(error), SSLCertVerificationError):
        return PermanentSourceError(
            "the server's certificate is not trusted; check host name and certificate, and name "
            "the company's own authority as CA bundle if it has one",
            **place,
        )
    cause = type(innermost(error)).__name__
    if _never_sent(error):
        what = "can't be reached: check the host and port of the connection, and the network"
    elif status:
        what = "the answer broke off in the middle; run it again"
    else:
        what = "gave no answer; run it again, or look at the system"
    return SourceUnavailableError(f"{what} ({cause})", **place)


def explain_status(
    status: int, headers: Mapping[str, str], situation: Situation
) -> HubError | None:
    """The error for an answer's status by the general rules; None below 400."""
    if status < 400:
        return None
    place = {"system": situation.system, "stream": situation.stream}
    pause = parse_retry_after(headers.get("retry-after"))
    if status == 429 or (status == 503 and situation.repeatable and pause is not None):
        return RateLimitedError(f"status {status}: asks to wait", retry_after=pause, **place)
    if status in _DENIED:
        return AuthenticationError(f"status {status}: {_DENIED[status]}", **place)
    return _refused_read(status, place) if situation.reading else _refused_write(status, situation)


def _refused_read(status: int, place: dict[str, str]) -> HubError:
    if status in _OVERLOADED:
        return SourceUnavailableError(f"status {status}: the system has trouble", **place)
    hint = "check base URL and API version" if status in _GONE else "the query is not understood"
    return SourceSchemaError(f"status {status}: {hint}", **place)


def _refused_write(status: int, situation: Situation) -> HubError:
    where = f"{situation.system}: status {status} in answer to {situation.method}"
    if status in _OVERLOADED:
        if situation.repeatable:
            return SourceUnavailableError(f"status {status}", system=situation.system)
        return OutcomeUnknownError(f"{where}: look at the target before sending it again")
    if status in _GONE:
        return ConflictError(f"{where}: the record is gone")
    if status in (409, 412, 428):
        return ConflictError(f"{where}: the record changed meanwhile; nothing was written")
    return RejectedError(f"{where}: the system refuses the change; correct it before repeating")


def _never_sent(error: Exception) -> bool:
    """Whether no byte of the request can have reached the system."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    return isinstance(innermost(error), NewConnectionError | SSLCertVerificationError)


def innermost(error: BaseException) -> BaseException:
    """The first cause: the wrappers of requests and urllib3 say the URL, which must not leak."""
    inside = (getattr(error, "reason", None), *error.args)
    causes = [cause for cause in inside if isinstance(cause, BaseException)]
    return innermost(causes[0]) if causes else error
