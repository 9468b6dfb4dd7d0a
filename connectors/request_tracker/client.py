"""Request Tracker's REST2 as the streams use it.

Sources: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html, and lib/RT/REST2 of RT 5.0.3.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.request_tracker.config import RequestTrackerConfig
from hub.errors import PermanentSourceError, SourceSchemaError
from hub.sdk.auth import BasicAuth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import Params, RestClient, RestResponse
from hub.sdk.sweep import server_time

SYSTEM: Final = "request_tracker"
Row = Mapping[str, Any]


class Clock:
    """The server's time, asked once and carried on by our own clock."""

    def __init__(self, server: datetime) -> None:
        self.started = server
        self._asked = time.monotonic()

    def ago(self, moment: datetime) -> str:
        """A time as TicketSQL takes it without doubt: relative to now.

        RT reads absolute times in the time zone of the account, and ignores a zone that is written
        after them (lib/RT/Date.pm, ParseByTimeParseDate).
        """
        elapsed = time.monotonic() - self._asked
        seconds = (self.started - moment).total_seconds() + elapsed
        return f"{max(0, math.ceil(seconds) + 1)} seconds ago"


class RequestTrackerClient:
    """One Request Tracker, seen by one account."""

    def __init__(self, config: RequestTrackerConfig, policy: RestPolicy | None = None) -> None:
        self.page_size = config.page_size
        self._http = RestClient(
            f"{config.base_url.rstrip('/')}/REST/2.0",
            system=SYSTEM,
            auth=BasicAuth(config.username, config.password),
            policy=policy or RestPolicy(ca_bundle=config.ca_file),
        )

    def version(self) -> tuple[str, Clock]:
        """RT's version and its clock."""
        answer = self._http.get("rt")
        return str(_table(answer).get("Version", "")), Clock(server_time(answer.headers))

    def list_page(self, path: str, params: Params, *, stream: str) -> tuple[list[Row], int]:
        """One page of a list, and how many records its query has in all."""
        answer = self._http.get(path, params={"per_page": self.page_size, **params}, stream=stream)
        return _items(answer, stream)

    def transactions(self, query: str) -> Iterator[Row]:
        """The transactions of a query, oldest first: what they say never changes."""
        fields = "id,ObjectId,Type,Field,NewValue,Created"
        after, left = 0, 1
        while left > 0:
            params = {"fields": fields, "query": f"{query} AND id > {after}", "orderby": "id"}
            rows, total = self.list_page("transactions", params, stream="ticket")
            yield from rows
            left = total - len(rows) if rows else 0
            after = int(rows[-1]["id"]) if rows else after

    def find(self, path: str, query: Any, fields: str) -> list[Row]:
        """The records of a search by JSON, which asks for few."""
        params: Params = {"fields": fields, "per_page": 100}
        answer = self._http.send("POST", path, json=query, params=params, reading=True)
        return _items(answer, path)[0]

    def get_one(self, path: str, *, stream: str) -> tuple[Row, str] | None:
        """A record and its ETag, or None where there is none."""
        answer = self._http.get(path, stream=stream, missing_ok=True)
        if answer.status == 404:
            return None
        row = _table(answer)
        if "id" not in row:
            message = "the account sees only a summary of users; give it the right AdminUsers"
            raise PermanentSourceError(message, system=SYSTEM, stream=stream)
        return row, answer.headers.get("etag", "")

    def put(self, path: str, fields: Mapping[str, str], *, etag: str, stream: str) -> None:
        """Change fields if the record is still the one with this ETag.

        The answer is a list of sentences in the account's language, refusals among them, all with
        status 200: it proves nothing, so the caller reads the record again.
        """
        headers = {"if-match": etag} if etag else {}
        self._http.send("PUT", path, json=dict(fields), headers=headers, stream=stream)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _table(answer: RestResponse) -> Row:
    content = answer.json()
    if not isinstance(content, dict):
        message = "the answer is not the object that REST2 gives; check the base URL"
        raise SourceSchemaError(message, system=answer.system, stream=answer.stream)
    return content


def _items(answer: RestResponse, stream: str) -> tuple[list[Row], int]:
    content = _table(answer)
    if "items" not in content:
        message = "the answer is not the list that REST2 gives; check the base URL"
        raise SourceSchemaError(message, system=SYSTEM, stream=stream)
    if content.get("total") is None:
        # RT then leaves out next_page and drops rows from pages without a word.
        message = (
            "the account may not see all records, and RT does not page such lists safely; give it "
            "ShowTicket in all queues, or set UseSQLForACLChecks in RT"
        )
        raise PermanentSourceError(message, system=SYSTEM, stream=stream)
    if not all(_has_id(row) for row in content["items"]):
        message = "a record in the list has no id; check the base URL and RT's version"
        raise SourceSchemaError(message, system=SYSTEM, stream=stream)
    return content["items"], int(content["total"])


def _has_id(row: Any) -> bool:
    """Numbers, except for members and roles, which lists name by a text."""
    key = row.get("id") if isinstance(row, dict) else None
    return isinstance(key, int | str) and bool(key)
