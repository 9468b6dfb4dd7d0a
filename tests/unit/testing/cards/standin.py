"""The stand-in of Cards: OAuth2, a list by keyset or offset, one card, changes with conditions.

A list is in the order in which cards are kept, unless ``sort`` asks for ``changed,id``.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from hub.sdk import HttpStandIn, Sample, Samples, StandInState
from hub.sdk.standin import Request, Response, Row
from hub.sdk.sweep import format_time

ID: Final = "cards-app"
SECRET: Final = "cards-secret"
FIELDS: Final = frozenset({"name", "phone"})


class CardsStandIn(HttpStandIn):
    def __init__(self, state: StandInState, port: int = 0) -> None:
        super().__init__(state, self.reply, port)
        self._tokens: set[str] = set()
        self._done: dict[str, JsonValue] = {}

    @property
    def config(self) -> dict[str, JsonValue]:
        return {"base_url": self.url, "client_id": ID, "client_secret": SECRET}

    def expire_tokens(self) -> None:
        self._tokens.clear()

    def reply(self, request: Request) -> Response:
        if request.path == "/token":
            return self._grant(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Response(401, {"error": "token"})
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        key = request.path.removeprefix("/cards").strip("/")
        with self.state.lock:
            rows = self.state.stream("card")
            if request.method in ("PATCH", "POST"):
                return self._many(key, orjson.loads(request.body))
            if key == "count":
                live = [row["id"] for row in rows.values() if not row["deleted"]]
                return Response(200, {"cards": len(live), "ids": sum(live)})
            if not key:
                return Response(200, {"cards": self._list(list(rows.values()), asked)})
            if key not in rows:
                return Response(404, {"error": "id"})
            if request.method == "DELETE":
                with self.state.changing():
                    rows[key] |= {"deleted": True, "changed": format_time(datetime.now(UTC))}
                return Response(200, {})
            if request.method == "PUT":
                return self._change(rows[key], request)
            return Response(200, rows[key])

    def _grant(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (ID, SECRET):
            return Response(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return Response(200, {"access_token": token, "token_type": "Bearer"})

    def _list(self, rows: list[Row], asked: dict[str, str]) -> list[JsonValue]:
        after = (asked.get("after", ""), int(asked.get("after_id", 0)))
        found = [row for row in rows if (row["changed"], row["id"]) > after]
        found = [row for row in found if asked.get("external") in (None, row.get("external"))]
        if asked.get("sort") == "changed,id":
            found.sort(key=lambda row: (row["changed"], row["id"]))
        start = int(asked.get("offset", 0))
        return list(found[start : start + int(asked.get("limit", 100))])

    def _many(self, place: str, body: Any) -> Response:
        """POST read: cards by id; PATCH: changes, each by itself; POST: a new card."""
        rows = self.state.stream("card")
        if place == "read":
            found = [rows[key] for key in body if key in rows]
            return Response(200, {"cards": [row for row in found if not row.get("deleted")]})
        with self.state.changing():
            if isinstance(body, list):
                return Response(200, [self._change_one(one) for one in body])
            return self._create(rows, body)

    def _change_one(self, wanted: dict[str, Any]) -> JsonValue:
        row = self.state.stream("card").get(wanted["id"])
        if row is None or row.get("deleted"):
            return {"status": 404}
        if set(wanted["fields"]) - FIELDS:
            return {"status": 422}
        if wanted["version"] not in ("", row["changed"]):
            return {"status": 412}
        row |= {**wanted["fields"], "changed": format_time(datetime.now(UTC))}
        return {"status": 200, "changed": row["changed"]}

    def _create(self, rows: dict[str, Row], body: dict[str, Any]) -> Response:
        if set(body) - FIELDS - {"external"}:
            return Response(422, {"error": "unknown field"})
        number = max((row["id"] for row in rows.values()), default=0) + 100
        changed = format_time(datetime.now(UTC))
        rows[str(number)] = {"id": number, "note": "", "deleted": False, "changed": changed, **body}
        return Response(201, rows[str(number)])

    def _change(self, row: Row, request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key and key in self._done:
            return Response(200, self._done[key])
        if request.headers.get("if-match", row["changed"]) != row["changed"]:
            return Response(412, {"error": "changed"})
        wanted: dict[str, Any] = orjson.loads(request.body)
        if set(wanted) - FIELDS:
            return Response(422, {"error": "unknown field"})
        with self.state.changing():
            row |= {**wanted, "changed": format_time(datetime.now(UTC))}
        self._done[key] = dict(row)
        return Response(200, dict(row))


def _row(sample: Sample) -> Row:
    return {
        "id": sample.number,
        "name": f"Ada Example{sample.number}",
        "phone": f"+44 20 7946 {sample.revision:02d}{sample.number:02d}",
        "note": "x" * 200,
        "changed": format_time(sample.at),
        "deleted": False,
    }


def _remove(samples: Samples, state: StandInState, sample: Sample) -> None:
    row = state.stream(sample.stream)[samples.key(sample.stream, sample.number)]
    row |= {"deleted": True, "changed": format_time(sample.at)}


SAMPLES: Final = Samples(
    key=lambda _stream, number: str(number),
    row=_row,
    remove=_remove,
    fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"},
    new=lambda _stream: {"name": "Ada Created", "phone": "+44 161 496 0000"},
)
