"""Entity sets of a stand-in, and how their rows go over the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

import orjson

from hub.sdk.contract import composite_key
from hub.sdk.odata.edm import Edm, Version, parse_moment
from hub.sdk.odata.query import Field, key_path, source_key
from hub.sdk.standin import Request, Response, Row, StandInState

DELETED: Final = "$deleted"


def content_etag(row: Row) -> str:
    """An ETag made of the row's content."""
    return f'W/"{crc32(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)):08x}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySet:
    """One entity set; ``rows`` where it does not keep its rows in the state under ``stream``.

    ``etag`` gives a row's ETag ('' for none), ``touch`` what changes with every change of a row.
    """

    stream: str
    resource: str
    key: tuple[Field, ...]
    root: str = ""
    nested: tuple[str, ...] = ()
    types: Mapping[str, Edm] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    etag: Callable[[Row], str] = content_etag
    touch: Callable[[StandInState, Row], None] = lambda _state, _row: None
    rows: Callable[[StandInState], Mapping[str, Row]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a vendor's service differs; ``page`` caps what one answer holds.

    ``must_match``: a change of an entity that has an ETag needs If-Match. ``untracked`` are the
    options that can't go with change tracking.
    """

    version: Version = Version.V4
    page: int = 5000
    csrf: bool = False
    sequence: str = ""
    or_over_fields: bool = True
    must_match: bool = True
    untracked: frozenset[str] = frozenset({"$filter", "$orderby", "$top"})
    expired: tuple[int, str] = (410, "Gone")


class Refusal(Exception):  # noqa: N818  # an answer with a status, not an error of the hub
    """Ends the handling of a request with an error of the service."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers or {}


def show_row(
    found: EntitySet, row: Row, query: Mapping[str, str], *, base: str, version: Version
) -> Row:
    """A row as the service at ``base`` sends it: what was selected, expanded, and its ETag."""
    if DELETED in row:
        return _show_deleted(found, row[DELETED], base)
    wanted = set(filter(None, query.get("$select", "").split(",")))
    keys = {one.name for one in found.key}
    expanded = {re.split("[(/]", path)[0] for path in query.get("$expand", "").split(",")}
    shown = {
        name: value
        for name, value in row.items()
        if (name in expanded if name in found.nested else not wanted or name in wanted | keys)
    }
    missing = dict.fromkeys(name for name in wanted - set(row) if "/" not in name)
    etag = found.etag(row)
    if version is Version.V4:
        return {**({"@odata.etag": etag} if etag else {}), **missing, **shown}
    return _show_v2(found, {**missing, **shown}, row, base)


def _show_deleted(found: EntitySet, key: str, base: str) -> Row:
    """As version 4.0 has it: the bare key, or the path where there are several key fields."""
    named = key
    if len(found.key) > 1:
        named = key_path(found.resource, found.key, key, Version.V4)
    context = f"{base}/$metadata#{found.resource}/$deletedEntity"
    return {"@odata.context": context, "id": named, "reason": "deleted"}


def _show_v2(found: EntitySet, shown: Row, row: Row, base: str) -> Row:
    path = key_path(found.resource, found.key, source_key(row, found.key), Version.V2)
    etag, uri = found.etag(row), f"{base}/{path}"
    metadata = {"id": uri, "uri": uri, **({"etag": etag} if etag else {})}
    absent = [name for name in found.nested if name not in shown]
    links = {name: {"__deferred": {"uri": f"{uri}/{name}"}} for name in absent}
    return {"__metadata": metadata, **_wire_v2(shown, found.types), **links}


def rows_by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[str, Row]:
    """Rows by their source key, as a state keeps them."""
    return {
        str(row[key[0]]) if len(key) == 1 else composite_key([row[name] for name in key]): row
        for row in rows
    }


def asked_page_size(request: Request) -> int:
    _, found, rest = request.headers.get("prefer", "").partition("odata.maxpagesize=")
    return int(rest.partition(",")[0]) if found else 0


def _wire_v2(value: Any, types: Mapping[str, Edm]) -> Any:
    if isinstance(value, list):
        return {"results": [_wire_v2(item, types) for item in value]}
    if not isinstance(value, dict):
        return value
    return {
        name: _ticks(part, types[name]) if name in types and part else _wire_v2(part, types)
        for name, part in value.items()
    }


def _ticks(value: Any, edm: Edm) -> Any:
    if edm not in {Edm.DATETIME, Edm.DATETIMEOFFSET}:
        return value
    moment = parse_moment(value if "T" in value else f"{value}T00:00:00Z")
    ticks = round(moment.timestamp() * 1000)
    return f"/Date({ticks}{'+0000' if edm is Edm.DATETIMEOFFSET else ''})/"


def join_parts(parts: Sequence[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def http_part(answer: Response) -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
    head += [f"HTTP/1.1 {answer.status} -", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + answer.encoded()
