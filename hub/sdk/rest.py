"""REST transport: one session, bounded retries for reads, and errors that say what to do next.

Reads are repeated on transient faults. A write is repeated only where the system surely did not do
it, or where the caller says that twice is as good as once; else it ends in OutcomeUnknownError
(law 8). Requests go to the base URL's own host and to hosts that the policy names, nowhere else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import urljoin

import orjson
import requests
from pydantic import JsonValue
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from hub.errors import (
    AuthenticationError,
    ConfigError,
    HubError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
    TransientSourceError,
)
from hub.sdk.auth.base import Auth, AuthCall, NoAuth
from hub.sdk.breaker import Breaker
from hub.sdk.faults import Situation, explain_break, explain_status, innermost
from hub.sdk.hosts import AddressRule, allowed_origins, origin
from hub.sdk.limits import RestPolicy, read_body, retrying
from hub.sdk.overrides import policy_in_effect
from hub.sdk.sockets import CheckedAdapter

Params = Mapping[str, str | int | list[str]]

_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": "customer-hub",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class SendOptions(TypedDict, total=False):
    """What :meth:`RestClient.send` takes by name.

    ``idempotent``: repeating it does no harm, so transient faults are retried. ``reading``: it
    changes nothing at all (a search by POST) and has a read's retries and errors. A ``content``
    that is a function is made anew for each try.
    """

    json: JsonValue
    content: bytes | Callable[[], bytes]
    params: Params
    headers: Mapping[str, str]
    stream: str
    idempotent: bool
    reading: bool


@dataclass(frozen=True, slots=True)
class RestResponse:
    """One complete answer; ``headers`` finds names in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    system: str
    stream: str = ""
    method: str = "GET"
    reading: bool = True

    def json(self) -> Any:
        """The parsed body, or the error that says why it is none; never the payload."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            # The parser's error holds the whole document, so it is not chained (law 10).
            raise self._explain_content() from None

    def _explain_content(self) -> HubError:
        text = self.content.strip()
        if text[:1] in (b"{", b"[") and text[-1:] != {b"{": b"}", b"[": b"]"}[text[:1]]:
            message = f"an answer broke off after {len(self.content)} bytes; read it again"
            return SourceUnavailableError(message, system=self.system, stream=self.stream)
        kind = self.headers.get("content-type", "no content type").partition(";")[0]
        message = (
            f"the answer (status {self.status}, {kind}) is not JSON; "
            "check that the base URL leads to the API and not to a login page or a gateway"
        )
        return SourceSchemaError(message, system=self.system, stream=self.stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    url: str
    situation: Situation
    params: Params | None = None
    body: bytes | Callable[[], bytes] | Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    missing_ok: bool = False


class RestClient:
    """Talks to one system over one pooled session; ``system`` names it in errors.

    A path is appended to the base URL; an absolute URL (a next page) is taken as it is and must
    lead to an allowed host. Certificates are always verified. Proxies and certificate bundles of
    the environment count, .netrc does not: credentials come from the connection alone.
    """

    def __init__(
        self,
        base_url: str,
        *,
        system: str,
        auth: Auth | None = None,
        policy: RestPolicy | None = None,
    ) -> None:
        self.system = system
        self._base = base_url.rstrip("/")
        self._auth = auth or NoAuth()
        self._policy = policy_in_effect(policy)
        urls = [base_url]
        if self._auth.token_url:
            urls.append(self._url(self._auth.token_url))
        self._origins = allowed_origins(urls, self._policy.allowed_hosts, system)
        rule = AddressRule(self._origins, self._policy.resolve)
        self._session = _open_session(base_url, self._policy, rule)
        self._retrying = retrying(self._policy)
        self._breaker = Breaker(self._policy, system=system)

    def get(
        self,
        path_or_url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        stream: str = "",
        missing_ok: bool = False,
    ) -> RestResponse:
        """Read, repeating transient faults; a 404 comes back only where ``missing_ok``."""
        call = _Call(
            url=self._url(path_or_url),
            situation=self._situation("GET", {"stream": stream, "reading": True}),
            params=params,
            headers=headers or {},
            missing_ok=missing_ok,
        )
        return self._retrying(self._guarded, call)

    def send(self, method: str, path: str, **options: Unpack[SendOptions]) -> RestResponse:
        """Write; only what surely was not done, or is safe to do twice, is repeated."""
        headers = dict(options.get("headers") or {})
        body: bytes | Callable[[], bytes] | None = options.get("content")
        if "json" in options:
            body = orjson.dumps(options["json"])
            headers.setdefault("content-type", "application/json")
        call = _Call(
            url=self._url(path),
            situation=self._situation(method, options),
            params=options.get("params"),
            body=body,
            headers=headers,
        )
        return self._retrying(self._guarded, call)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def resolve(self, path: str, reference: str) -> str:
        """A link that an answer of ``path`` gave, as a whole URL (RFC 3986 section 5)."""
        whole = urljoin(self._url(path), reference)
        if not whole.startswith(("http://", "https://")):
            message = "an answer links to what is no web address; it is not followed"
            raise SourceSchemaError(message, system=self.system)
        return whole

    def _url(self, path_or_url: str) -> str:
        if path_or_url.startswith(("http://", "https://")):
            return path_or_url
        return f"{self._base}/{path_or_url.lstrip('/')}"

    def _situation(self, method: str, options: SendOptions) -> Situation:
        reading = options.get("reading", False)
        return Situation(
            system=self.system,
            stream=options.get("stream", ""),
            method=method,
            reading=reading,
            repeatable=reading or options.get("idempotent", False),
        )

    def _guarded(self, call: _Call) -> RestResponse:
        return self._breaker.call(self._attempt, call)

    def _attempt(self, call: _Call) -> RestResponse:
        """One try, with one renewal of the credentials; the error's type decides on another."""
        self._wait_for_budget()
        proof = self._auth.headers(self._ask)
        answer, error = self._judged(call, proof)
        if error and _is_stale(answer, error) and self._auth.renew(proof):
            answer, error = self._judged(call, self._auth.headers(self._ask))
        if error:
            raise error
        return answer

    def _judged(
        self, call: _Call, proof: Mapping[str, str]
    ) -> tuple[RestResponse, HubError | None]:
        """The answer, and the error that it stands for if it is none to work with."""
        answer = self._exchange(call, proof)
        if answer.status < 400:
            inspect = self._policy.inspect
            return answer, inspect(answer) if inspect else None
        if answer.status == 404 and call.missing_ok:
            return answer, None
        return answer, self._explain(answer, call)

    def _wait_for_budget(self) -> None:
        if self._policy.budget and (wait := self._policy.budget.reserve()):
            self._policy.sleep(wait)

    def _explain(self, answer: RestResponse, call: _Call) -> HubError:
        vendor = self._policy.explain(answer) if self._policy.explain else None
        error = vendor or explain_status(answer.status, answer.headers, call.situation)
        assert error is not None
        return error

    def _ask(self, wanted: AuthCall) -> RestResponse:
        """For :class:`Auth`; asking for a token twice does no harm."""
        situation = self._situation("POST", {"reading": True})
        headers, body = dict(wanted.headers), wanted.form
        content: bytes | Mapping[str, str] | None = body
        if body is None and wanted.json is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(wanted.json)
        url = self._url(wanted.url)
        call = _Call(url=url, situation=situation, body=content, headers=headers)
        answer = self._exchange(call, {})
        if answer.status == 429 or answer.status >= 500:
            raise self._explain(answer, call)
        judged = self._policy.inspect(answer) if self._policy.inspect else None
        if isinstance(judged, TransientSourceError):  # too busy for a login, said with status 200
            raise judged
        return answer

    def _exchange(self, call: _Call, proof: Mapping[str, str]) -> RestResponse:
        url, params, method = call.url, call.params, call.situation.method
        for _ in range(self._policy.max_redirects + 1):
            headers = {**call.headers, **proof}
            body = call.body() if callable(call.body) else call.body
            request = requests.Request(method, url, params=params, data=body, headers=headers)
            prepared = self._prepare(request, call)
            answer = self._transfer(prepared, call)
            if answer.status not in _REDIRECTS:
                return answer
            url, params = self._redirect(answer, prepared.url or "", call), None
        message = "redirected too often; check the base URL"
        raise SourceSchemaError(message, system=self.system, stream=call.situation.stream)

    def _redirect(self, answer: RestResponse, url: str, call: _Call) -> str:
        target = answer.headers.get("location")
        method = call.situation.method
        if target and call.situation.reading and method != "POST":
            return urljoin(url, target)
        message = (
            f"status {answer.status}: a redirected {method} is not followed; use the final URL"
        )
        if call.situation.reading:
            raise SourceSchemaError(message, system=self.system, stream=call.situation.stream)
        raise RejectedError(f"{self.system}: {message}")

    def _prepare(self, request: requests.Request, call: _Call) -> requests.PreparedRequest:
        """Checks the prepared URL, which is the one that the connection is opened by."""
        place = {"system": self.system, "stream": call.situation.stream}
        try:
            prepared = self._session.prepare_request(request)
        except (requests.RequestException, UnicodeError) as error:
            kind = type(error).__name__
            raise SourceSchemaError(
                f"no valid request ({kind}); nothing was sent", **place
            ) from None
        if origin(prepared.url or "") not in self._origins:
            message = (
                "the system points to a host that this connection does not allow; nothing was "
                "sent there. If it is right, add it to the allowed hosts"
            )
            raise SourceSchemaError(message, **place)
        return prepared

    def _transfer(self, prepared: requests.PreparedRequest, call: _Call) -> RestResponse:
        deadline = time.monotonic() + self._policy.total_timeout
        status, stream = 0, call.situation.stream
        adapter = self._session.get_adapter(prepared.url or "")
        try:
            # The adapter and not the session, which would read a redirect's body without a cap.
            with adapter.send(
                prepared,
                stream=True,
                timeout=(self._policy.connect_timeout, self._policy.read_timeout),
                verify=self._session.verify or True,
                proxies=self._session.proxies,
            ) as answer:
                status = answer.status_code
                content = read_body(
                    answer.raw, self._policy, deadline=deadline, system=self.system, stream=stream
                )
                return RestResponse(
                    status,
                    answer.headers,
                    content,
                    self.system,
                    stream,
                    call.situation.method,
                    call.situation.reading,
                )
        except (requests.RequestException, HTTPError, SourceError) as error:
            broken = explain_break(error, call.situation, status)
            if broken is error:
                raise
            raise broken from innermost(error)


def _is_stale(answer: RestResponse, error: HubError) -> bool:
    """Whether fresh credentials may help: a permission (403) does not come with a new token."""
    return isinstance(error, AuthenticationError) and answer.status not in (403, 407)


def _check_bundle(path: str | Path | None) -> str | bool:
    """What requests takes as ``verify``: the file, or True for the authorities it comes with."""
    if path and not os.path.exists(path):  # noqa: PTH110  # a file or a folder, as OpenSSL takes both
        raise ConfigError(f"the CA bundle {path} is not there; correct the path")
    return str(path) if path else True


def _open_session(base_url: str, policy: RestPolicy, rule: AddressRule) -> requests.Session:
    session = requests.Session()
    proxies = get_environ_proxies(base_url, no_proxy=None)
    bundles = (os.environ.get(name) for name in _CA_VARIABLES)
    session.trust_env = False  # would read .netrc, and the environment anew for each request
    session.proxies.update(proxies)
    session.verify = _check_bundle(policy.ca_bundle or next(filter(None, bundles), None))
    session.headers.clear()
    session.headers.update(_HEADERS)
    for prefix in ("https://", "http://"):
        adapter = CheckedAdapter(rule, pool_connections=4, pool_maxsize=8, max_retries=0)
        session.mount(prefix, adapter)
    return session
