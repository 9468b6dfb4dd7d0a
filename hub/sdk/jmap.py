"""JMAP transport (RFC 8620): the session, method calls with back-references, errors, downloads.

Built on :class:`~hub.sdk.rest.RestClient`, whose retries, limits and allowed hosts hold here too:
the session may name other hosts for its URLs, and those are asked only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from pydantic import JsonValue

from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    HubError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth.base import Auth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient, RestResponse

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
WELL_KNOWN: Final = "/.well-known/jmap"

_PROBLEM: Final = "urn:ietf:params:jmap:error:"
_EXPIRED: Final = frozenset({"cannotCalculateChanges", "tooManyChanges"})
_PASSING: Final = frozenset({"serverUnavailable", "serverFail", "serverPartialFail"})
_ACCOUNT: Final = frozenset({"accountNotFound", "accountNotSupportedByMethod"})
_HINTS: Final[Mapping[str, str]] = {
    "accountNotFound": "set account to one that the session names",
    "accountNotSupportedByMethod": "set account to one that holds this kind of record",
    "requestTooLarge": "set a smaller page size",
    "unknownMethod": "the server lacks this part of JMAP",
}


class Call(NamedTuple):
    """One method call; the account is filled in."""

    method: str
    arguments: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Session:
    """What the session resource says (RFC 8620 section 2), for one kind of data and its account."""

    api_url: str
    download_url: str
    account: str
    username: str
    max_calls: int
    max_objects: int
    state: str


def reference(call: int, method: str, path: str) -> dict[str, JsonValue]:
    """A back-reference (RFC 8620 section 3.7) to what an earlier call of the same request gives.

    It stands under an argument's name with a ``#`` before it: ``{"#ids": reference(0, …)}``.
    """
    return {"resultOf": str(call), "name": method, "path": path}


class JmapClient:
    """Talks to one account of one JMAP server; ``capability`` names the kind of data.

    ``base_url`` is the server's address, whose session is then found at ``/.well-known/jmap``, or
    the address of the session itself, if it has a path. An ``account`` that is empty is the
    user's primary one.
    """

    def __init__(
        self,
        base_url: str,
        *,
        system: str,
        auth: Auth,
        capability: str = MAIL,
        account: str = "",
        policy: RestPolicy | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        has_path = parts.path.strip("/") or parts.query
        self.system = system
        self._session_url = base_url if has_path else base_url.rstrip("/") + WELL_KNOWN
        self._capability = capability
        self._account = account
        self._session: Session | None = None
        chosen = policy or RestPolicy()
        explain = chosen.explain or _explain_problem
        self._rest = RestClient(
            base_url,
            system=system,
            auth=auth,
            policy=replace(chosen, explain=explain, inspect=_inspect),
        )

    def session(self, stream: str = "") -> Session:
        """The session, fetched once, and again after the server says that it changed."""
        if self._session is None:
            answer = self._rest.get(self._session_url, stream=stream)
            self._session = self._read_session(answer)
        return self._session

    def call(
        self, *calls: Call, stream: str = "", accept: Collection[tuple[str, str]] = ()
    ) -> list[dict[str, Any]]:
        """Make the calls in one request, and give the arguments of each answer, in their order.

        The first method that failed raises its error (RFC 8620 section 3.6.2), unless ``accept``
        names it with the kind of error: then the answers before it come back.
        """
        session = self.session(stream)
        if len(calls) > session.max_calls:
            message = f"the server takes {session.max_calls} calls at once, not {len(calls)}"
            raise SourceSchemaError(message, system=self.system, stream=stream)
        request: JsonValue = {
            "using": [CORE, self._capability],
            "methodCalls": [
                [method, {"accountId": session.account, **arguments}, str(place)]
                for place, (method, arguments) in enumerate(calls)
            ],
        }
        answer = self._rest.send("POST", session.api_url, json=request, stream=stream, reading=True)
        content = _object(answer)
        if content.get("sessionState", session.state) != session.state:
            self._session = None
        return self._sort_out(calls, answer, accept)

    def download(self, blob: str, *, name: str, kind: str, stream: str = "") -> bytes:
        """A blob (RFC 8620 section 6.2); at most as large as the policy's ``max_body``."""
        session = self.session(stream)
        url = session.download_url
        values = {"accountId": session.account, "blobId": blob, "name": name, "type": kind}
        for variable, value in values.items():
            url = url.replace("{" + variable + "}", quote(value, safe=""))
        return self._rest.get(url, headers={"accept": "*/*"}, stream=stream).content

    def close(self) -> None:
        """Close the pooled connections."""
        self._rest.close()

    def _sort_out(
        self, calls: tuple[Call, ...], answer: RestResponse, accept: Collection[tuple[str, str]]
    ) -> list[dict[str, Any]]:
        found = _answers(answer)
        sorted_out: list[dict[str, Any]] = []
        for place, call in enumerate(calls):
            name, arguments = found.get(str(place), ("", {}))
            kind = str(arguments.get("type", ""))
            if name == "error" and (call.method, kind) in accept:
                break
            if name == "error":
                raise _explain_method(call.method, arguments, answer)
            if name != call.method:
                message = f"the answer lacks that to {call.method}; is this a JMAP server?"
                raise SourceSchemaError(message, system=self.system, stream=answer.stream)
            sorted_out.append(arguments)
        return sorted_out

    def _read_session(self, answer: RestResponse) -> Session:
        content = _object(answer)
        core = _table(_table(content.get("capabilities")).get(CORE))
        primary = _table(content.get("primaryAccounts")).get(self._capability)
        account = self._account or str(primary or "")
        offered = _table(_table(content.get("accounts")).get(account))
        if self._capability not in _table(offered.get("accountCapabilities")):
            message = (
                f"the session has no account with {self._capability}; check base URL, account, "
                "and what the user or token may do"
            )
            raise SourceSchemaError(message, system=self.system, stream=answer.stream)
        return Session(
            api_url=self._absolute(content.get("apiUrl")),
            download_url=self._absolute(content.get("downloadUrl")),
            account=account,
            username=str(content.get("username", "")),
            max_calls=_limit(core.get("maxCallsInRequest"), usual=16),
            max_objects=_limit(core.get("maxObjectsInGet"), usual=500),
            state=str(content.get("state", "")),
        )

    def _absolute(self, url: object) -> str:
        """A URL of the session; some servers (Cyrus) give it without their own host."""
        absolute = urljoin(self._session_url, url) if isinstance(url, str) and url else ""
        if not absolute.startswith(("http://", "https://")):
            message = "the session lacks a URL; check that the base URL leads to JMAP"
            raise SourceSchemaError(message, system=self.system)
        return absolute


def _object(answer: RestResponse) -> dict[str, Any]:
    content = answer.json()
    if isinstance(content, dict):
        return content
    message = "the answer is no JMAP object; check that the base URL leads to JMAP"
    raise SourceSchemaError(message, system=answer.system, stream=answer.stream)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _limit(value: object, *, usual: int) -> int:
    """A limit of the session; where it is missing, the least that the RFC suggests."""
    return max(value, 1) if isinstance(value, int) else usual


def _answers(answer: RestResponse) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name and arguments of the answer to each call; the first, where a call has several."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    responses = _object(answer).get("methodResponses")
    for response in responses if isinstance(responses, list) else ():
        if isinstance(response, list) and len(response) == 3 and isinstance(response[1], dict):
            found.setdefault(str(response[2]), (str(response[0]), response[1]))
    return found


def _inspect(answer: RestResponse) -> HubError | None:
    """Errors in an answer of status 200 that the transport should know of: it tries them again."""
    problem = _explain_problem(answer)
    if problem is not None or b"serverUnavailable" not in answer.content:
        return problem
    for name, arguments in _answers(answer).values():
        if name == "error" and arguments.get("type") == "serverUnavailable":
            return _explain_method("a method", arguments, answer)
    return None


def _explain_problem(answer: RestResponse) -> HubError | None:
    """Request-level errors (RFC 8620 section 3.6.1); Cyrus sends them with status 200."""
    place = {"system": answer.system, "stream": answer.stream}
    if _PROBLEM.encode() not in answer.content:
        return None
    problem = _object(answer)
    kind = str(problem.get("type", ""))
    if not kind.startswith(_PROBLEM):
        return None
    label = kind.removeprefix(_PROBLEM)
    if label != "limit":
        return SourceSchemaError(f"the server refuses the request as {label!r}", **place)
    limit = str(problem.get("limit", ""))
    if limit.startswith("maxConcurrent"):
        return RateLimitedError(
            "the server has too many requests at once", system=answer.system, stream=answer.stream
        )
    return SourceSchemaError(f"the request exceeds {limit!r}; set a smaller page size", **place)


def _explain_method(method: str, error: Mapping[str, Any], answer: RestResponse) -> HubError:
    """The error for a method's own (RFC 8620 section 3.6.2); its description may hold payload."""
    place = {"system": answer.system, "stream": answer.stream}
    kind = str(error.get("type", ""))[:80]
    if kind in _EXPIRED or _refuses_state(method, error):
        return CursorExpiredError(
            f"{answer.system}/{answer.stream}: the server no longer knows what changed since the "
            "cursor; it has to be read anew"
        )
    if kind in _PASSING:
        return SourceUnavailableError(f"{method} failed ({kind}); run it again later", **place)
    if kind == "rateLimit":
        return RateLimitedError(
            f"{method}: the server asks to wait", system=answer.system, stream=answer.stream
        )
    if kind == "forbidden":
        return AuthenticationError(f"{method} is forbidden; check what the user may do", **place)
    hint = _HINTS.get(kind, "the server does not take this call")
    return SourceSchemaError(f"{method} is refused ({kind}); {hint}", **place)


def _refuses_state(method: str, error: Mapping[str, Any]) -> bool:
    """Whether the state itself is what the server does not understand, as another server's."""
    if error.get("type") != "invalidArguments" or not method.endswith("/changes"):
        return False
    named = error.get("arguments")
    described = str(error.get("description", ""))
    return (isinstance(named, list) and "sinceState" in named) or "sinceState" in described
