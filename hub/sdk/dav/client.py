"""WebDAV requests (RFC 4918): properties, reports, and resources read and written by ETag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree

from hub.errors import CursorExpiredError, HubError, SourceSchemaError
from hub.sdk.auth import Auth
from hub.sdk.dav.multistatus import (
    CARDDAV,
    DAV,
    Multistatus,
    read_conditions,
    read_multistatus,
)
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient, RestResponse

GETETAG: Final = f"{{{DAV}}}getetag"
_ACCEPT: Final = {"accept": "application/xml, text/xml"}
_XML: Final = {"content-type": "application/xml; charset=utf-8", **_ACCEPT}
_PREFIXES: Final = {"D": DAV, "C": CARDDAV}


class TooManyMatchesError(SourceSchemaError):
    """The server wants to be asked for fewer (DAV:number-of-matches-within-limits)."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as the server keeps it; ``etag`` is '' where it gives none."""

    url: str
    etag: str
    content: bytes = field(repr=False)


class DavClient:
    """One WebDAV server; addresses are whole URLs, checked against the allowed hosts.

    An expired sync token raises CursorExpiredError, a lock that does not hold ConflictError.
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
        self.base_url = base_url.rstrip("/") + "/"
        rules = policy or RestPolicy()
        self._rest = RestClient(
            base_url, system=system, auth=auth, policy=replace(rules, explain=self._explain)
        )

    def propfind(
        self, url: str, names: Sequence[str], *, depth: int, stream: str = ""
    ) -> Multistatus:
        """Properties of a resource (depth 0), or of a collection and its members (depth 1)."""
        body = element(f"{{{DAV}}}propfind", named(names))
        return self._search("PROPFIND", url, body, depth=depth, stream=stream)

    def report(self, url: str, body: Any, *, depth: int = 0, stream: str = "") -> Multistatus:
        """A report (RFC 3253 section 3.6); ``body`` is an element."""
        return self._search("REPORT", url, body, depth=depth, stream=stream)

    def get(self, url: str, *, stream: str = "") -> Resource | None:
        """A resource as it is now, None where it is gone."""
        headers = {"accept": "*/*"}  # Xandikos 0.4 fails on a list of types
        answer = self._rest.get(url, headers=headers, stream=stream, missing_ok=True)
        if answer.status == 404:
            return None
        return Resource(url, answer.headers.get("etag", ""), answer.content)

    def put(
        self, url: str, content: bytes, *, etag: str | None, content_type: str, stream: str = ""
    ) -> str:
        """Write over the version that has this ETag, or create what is not there yet (None).

        Gives the new ETag, '' where the server keeps something else than it was sent
        (RFC 6352 section 6.3.2.3).
        """
        lock = {"if-none-match": "*"} if etag is None else {"if-match": etag}
        headers = {"content-type": content_type, **_ACCEPT, **lock}
        answer = self._rest.send("PUT", url, content=content, headers=headers, stream=stream)
        return str(answer.headers.get("etag", ""))

    def delete(self, url: str, *, etag: str, stream: str = "") -> None:
        """Delete the version that has this ETag."""
        self._rest.send("DELETE", url, headers={"if-match": etag, **_ACCEPT}, stream=stream)

    def close(self) -> None:
        """Close the pooled connections."""
        self._rest.close()

    def _search(self, method: str, url: str, body: Any, *, depth: int, stream: str) -> Multistatus:
        answer = self._rest.send(
            method,
            url,
            content=etree.tostring(body, xml_declaration=True, encoding="utf-8"),
            headers={"depth": str(depth), **_XML},
            stream=stream,
            reading=True,
        )
        return read_multistatus(answer.content, url=url, system=self.system, stream=stream)

    def _explain(self, answer: RestResponse) -> HubError | None:
        conditions = read_conditions(answer.content)
        if "valid-sync-token" in conditions:  # RFC 6578 section 3.2
            return CursorExpiredError(
                f"{self.system}/{answer.stream}: the server no longer knows the sync token; "
                "read in full"
            )
        if "number-of-matches-within-limits" in conditions:  # RFC 6578 section 3.6
            message = f"status {answer.status}: the server does not list so many members at once"
            return TooManyMatchesError(message, system=self.system, stream=answer.stream)
        if "supported-report" in conditions:  # RFC 3253 section 3.6
            message = f"status {answer.status}: the server has no such report; turn sync off"
            return SourceSchemaError(message, system=self.system, stream=answer.stream)
        return None


def element(
    name: str, *children: Any, text: str = "", attributes: Mapping[str, str] | None = None
) -> Any:
    """An element of a request."""
    made = etree.Element(name, dict(attributes or {}), nsmap=_PREFIXES)
    made.text = text or None
    made.extend(children)
    return made


def named(names: Sequence[str]) -> Any:
    """The properties to ask for."""
    return element(f"{{{DAV}}}prop", *(element(name) for name in names))
