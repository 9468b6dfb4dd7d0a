"""What changed in a collection: sync-collection (RFC 6578), and multiget (RFC 6352)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from hub.errors import SourceSchemaError
from hub.sdk.dav.client import (
    GETETAG,
    DavClient,
    Resource,
    element,
    named,
)
from hub.sdk.dav.multistatus import CARDDAV, DAV, Answer, Multistatus, is_within, no_answer

_ADDRESS_DATA: Final = f"{{{CARDDAV}}}address-data"
_TYPE: Final = f"{{{DAV}}}resourcetype"
_COLLECTION: Final = f"{{{DAV}}}collection"
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Changes:
    """Members that changed or went since a token, by path, and the token that covers them.

    ``truncated``: there is more, which the new token brings.
    """

    changed: tuple[str, ...]
    gone: tuple[str, ...]
    token: str
    truncated: bool


def changes_since(
    client: DavClient, url: str, token: str, *, limit: int | None = None, stream: str = ""
) -> Changes:
    """What changed since a token; all there is since ''.

    A ``limit`` is for servers that want one (TooManyMatchesError): not every server takes it, and
    those that must cut cut by themselves.
    """
    found = client.report(url, _sync_body(token, limit), stream=stream)
    changes = _read_changes(found, url, client.system, stream)
    if changes.truncated and changes.token == token:
        message = "the server cuts its list and gives no token to go on from; turn sync off"
        raise SourceSchemaError(message, system=client.system, stream=stream)
    return changes


def list_members(client: DavClient, url: str, *, stream: str = "") -> dict[str, str]:
    """All members by path, with their ETags: for servers without sync-collection."""
    found = client.propfind(url, (GETETAG, _TYPE), depth=1, stream=stream)
    _check_members(found, url, client.system, stream)
    members = (one for one in found.answers if _is_member(one, url))
    return {one.path: one.text(GETETAG) for one in members if one.status not in _GONE}


def read_members(
    client: DavClient, url: str, paths: Sequence[str], *, stream: str = ""
) -> dict[str, Resource]:
    """Address objects by path (RFC 6352 section 8.7); those that are gone are missing."""
    hrefs = [element(f"{{{DAV}}}href", text=path) for path in paths]
    body = element(f"{{{CARDDAV}}}addressbook-multiget", named((GETETAG, _ADDRESS_DATA)), *hrefs)
    found = client.report(url, body, stream=stream)
    _check_members(found, url, client.system, stream)
    asked = frozenset(paths)
    return {
        one.path: Resource(one.url, one.text(GETETAG), _content(one))
        for one in found.answers
        if _ADDRESS_DATA in one.properties and one.path in asked
    }


def member_url(url: str, path: str) -> str:
    """The whole address of a member."""
    return urljoin(url, path)


def _sync_body(token: str, limit: int | None) -> Any:
    parts = [
        element(f"{{{DAV}}}sync-token", text=token),
        element(f"{{{DAV}}}sync-level", text="1"),
    ]
    if limit is not None:
        count = element(f"{{{DAV}}}nresults", text=str(limit))
        parts.append(element(f"{{{DAV}}}limit", count))
    return element(f"{{{DAV}}}sync-collection", *parts, named((GETETAG, _TYPE)))


def _read_changes(found: Multistatus, url: str, system: str, stream: str) -> Changes:
    if not found.sync_token:
        raise no_answer(system, stream, "sync token; turn sync off where the server has none")
    _check_members(found, url, system, stream)
    members = [one for one in found.answers if _is_member(one, url)]
    gone = {one.path for one in members if one.status in _GONE}
    changed = {one.path for one in members if one.status not in _GONE}
    own = [one for one in found.answers if _is_itself(one, url)]
    return Changes(
        changed=tuple(sorted(changed - gone)),
        gone=tuple(sorted(gone)),
        token=found.sync_token,
        truncated=any(one.status == 507 for one in own),  # RFC 6578 section 3.6
    )


def _check_members(found: Multistatus, url: str, system: str, stream: str) -> None:
    """Nothing but the collection and what lies right below it."""
    for one in found.answers:
        if not (_is_itself(one, url) or is_within(one.path.rstrip("/"), urlsplit(url).path)):
            message = "the server lists a resource outside of the collection; nothing was read"
            raise SourceSchemaError(message, system=system, stream=stream)


def _is_itself(one: Answer, url: str) -> bool:
    return one.path.rstrip("/") == urlsplit(url).path.rstrip("/")


def _is_member(one: Answer, url: str) -> bool:
    return not (_is_itself(one, url) or one.path.endswith("/") or one.has(_TYPE, _COLLECTION))


def _content(one: Answer) -> bytes:
    """XML turns CR LF into LF; a card's lines end with both (RFC 6350 section 3.2)."""
    text = "".join(one.properties[_ADDRESS_DATA].itertext())
    return text.replace("\r\n", "\n").replace("\n", "\r\n").strip().encode() + b"\r\n"
