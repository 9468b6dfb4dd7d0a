"""Stand-in for HubSpot's CRM API, v3: lists, searches, single objects, merges, OAuth tokens.

Seed rows: contacts, companies, deals by id, as the API shows them (id, properties, updatedAt,
archived). Its errors have HubSpot's form (category, correlationId). Sources: connector.yaml.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from connectors.hubspot.connector import TOKEN_PATH
from connectors.hubspot.samples import stamp
from connectors.hubspot.streams import KINDS, Kind, names_of
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row
from hub.sdk.sweep import format_time

PRIVATE_APP: Final = "pat-eu1-only-in-the-stand-in"
OAUTH: Final = {
    "client_id": "stand-in-app",
    "client_secret": "stand-in-secret",
    "refresh_token": "stand-in-refresh",
}
_OBJECT: Final = re.compile(r"/crm/v3/objects/(contacts|companies|deals)(?:/([^/]+))?$")
_MOST: Final = 10_000
_SORTED: Final = ("hs_object_id", "createdate", "lastmodifieddate", "hs_lastmodifieddate")


class HubspotStandIn(HttpStandIn):
    """Serves one account to a private app, and to an app that is installed in it.

    ``unindexed`` are ids that the search does not show yet: it lags behind the objects.
    """

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.unindexed: set[str] = set()
        self._tokens: set[str] = set()
        self._count = itertools.count(1)
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the private app reaches it; :data:`OAUTH` are the other app's."""
        return {"base_url": self.url, "key": PRIVATE_APP}

    def expire_tokens(self) -> None:
        """End every access token of the installed app; the private app's has no end."""
        self._tokens.clear()

    def merge(self, name: str, winner: str, loser: str) -> None:
        """Merge one object into another, as a user does."""
        with self.state.changing():
            rows = self.state.stream(name)
            del rows[loser]
            own = rows[winner]["properties"]
            known = own.get("hs_merged_object_ids")
            own["hs_merged_object_ids"] = f"{known};{loser}" if known else loser
            _touch(rows[winner], KINDS[name])

    def _reply(self, request: Request) -> Response:
        if request.path == f"/{TOKEN_PATH}":
            return self._grant(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in {PRIVATE_APP, *self._tokens}:
            return _error(401, "INVALID_AUTHENTICATION")
        found = _OBJECT.match(request.path)
        if found is None:
            return _error(404, "OBJECT_NOT_FOUND")
        with self.state.changing():
            return self._object(found[1], found[2], request)

    def _grant(self, request: Request) -> Response:
        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        if form != {**OAUTH, "grant_type": "refresh_token"}:
            return Response(400, {"error": "invalid_grant", "status": "BAD_REFRESH_TOKEN"})
        token = f"access-{next(self._count)}"
        self._tokens.add(token)
        granted: dict[str, JsonValue] = {"access_token": token, "expires_in": 1800}
        return Response(200, {**granted, "refresh_token": OAUTH["refresh_token"]})

    def _object(self, name: str, key: str | None, request: Request) -> Response:
        rows = self.state.stream(name)
        if key is None:
            return _listed(rows, _query(request))
        if key == "search":
            seen = [row for row in rows.values() if row["id"] not in self.unindexed]
            return _searched(seen, orjson.loads(request.body))
        row = _find(rows, key)
        if row is None or row["archived"]:
            return _error(404, "OBJECT_NOT_FOUND")
        if request.method == "PATCH":
            return _patched(row, KINDS[name], orjson.loads(request.body))
        return Response(200, _shown(row, _names(_query(request).get("properties"))))


def _listed(rows: Mapping[str, Row], asked: Mapping[str, str]) -> Response:
    """Objects in the order of ids; ``after`` is the last id of the page before."""
    size = int(asked.get("limit", 10))
    if size > 100:
        return _error(400, "VALIDATION_ERROR")
    archived, after = asked.get("archived") == "true", int(asked.get("after", 0))
    kept = [row for row in rows.values() if row["archived"] is archived and int(row["id"]) > after]
    kept.sort(key=lambda row: int(row["id"]))
    names = _names(asked.get("properties"))
    body: Row = {"results": [_shown(row, names) for row in kept[:size]]}
    if len(kept) > size:
        body["paging"] = {"next": {"after": kept[size - 1]["id"]}}
    return Response(200, body)


def _searched(rows: Sequence[Row], asked: Mapping[str, Any]) -> Response:
    size, start = int(asked.get("limit", 10)), int(asked.get("after") or 0)
    filters = [group["filters"] for group in asked.get("filterGroups", [])]
    sorts = [sort["propertyName"] for sort in asked.get("sorts", [])]
    if start + size > _MOST or not _is_allowed(size, filters, sorts):
        return _error(400, "VALIDATION_ERROR")
    found = [row for row in rows if not row["archived"] and _is_found(row, filters)]
    found.sort(key=lambda row: [_number(row["properties"].get(name)) for name in sorts])
    names = asked.get("properties")
    page = found[start : start + size]
    body: Row = {"total": len(found), "results": [_shown(row, names) for row in page]}
    if start + size < len(found):
        body["paging"] = {"next": {"after": str(start + size)}}
    return Response(200, body)


def _is_allowed(size: int, filters: Sequence[Sequence[Any]], sorts: Sequence[str]) -> bool:
    """200 records, five groups of six filters, one sort."""
    return (
        size <= 200
        and len(filters) <= 5
        and all(len(group) <= 6 for group in filters)
        and len(sorts) <= 1
    )


def _is_found(row: Row, filters: Sequence[Sequence[Mapping[str, Any]]]) -> bool:
    return not filters or any(all(_fits(row, one) for one in group) for group in filters)


_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GT": lambda value, bound: value > bound,
    "GTE": lambda value, bound: value >= bound,
    "EQ": lambda value, bound: value == bound,
}


def _fits(row: Row, one: Mapping[str, Any]) -> bool:
    """Numbers and times are compared; both come as text."""
    value = row["properties"].get(one["propertyName"])
    return value is not None and _OPERATORS[one["operator"]](_number(value), float(one["value"]))


def _number(value: Any) -> float:
    """A number as it is, a time in milliseconds since 1970; what is neither comes first."""
    text = str(value)
    if text.isdecimal():
        return float(text)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return 0.0


def _find(rows: Mapping[str, Row], key: str) -> Row | None:
    """The object, or the one that it was merged into."""
    if key in rows:
        return rows[key]
    merged = (row["properties"].get("hs_merged_object_ids") or "" for row in rows.values())
    owners = (row for row, ids in zip(rows.values(), merged, strict=True) if key in ids.split(";"))
    return next(owners, None)


def _patched(row: Row, kind: Kind, asked: Mapping[str, Any]) -> Response:
    known = {*names_of(kind), *row["properties"]}
    if not set(asked["properties"]) <= known:
        return _error(400, "VALIDATION_ERROR")
    row["properties"] |= {
        name: None if value == "" else str(value) for name, value in asked["properties"].items()
    }
    _touch(row, kind)
    return Response(200, _shown(row, None))


def _touch(row: Row, kind: Kind) -> None:
    """Stamp a change, later than the one before."""
    before = datetime.fromisoformat(row["updatedAt"])
    moment = max(datetime.now(UTC), before + timedelta(milliseconds=1))
    changed = stamp(format_time(moment))
    row["updatedAt"] = row["properties"][kind.modified] = changed


def _shown(row: Row, names: Sequence[str] | None) -> Row:
    """The object with the properties that were asked for; those that were never set are null."""
    own = row["properties"]
    if names is None:
        return {**row, "properties": {name: own[name] for name in own if name in _SORTED}}
    asked = dict.fromkeys((*names, "hs_object_id"))
    return {**row, "properties": {name: own.get(name) for name in asked}}


def _query(request: Request) -> dict[str, str]:
    return {name: found[0] for name, found in parse_qs(request.query).items()}


def _names(text: str | None) -> list[str] | None:
    return text.split(",") if text else None


def _error(status: int, category: str) -> Response:
    return Response(
        status,
        {
            "status": "error",
            "message": "see the category",
            "category": category,
            "correlationId": "00000000-0000-0000-0000-000000000000",
        },
    )
