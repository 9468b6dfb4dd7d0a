"""A stand-in for one Salesforce organisation: OAuth2, SOQL queries with locators, sObject rows.

Seed rows are REST sObject records without ``attributes``, by object and by 18-character Id::

    {"Account": {"001000000000001AAA": {
        "Id": "001000000000001AAA", "Name": "Example Mills", "Type": "Customer",
        "SystemModstamp": "2026-01-31T12:00:00.000+0000", "IsDeleted": false}}}

``IsDeleted`` true puts a row into the recycle bin, ``MasterRecordId`` says which record a merge
kept. Fields that no row has are described where they are standard, and null. Answers follow the
REST API Developer Guide (query, queryAll, sObject rows, describe, error arrays, conditional
requests, sObject Collections) and the Bulk API 2.0 Developer Guide (query jobs); the token endpoint
follows "OAuth 2.0 Client Credentials Flow".
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from connectors.salesforce.jobs_standin import QueryJobs
from connectors.salesforce.saves_standin import EXTERNAL_ID, NotSaved, Saves
from connectors.salesforce.soql import Query, Row, parse
from connectors.salesforce.streams import FIELDS, REQUIRED, WRITABLE, format_stamp
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.standin import Request, Response

CLIENT_ID: Final = "standin-client"
CLIENT_SECRET: Final = "standin-secret"  # noqa: S105  # of a server that listens on loopback only
BATCH: Final = 2000

_DATA: Final = re.compile(r"^/services/data/v\d+\.0(/.*)$")
_ROW: Final = re.compile(r"^/sobjects/(\w+)/(\w{15,18})$")
_DESCRIBE: Final = re.compile(r"^/sobjects/(\w+)/describe$")
_MORE: Final = re.compile(r"^/query(?:All)?/(01g\w+)-(\d+)$")
_BATCH_SIZE: Final = re.compile(r"batchSize=(\d+)")
_TYPES: Final[Mapping[str, str]] = {
    "Id": "id",
    **dict.fromkeys(("SystemModstamp", "CreatedDate", "LastModifiedDate"), "datetime"),
    **dict.fromkeys(("Birthdate", "CloseDate"), "date"),
    **dict.fromkeys(("IsDeleted", "IsWon", "IsClosed", "IsConverted"), "boolean"),
    "HasOptedOutOfEmail": "boolean",
    "NumberOfEmployees": "int",
    "Amount": "currency",
    "Probability": "percent",
}
_OPTIONAL: Final = ("CurrencyIsoCode", "CountryCode")


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of one query, kept for its locator."""

    query: Query
    rows: list[Row]
    root: str


class SalesforceStandIn:
    """One organisation on loopback.

    ``batch`` caps what one answer holds, ``calls_left`` the requests of the day; ``jobs`` holds the
    query jobs, ``saves`` what hinders a record from being saved.
    """

    def __init__(self, state: StandInState, port: int = 0, *, batch: int = BATCH) -> None:
        self.state = state
        self.calls_left: int | None = None
        self._batch = batch
        self._tokens: set[str] = set()
        self._locators: dict[str, _Found] = {}
        self._clock = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()
        self.jobs = QueryJobs(self)
        self.saves = Saves(self)
        self.http = HttpStandIn(state, self._answer, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """``settle_seconds`` is 0: no transaction of the stand-in is ever open."""
        return {
            "base_url": self.http.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "settle_seconds": 0,
            "external_ids": dict.fromkeys(WRITABLE, EXTERNAL_ID),
        }

    def fail(self, fault: Fault) -> None:
        """Queue a fault."""
        self.http.fail(fault)

    def stop(self) -> None:
        """Close the socket."""
        self.http.stop()

    def expire_tokens(self) -> None:
        """End all sessions, as their timeout does."""
        self._tokens.clear()

    def expire_locators(self) -> None:
        """Forget all query locators, as Salesforce does after two days."""
        self._locators.clear()

    def stamp(self) -> str:
        """A SystemModstamp for a change made now; later than any given before."""
        with self._lock:
            self._clock = max(datetime.now(UTC), self._clock + timedelta(milliseconds=1))
            return format_stamp(self._clock)

    def _answer(self, request: Request) -> Response:
        if request.path == "/services/oauth2/token":
            return self._grant(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self._is_used_up():
            return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        match = _DATA.match(request.path)
        if match is None:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        try:
            return self._route(match[1], request)
        except ValueError as error:
            code = error.args[0] if len(error.args) == 2 else "MALFORMED_QUERY"
            return _error(400, code, str(error.args[-1]))

    def _is_used_up(self) -> bool:
        with self._lock:
            if self.calls_left is None:
                return False
            self.calls_left -= 1
            return self.calls_left < 0

    def _grant(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return Response(400, {"error": "unsupported_grant_type"})
        if form.get("client_id") != CLIENT_ID:
            return Response(400, {"error": "invalid_client_id"})
        if form.get("client_secret") != CLIENT_SECRET:
            return Response(401, {"error": "invalid_client"})
        token = f"00D{secrets.token_urlsafe(24)}"
        self._tokens.add(token)
        answer: dict[str, JsonValue] = {
            "access_token": token,
            "instance_url": self.http.url,
            "token_type": "Bearer",
            "issued_at": str(int(datetime.now(UTC).timestamp() * 1000)),
        }
        return Response(200, answer)

    def _route(self, path: str, request: Request) -> Response:
        root = request.path.removesuffix(path)
        if path.rstrip("/") in ("/query", "/queryAll"):
            return self._query(path.rstrip("/"), root, request)
        if match := _MORE.match(path):
            return self._more(match[1], int(match[2]), request)
        if match := _DESCRIBE.match(path):
            return self._describe(match[1])
        if path.startswith("/jobs/query"):
            return self.jobs.answer(path, request)
        if collection := self.saves.answer(path, request):
            return collection
        if match := _ROW.match(path):
            return self._row(match[1], match[2], request)
        return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _query(self, path: str, root: str, request: Request) -> Response:
        query = parse(parse_qs(request.query).get("q", [""])[0])
        rows = self.find(query, deleted=path == "/queryAll")
        if not query.fields:
            return Response(200, {"totalSize": len(rows), "done": True, "records": []})
        locator = f"01g{secrets.token_hex(8)}"[:18]
        self._locators[locator] = _Found(query, rows, root)
        return self._more(locator, 0, request)

    def find(self, query: Query, *, deleted: bool) -> list[Row]:
        """The rows of a query, or ValueError(code, message) with Salesforce's error code."""
        known = self.known_fields(query.table)
        if not known:
            raise ValueError("INVALID_TYPE", f"sObject type '{query.table}' is not supported")
        if unknown := sorted(query.used - known):
            raise ValueError("INVALID_FIELD", f"No such column '{unknown[0]}'")
        with self.state.lock:
            rows = list(self.state.stream(query.table).values())
        return query.run([row for row in rows if deleted or not row.get("IsDeleted")])

    def _more(self, locator: str, start: int, request: Request) -> Response:
        found = self._locators.get(locator)
        if found is None:
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        asked = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
        stop = start + min(self._batch, int(asked[1]) if asked else BATCH)
        batch = found.rows[start:stop]
        answer: dict[str, Any] = {
            "totalSize": len(found.rows),
            "done": stop >= len(found.rows),
            "records": [self.record(found.query.table, row, found.query.fields) for row in batch],
        }
        if stop < len(found.rows):
            answer["nextRecordsUrl"] = f"{found.root}/query/{locator}-{stop}"
        else:
            self._locators.pop(locator, None)
        return Response(200, answer)

    def _describe(self, table: str) -> Response:
        known = self.known_fields(table)
        if not known:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        fields: list[JsonValue] = [
            {
                "name": name,
                "type": self.type_of(table, name),
                "custom": name.endswith("__c"),
                "nillable": name not in REQUIRED,
                "externalId": name == EXTERNAL_ID,
                "unique": name == EXTERNAL_ID,
            }
            for name in sorted(known)
        ]
        return Response(200, {"name": table, "fields": fields})

    def _row(self, table: str, key: str, request: Request) -> Response:
        row = self.state.stream(table).get(key)
        if row is None:
            return _error(404, "NOT_FOUND", "Provided external ID field does not exist")
        if row.get("IsDeleted"):
            return _error(404, "ENTITY_IS_DELETED", "entity is deleted")
        if request.method == "GET":
            asked = parse_qs(request.query).get("fields", [""])[0]
            names = asked.split(",") if asked else sorted(self.known_fields(table))
            return Response(200, self.record(table, row, tuple(names)))
        if request.method == "PATCH":
            return self._patch(table, key, request)
        if request.method == "DELETE":
            return self._delete(table, key)
        return _error(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed")

    def _patch(self, table: str, key: str, request: Request) -> Response:
        fields = orjson.loads(request.body)
        if unknown := set(fields) - self.known_fields(table):
            return _error(400, "INVALID_FIELD", f"No such column '{min(unknown)}'")
        with self.state.changing():
            row = self.state.stream(table)[key]
            if _changed_since(row, request.headers.get("if-unmodified-since")):
                return _error(412, "PRECONDITION_FAILED", "the record was modified")
            try:
                self.saves.change(table, key, fields)
            except NotSaved as error:
                return _error(400, error.code, error.message)
        return Response(204, b"")

    def _delete(self, table: str, key: str) -> Response:
        with self.state.changing():
            row = self.state.stream(table)[key]
            row.update(IsDeleted=True, SystemModstamp=self.stamp())
        return Response(204, b"")

    def record(self, table: str, row: Row, fields: tuple[str, ...]) -> dict[str, Any]:
        """A check box is never null."""
        record: dict[str, Any] = {"attributes": {"type": table}}
        for name in fields:
            boolean = _TYPES.get(name) == "boolean"
            record[name] = bool(row.get(name)) if boolean else row.get(name)
        return record

    def type_of(self, table: str, name: str) -> str:
        """As describe says it; a field that is not standard has the type that its rows show."""
        if name in _TYPES:
            return _TYPES[name]
        if name.endswith("Id"):
            return "reference"
        with self.state.lock:
            values = [row.get(name) for row in self.state.stream(table).values()]
        value = next((value for value in values if value is not None), "")
        if isinstance(value, bool):
            return "boolean"
        return "double" if isinstance(value, int | float) else "string"

    def known_fields(self, table: str) -> frozenset[str]:
        """Standard fields, and those that a row has; optional ones only by a row."""
        if table not in FIELDS:
            return frozenset()
        standard = {name for name in FIELDS[table] if not name.endswith(("__c", *_OPTIONAL))}
        if table in WRITABLE:
            standard.add(EXTERNAL_ID)
        with self.state.lock:
            return frozenset(standard.union(REQUIRED, *self.state.stream(table).values()))


def _changed_since(row: Row, header: str | None) -> bool:
    """By whole seconds, since an HTTP date has no finer ones."""
    if header is None:
        return False
    stamp = datetime.fromisoformat(row["SystemModstamp"])
    return int(stamp.timestamp()) > parsedate_to_datetime(header).timestamp()


def _error(status: int, code: str, message: str) -> Response:
    return Response(status, [{"message": message, "errorCode": code}])
