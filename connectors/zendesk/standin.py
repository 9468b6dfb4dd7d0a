"""A stand-in for the part of Zendesk Support's API that the connector uses.

Seed rows, by id, as the API gives them::

    organization  id name domain_names details notes external_id organization_fields created_at …
    user          id name email phone role (end-user, agent, admin) active organization_id locale …
    ticket        id subject status priority requester_id organization_id assignee_id group_id …

``updated_at`` counts whole seconds; ``_at``, if a row has it, is the exact time of its change, and
is not sent. A deleted ticket has the status ``deleted``, a deleted user ``active`` false: the
exports give them, requests for one ticket don't. Exports leave out what changed within the last
``lag_seconds``; Zendesk's is a minute, here it is none unless a test sets it. ``stale_count`` is
what counts say while Zendesk renews them.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BinasciiError
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row
from hub.sdk.sweep import format_time

ADMIN: Final = "admin@example.com"
TOKEN: Final = "stand-in"  # noqa: S105  # a loopback server that lives as long as a test
_EXPORT: Final = re.compile(r"/api/v2/incremental/(user|ticket)s/cursor\.json")
_ONE: Final = re.compile(r"/api/v2/(user|ticket|organization)s/(\d+)\.json")
_WRITABLE: Final = frozenset({"name", "phone", "details", "notes", "external_id"})
Place = tuple[str, int]


class ZendeskStandIn(HttpStandIn):
    """Exports, the list of organizations, single records and their changes."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.lag_seconds = 0.0
        self.stale_count: int | None = None
        self.role = "admin"
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it, without a budget and without waiting."""
        pace: dict[str, JsonValue] = {"export_calls": 6000, "settle_seconds": 0}
        return {"base_url": self.url, "username": ADMIN, "key": TOKEN, **pace}

    def _reply(self, request: Request) -> Response:
        proof = b64encode(f"{ADMIN}/token:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            return Response(401, {"error": "Couldn't authenticate you"})
        with self.state.lock:
            return self._routed(request)

    def _routed(self, request: Request) -> Response:
        asked = {name: found[-1] for name, found in parse_qs(request.query).items()}
        if request.path == "/api/v2/users/me.json":
            return Response(200, {"user": {"id": 1, "email": ADMIN, "role": self.role}})
        if request.path == "/api/v2/organizations.json":
            return self._organizations(asked)
        if request.path == "/api/v2/organizations/count":
            return self._counted("organization")
        if export := _EXPORT.fullmatch(request.path):
            return self._export(export[1], asked)
        if one := _ONE.fullmatch(request.path):
            return self._one(request, one[1], one[2])
        return Response(404, {"error": "InvalidEndpoint", "description": "Not found"})

    def _export(self, stream: str, asked: dict[str, str]) -> Response:
        if self.role != "admin":
            return Response(403, {"error": "Forbidden"})
        after = _decoded(asked["cursor"]) if "cursor" in asked else _start(asked)
        if after is None:
            return _invalid("InvalidPaginationParameter", "cursor is not valid")
        if "cursor" not in asked and _is_recent(after):
            return _invalid("InvalidValue", "Too recent start_time.", status=422)
        return self._exported(stream, after, min(int(asked.get("per_page", 1000)), 1000))

    def _exported(self, stream: str, after: Place, size: int) -> Response:
        rows = self._changed(stream, after)
        given, rest = rows[:size], rows[size:]
        place = _encoded(_place(given[-1]) if given else after)
        url = f"{self.url}/api/v2/incremental/{stream}s/cursor.json?cursor={place}"
        listed: list[JsonValue] = [_shown(row, exported=stream == "ticket") for row in given]
        told: dict[str, JsonValue] = {"after_cursor": place, "after_url": url}
        told["end_of_stream"] = not rest
        return Response(200, {f"{stream}s": listed, **told})

    def _changed(self, stream: str, after: Place) -> list[Row]:
        rows = sorted(self.state.stream(stream).values(), key=_place)
        rows = [row for row in rows if _place(row) > after]
        if not self.lag_seconds:
            return rows
        until = format_time(datetime.now(UTC) - timedelta(seconds=self.lag_seconds))
        return [row for row in rows if _place(row)[0] <= until]

    def _organizations(self, asked: dict[str, str]) -> Response:
        size = int(asked.get("page[size]", 100))
        after = _decoded(asked["page[after]"]) if "page[after]" in asked else ("", 0)
        if after is None or size > 100:
            return _invalid("InvalidPaginationParameter", "page is not valid")
        rows = sorted(self.state.stream("organization").values(), key=lambda row: int(row["id"]))
        rows = [row for row in rows if int(row["id"]) > after[1]]
        given, more = rows[:size], len(rows) > size
        place = _encoded(("", int(given[-1]["id"]))) if given else None
        meta: dict[str, JsonValue] = {"has_more": more, "after_cursor": place}
        return Response(200, {"organizations": [_shown(row) for row in given], "meta": meta})

    def _counted(self, stream: str) -> Response:
        """How many there are; above 100,000 an old figure, or that number while it is renewed."""
        told: dict[str, JsonValue] = {"value": len(self.state.stream(stream))}
        told["refreshed_at"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self.stale_count is not None:
            told = {"value": self.stale_count, "refreshed_at": None}
        return Response(200, {"count": told})

    def _one(self, request: Request, stream: str, key: str) -> Response:
        row = self.state.stream(stream).get(key)
        if row is None or row.get("status") == "deleted":
            return Response(404, {"error": "RecordNotFound", "description": "Not found"})
        if request.method == "PUT":
            with self.state.changing():
                _change(row, orjson.loads(request.body)[stream])
        return Response(200, {stream: _shown(row)})


def _change(row: Row, fields: Row) -> None:
    """Names that it doesn't know are passed over, and a mail address is put beside the first."""
    known = {name: value for name, value in fields.items() if name in _WRITABLE}
    row |= {**known, **stamps(datetime.now(UTC))}


def stamps(moment: datetime) -> Row:
    """The time of a change in whole seconds, and exactly."""
    return {
        "updated_at": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "_at": format_time(moment),
    }


def _place(row: Row) -> Place:
    """A row's place in its export."""
    changed = row.get("_at") or format_time(datetime.fromisoformat(row["updated_at"]))
    return changed, int(row["id"])


def _shown(row: Row, *, exported: bool = False) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "_at"}
    if exported:
        moment = datetime.fromisoformat(row["updated_at"])
        shown["generated_timestamp"] = int(moment.timestamp())
    return shown


def _start(asked: dict[str, str]) -> Place:
    """What changed at or after that second."""
    return format_time(datetime.fromtimestamp(int(asked["start_time"]), UTC)), 0


def _is_recent(after: Place) -> bool:
    return after[0] > format_time(datetime.now(UTC) - timedelta(seconds=60))


def _encoded(place: Place) -> str:
    return urlsafe_b64encode(f"{place[0]}||{place[1]}".encode()).decode()


def _decoded(cursor: str) -> Place | None:
    try:
        changed, _, number = urlsafe_b64decode(cursor).decode().partition("||")
        return changed, int(number)
    except (BinasciiError, ValueError):
        return None


def _invalid(error: str, description: str, *, status: int = 400) -> Response:
    return Response(status, {"error": error, "description": description})
