"""Talks to the services of one system: queries, single entities, updates with ETag and CSRF token.

Paths are relative to the base URL of the connection; a service lies at a root below it. Next and
delta links go through :class:`RestClient`, which follows them to allowed hosts only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import JsonValue

from hub.errors import HubError, OutcomeUnknownError, RejectedError, SourceSchemaError
from hub.sdk.odata.answers import Answer, Entity, continuation, read_answer, read_entity
from hub.sdk.odata.batch import BatchAnswer, BatchCall, Envelope, pack, unpack
from hub.sdk.odata.edm import Version
from hub.sdk.odata.errors import CsrfRefusedError
from hub.sdk.odata.query import encode
from hub.sdk.rest import RestClient, RestResponse

_COOKIE: Final = re.compile(r",\s*(?=[^;,\s]+=)")
_HEADERS: Final[Mapping[Version, Mapping[str, str]]] = {
    Version.V2: {"accept": "application/json", "dataserviceversion": "2.0"},
    Version.V4: {"odata-version": "4.0", "odata-maxversion": "4.0"},
}


class Service(NamedTuple):
    """One service: its root below the base URL, and whether writes need a CSRF token."""

    root: str = ""
    version: Version = Version.V4
    csrf: bool = False


class Query(NamedTuple):
    """A query of one entity set: options by name, preferences, and the stream it is for."""

    resource: str
    options: Mapping[str, str]
    prefer: Sequence[str] = ()
    stream: str = ""


class ODataClient:
    """One service of one system; several may share one :class:`RestClient`."""

    def __init__(
        self,
        rest: RestClient,
        base_url: str,
        service: Service,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.version = service.version
        self._headers = {**_HEADERS[service.version], **(headers or {})}
        self._rest = rest
        self._service = service
        self._root = service.root.strip("/")
        self._base = "/".join(part for part in (base_url.rstrip("/"), self._root) if part)
        self._proof: Mapping[str, str] = {}
        self._lock = threading.Lock()

    def query(self, query: Query) -> Answer:
        """The first answer of a query, or all of it where it is short."""
        return self.follow(query, f"{query.resource}?{encode(query.options)}".rstrip("?"))

    def follow(self, query: Query, link: str) -> Answer:
        """The answer behind a link that :func:`continuation` made, with the query's preferences."""
        headers = {**self._headers}
        if query.prefer:
            headers["prefer"] = ",".join(query.prefer)
        answer = self._rest.get(self._url(link), headers=headers, stream=query.stream)
        found = read_answer(answer, self.version)
        return found._replace(
            next_link=self._kept(found.next_link, query.resource),
            delta_link=self._kept(found.delta_link, query.resource),
        )

    def count(self, resource: str, condition: str, *, stream: str = "") -> int:
        """How many entities meet a condition (OData 4.01 Part 2, 4.8; as in version 2)."""
        link = f"{resource}/$count?{encode({'$filter': condition})}".rstrip("?")
        headers = {**self._headers, "accept": "text/plain"}
        answer = self._rest.get(self._url(link), headers=headers, stream=stream)
        text = answer.content.decode("utf-8-sig", "replace").strip()
        if not text.isdecimal():
            message = "a count is no number; check the service's address"
            raise SourceSchemaError(message, system=self._rest.system, stream=stream)
        return int(text)

    def entity(self, path: str, options: Mapping[str, str], *, stream: str = "") -> Entity | None:
        """One entity by its key, or None where it is gone."""
        link = f"{path}?{encode(options)}".rstrip("?")
        answer = self._rest.get(
            self._url(link), headers=self._headers, stream=stream, missing_ok=True
        )
        return None if answer.status == 404 else read_entity(answer, self.version)

    def update(
        self, path: str, fields: Mapping[str, JsonValue], *, etag: str | None, stream: str = ""
    ) -> None:
        """Change fields of the entity whose ETag this is; ConflictError where it has another one.

        ``*`` stands for any version of it, so that a service that creates what it does not find
        (upsert) never does.
        """
        headers = {"if-match": etag or "*"}
        self._send("PATCH", path, {"json": dict(fields), "headers": headers, "stream": stream})

    def batch(
        self, calls: Sequence[BatchCall], *, json: bool = False, stream: str = ""
    ) -> list[BatchAnswer]:
        """Several calls in one request; the writes among them all succeed or all fail."""
        envelope = pack(calls, json=json)
        options: dict[str, Any] = {
            "content": envelope.body,
            "headers": {"content-type": envelope.content_type, "accept": envelope.accept},
            "stream": stream,
            "reading": not envelope.is_atomic,
        }
        try:
            answer = self._send("POST", "$batch", options)
        except RejectedError as error:
            if envelope.is_atomic:
                raise
            message = "the service refuses a batch; read one by one"
            raise SourceSchemaError(message, system=self._rest.system, stream=stream) from error
        try:
            found = unpack(answer.content, answer.headers.get("content-type", ""))
        except (KeyError, TypeError, ValueError) as error:
            raise self._unreadable(envelope, stream) from error
        if envelope.is_atomic and len(found) == 1:
            return found * len(calls)
        if len(found) != len(calls):
            raise self._unreadable(envelope, stream)
        return found

    def _unreadable(self, envelope: Envelope, stream: str) -> HubError:
        if envelope.is_atomic:
            message = "the answer to a change set is not understood; look at the target"
            return OutcomeUnknownError(f"{self._rest.system}: {message}")
        message = "the answer to a batch is not understood"
        return SourceSchemaError(message, system=self._rest.system, stream=stream)

    def _send(self, method: str, path: str, options: dict[str, Any]) -> RestResponse:
        """Once more with a fresh CSRF token where the service no longer knows the one it gave."""
        own = {**self._headers, **options["headers"]}
        for renew in (False, True):
            proof = self._csrf_proof(renew=renew) if self._service.csrf else {}
            try:
                return self._rest.send(
                    method, self._url(path), **{**options, "headers": {**own, **proof}}
                )
            except CsrfRefusedError:
                if renew or not self._service.csrf:
                    raise
        raise AssertionError("the second try returns or raises")

    def _csrf_proof(self, *, renew: bool) -> Mapping[str, str]:
        """The token with the cookies of its session; it is worth nothing without them."""
        with self._lock:
            if renew or not self._proof:
                headers = {**self._headers, "x-csrf-token": "Fetch"}
                answer = self._rest.get(self._url(""), headers=headers)
                self._proof = {
                    "x-csrf-token": answer.headers.get("x-csrf-token", ""),
                    "cookie": _cookies(answer.headers.get("set-cookie", "")),
                }
            return self._proof

    def _url(self, link: str) -> str:
        if link.startswith(("http://", "https://")):
            return link
        return f"{self._root}/{link}" if self._root else link

    def _kept(self, link: str, resource: str) -> str:
        return continuation(link, self._base, resource) if link else ""


def _cookies(header: str) -> str:
    """``name=value`` of each cookie; several headers arrive as one, joined by commas."""
    pairs = (one.partition(";")[0].strip() for one in _COOKIE.split(header))
    return "; ".join(pair for pair in pairs if pair)
