"""What an answer holds: rows, ETags, removed entities, and the link to what comes next.

Version 2 wraps all in ``d``, nests lists in ``results`` and keeps an ETag in ``__metadata``
(OData 2.0 JSON Format); version 4 keeps all that is not the entity's own under names with ``@``
(OData JSON Format 4.01, sections 4.6 and 15.3; 4.0 calls what is gone a ``$deletedEntity``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from hub.errors import SourceSchemaError
from hub.sdk.hosts import origin
from hub.sdk.odata.edm import Version, plain
from hub.sdk.rest import RestResponse
from hub.sdk.sweep import server_time

Row = dict[str, Any]
_DELETED: Final = "/$deletedEntity"
_DEPTH: Final = 20
_LINKS_V4: Final = ("@odata.nextLink", "@odata.deltaLink")
_LINKS_V2: Final = ("__next", "__delta")


class Entity(NamedTuple):
    """One row without annotations; ``removed`` is the id of one that is gone, with no row."""

    row: Row
    etag: str | None = None
    removed: str | None = None


class Answer(NamedTuple):
    """One answer to a query: entities, the links as the server gave them, and its clock."""

    entities: list[Entity]
    next_link: str
    delta_link: str
    at: datetime


def read_answer(answer: RestResponse, version: Version) -> Answer:
    """The rows of a collection, or SourceSchemaError where it is none."""
    body = answer.json()
    found = body if isinstance(body, dict) else {}
    make, rows, names = _entity_v4, found.get("value"), _LINKS_V4
    if version is Version.V2:
        found, make, names = _unwrapped(found.get("d")), _entity_v2, _LINKS_V2
        rows = found.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        message = (
            f"the answer is no collection of OData {int(version)}; check the base URL, the entity "
            "set and the version of the service"
        )
        raise SourceSchemaError(message, system=answer.system, stream=answer.stream)
    links = [found.get(name) for name in names]
    next_link, delta_link = (link if isinstance(link, str) else "" for link in links)
    return Answer([make(row) for row in rows], next_link, delta_link, server_time(answer.headers))


def _unwrapped(found: Any) -> dict[str, Any]:
    """What is under ``d``; services of version 1 put the list itself there."""
    if isinstance(found, list):
        return {"results": found}
    return found if isinstance(found, dict) else {}


def read_entity(answer: RestResponse, version: Version) -> Entity:
    """One entity that was asked for by its key; the header's ETag where the body has none."""
    body = answer.json()
    if version is Version.V2 and isinstance(body, dict):
        body = body.get("d")
    if not isinstance(body, dict):
        message = f"the answer is no entity of OData {int(version)}; check base URL and version"
        raise SourceSchemaError(message, system=answer.system, stream=answer.stream)
    entity = _entity_v4(body) if version is Version.V4 else _entity_v2(body)
    return entity._replace(etag=entity.etag or answer.headers.get("etag"))


def continuation(link: str, root: str, resource: str) -> str:
    """A next or delta link as it is kept: relative to the service root, without host or user.

    One that leads to another host or another resource comes back whole; the client follows that
    only where the connection allows it.
    """
    parts = urlsplit(urljoin(f"{root}/{resource}", link))
    same_host = origin(parts.geturl()) == origin(root)
    same_set = parts.path.lower().endswith(f"/{resource.lower()}")
    if same_host and same_set and parts.query:
        return f"{resource}?{parts.query}"
    return parts.geturl()


def _entity_v4(row: Row) -> Entity:
    etag = _annotation(row, "@odata.etag", "@etag")
    context = _annotation(row, "@odata.context", "@context") or ""
    if context.endswith(_DELETED) or "@removed" in row or "@odata.removed" in row:
        named = _annotation(row, "@odata.id", "@id", "id") or ""
        return Entity(_own(row), etag, removed=named)
    return Entity(_own(row), etag)


def _annotation(row: Row, *names: str) -> str | None:
    """The first of these that is a text; version 4.01 leaves ``odata.`` out."""
    return next((row[name] for name in names if isinstance(row.get(name), str)), None)


def _own(value: Any) -> Any:
    """A value without what the protocol adds to it, at every depth."""
    if isinstance(value, dict):
        return {name: _own(part) for name, part in value.items() if "@" not in name}
    return [_own(part) for part in value] if isinstance(value, list) else value


def _entity_v2(row: Row) -> Entity:
    metadata = row.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else None
    return Entity(_plain_row(row), etag if isinstance(etag, str) else None)


def _plain_row(row: Row, depth: int = 0) -> Row:
    """Without metadata and links that were not expanded; nested lists as lists, moments as ISO."""
    if depth > _DEPTH:
        raise SourceSchemaError("an entity is nested too deeply; expand less")
    return {
        name: _plain(value, depth)
        for name, value in row.items()
        if name != "__metadata" and not _is_deferred(value)
    }


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = value["results"]
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return _plain_row(value, depth + 1) if isinstance(value, dict) else plain(value)


def _is_deferred(value: Any) -> bool:
    return isinstance(value, dict) and "__deferred" in value
