"""A stand-in for the part of Freshdesk's API v2 that the connector uses.

Seed rows, by id, as the lists give them::

    company  id name description domains custom_fields created_at updated_at
    contact  id name email phone mobile address job_title language company_id active …
    ticket   id subject status (2 to 5) priority (1 to 4) requester_id responder_id group_id …

A row with ``deleted`` true is in no list; a deleted contact is given where it is asked for alone.
Times count whole seconds. Companies and contacts are listed by id, tickets as they are asked for.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

KEY: Final = "stand-in-key"
LAST_PAGE: Final = 300
_LISTS: Final = {
    "/api/v2/companies": "company",
    "/api/v2/contacts": "contact",
    "/api/v2/tickets": "ticket",
}
_SINCE: Final = {"contact": "_updated_since", "ticket": "updated_since"}
_ONE: Final = re.compile(r"/api/v2/contacts/(\d+)")
_WRITABLE: Final = frozenset(
    ("name", "email", "phone", "mobile", "address", "job_title", "language", "description")
)
Asked = dict[str, str]


class FreshdeskStandIn(HttpStandIn):
    """Lists, and contacts one by one."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.last_page = LAST_PAGE
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.url, "key": KEY}

    def _reply(self, request: Request) -> Response:
        proof = b64encode(f"{KEY}:X".encode()).decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            return Response(401, {"code": "invalid_credentials", "message": "Wrong credentials"})
        asked = {name: found[-1] for name, found in parse_qs(request.query).items()}
        with self.state.lock:
            if request.path in _LISTS:
                return self._list(_LISTS[request.path], asked)
            if one := _ONE.fullmatch(request.path):
                return self._contact(request, one[1])
        return Response(404, b"")

    def _list(self, stream: str, asked: Asked) -> Response:
        page, size = int(asked.get("page", 1)), int(asked.get("per_page", 30))
        if not 1 <= size <= 100:
            return _invalid("per_page", "It should be a Positive Integer less than or equal to 100")
        if stream == "ticket" and page > self.last_page:
            return _invalid("page", "You cannot access tickets beyond the 300th page")
        wrong = set(asked) - {"page", "per_page", "order_by", "order_type", _SINCE.get(stream, "")}
        if wrong:
            return _invalid(min(wrong), "Unexpected/invalid field in request")
        rows = self._found(stream, asked)
        listed: list[JsonValue] = list(rows[(page - 1) * size : page * size])
        following = f'<{self.url}/api/v2/{stream}?page={page + 1}>; rel="next"'
        return Response(200, listed, {"link": following} if len(rows) > page * size else {})

    def _found(self, stream: str, asked: Asked) -> list[Row]:
        rows = [row for row in self.state.stream(stream).values() if not row.get("deleted")]
        rows.sort(key=lambda row: int(row["id"]))
        since = asked.get(_SINCE.get(stream, ""))
        if since:
            rows = [row for row in rows if _moment(row["updated_at"]) >= _moment(since)]
        elif stream == "ticket":
            young = datetime.now(UTC) - timedelta(days=30)
            rows = [row for row in rows if _moment(row["created_at"]) >= young]
        if asked.get("order_by") == "updated_at":
            rows.sort(key=lambda row: str(row["updated_at"]))
        return rows if asked.get("order_type", "asc") == "asc" else rows[::-1]

    def _contact(self, request: Request, key: str) -> Response:
        row = self.state.stream("contact").get(key)
        if row is None:
            return Response(404, b"")
        if request.method == "PUT":
            fields = orjson.loads(request.body)
            wrong = set(fields) - _WRITABLE
            if wrong:
                return _invalid(min(wrong), "Unexpected/invalid field in request")
            with self.state.changing():
                row |= {**fields, "updated_at": stamp(datetime.now(UTC))}
        alone: Row = {"other_emails": [], "tags": [], "view_all_tickets": False, "avatar": None}
        return Response(200, {**row, **alone})


def stamp(moment: datetime) -> str:
    """A moment as Freshdesk writes it: whole seconds in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _invalid(field: str, message: str) -> Response:
    error: JsonValue = {"field": field, "message": message, "code": "invalid_value"}
    return Response(400, {"description": "Validation failed", "errors": [error]})
