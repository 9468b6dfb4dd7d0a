"""A server that deals out one list in every way that pagings know, and can change between pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import orjson

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.resource import RestConnector, RestStream
from hub.sdk.rest import RestClient
from hub.sdk.standin import Request, Response

Row = dict[str, Any]


class Listing(HttpStandIn):
    """Rows by id at ``/list``; ``between`` is called after each answer with its number.

    Parameters: sort (id, changed), since (inclusive), page, offset, after (an id), size; filter
    "TIME/KEY" for what comes after both. ``largest`` caps the size silently.
    """

    def __init__(self, rows: list[Row], *, largest: int = 1000) -> None:
        self.rows = {row["id"]: row for row in rows}
        self.changes = list(self.rows)
        self.largest = largest
        self.answers = 0
        self.asked: list[dict[str, str]] = []
        self.between: Callable[[int], None] = lambda _: None
        super().__init__(StandInState({}), self._serve)

    def connector(self, stream: RestStream, **policy: Any) -> RestConnector:
        rules = RestPolicy(sleep=lambda _: None, **policy)
        return RestConnector(RestClient(self.url, system="listing", policy=rules), [stream])

    def _serve(self, request: Request) -> Response:
        asked = {name: found[-1] for name, found in parse_qs(request.query).items()}
        if request.body:
            asked |= {name: str(value) for name, value in orjson.loads(request.body).items()}
        self.asked.append(asked)
        answer = self._page(asked, request)
        self.answers += 1
        self.between(self.answers)
        return answer

    def _page(self, asked: dict[str, str], request: Request) -> Response:
        rows = self._found(asked)
        size = min(int(asked.get("size", 3)), self.largest)
        start = (int(asked.get("page", 1)) - 1) * size + int(asked.get("offset", 0))
        headers = {}
        if "range" in request.headers:
            first, _, last = request.headers["range"].partition("=")[2].partition("-")
            start, size = int(first), min(int(last) - int(first) + 1, self.largest)
            headers["content-range"] = f"records {start}-{start + size}/{len(rows)}"
        page = rows[start : start + size]
        more = start + size < len(rows)
        if "feed" in asked or "start" in asked:
            return self._feed(int(asked.get("feed", 0)), size)
        body: Row = {"rows": page, "total": len(rows), "more": more}
        if more and page:
            follow = f"/list?after={page[-1]['id']}&size={size}"
            headers["link"] = f'<{follow}>; rel="next", </list>; rel="first"'
            body |= {"cursor": page[-1]["id"], "next": follow}
        return Response(200, body, headers)

    def _feed(self, position: int, size: int) -> Response:
        """Changes by their number; the last one comes again, as with an end time."""
        page = self.changes[max(0, position - 1) : position + size]
        end = min(position + size, len(self.changes))
        rows: list[Any] = [self.rows.get(key, {"id": key, "gone": True}) for key in page]
        return Response(200, {"rows": rows, "end": end, "done": end >= len(self.changes)})

    def _found(self, asked: dict[str, str]) -> list[Row]:
        key = (lambda row: row["id"]) if asked.get("sort") != "changed" else _by_time
        rows = sorted(self.rows.values(), key=key)
        if "since" in asked:
            rows = [row for row in rows if row["changed"] >= asked["since"]]
        if "after" in asked:
            rows = [row for row in rows if row["id"] > int(asked["after"])]
        if "filter" in asked:
            time, _, last = asked["filter"].partition("/")
            rows = [row for row in rows if _by_time(row) > (time, int(last))]
        return rows


def _by_time(row: Row) -> tuple[str, int]:
    return (row["changed"], row["id"])


def rows(count: int, *, changed: str = "2026-01-31T12:00:00.000Z") -> list[Row]:
    return [
        {"id": number, "changed": changed, "name": f"n{number}"} for number in range(1, count + 1)
    ]
