"""The stand-in's query jobs, after "Bulk API 2.0 Query" of the Bulk API 2.0 Developer Guide.

A job is asked for by POST, looked at by GET until its state is JobComplete, read set by set at
``/results`` and deleted. Values are texts in double quotes: an empty one for null, a date-time with
Z as its zone. The rows are those of the moment when the job was made, in no order.
"""

from __future__ import annotations

import csv
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from connectors.salesforce.soql import Query, Row, parse
from hub.sdk.standin import Request, Response

DEFAULT_SET: Final = 50_000
_PATH: Final = re.compile(r"^/jobs/query(?:/(\w{15,18})(/results)?)?/?$")
_VERSION: Final = re.compile(r"/v(\d+\.\d)/")
_DELIMITERS: Final = {
    "COMMA": ",",
    "SEMICOLON": ";",
    "TAB": "\t",
    "PIPE": "|",
    "CARET": "^",
    "BACKQUOTE": "`",
}
_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}


class Organisation(Protocol):
    """What the jobs need of the organisation that they query."""

    def find(self, query: Query, *, deleted: bool) -> list[Row]: ...

    def type_of(self, table: str, name: str) -> str: ...

    def stamp(self) -> str: ...


@dataclass(slots=True)
class _Job:
    id: str
    operation: str
    query: Query
    lines: list[str]
    made: str
    version: str
    polls: int
    state: str = "UploadComplete"
    delimiter: str = "COMMA"
    ending: str = "LF"


class QueryJobs:
    """The jobs of one organisation.

    ``polls`` says how often a new job is looked at before it is complete, ``outcome`` in which
    state it ends and ``error`` with which message.
    """

    def __init__(self, organisation: Organisation) -> None:
        self.polls = 0
        self.outcome = "JobComplete"
        self.error = ""
        self._organisation = organisation
        self._jobs: dict[str, _Job] = {}

    @property
    def ids(self) -> list[str]:
        """The jobs that are there."""
        return list(self._jobs)

    def expire(self) -> None:
        """Delete all jobs, as Salesforce does seven days after they are complete."""
        self._jobs.clear()

    def answer(self, path: str, request: Request) -> Response:
        """Answer one request below /jobs/query."""
        match = _PATH.match(path)
        if match is None:
            return _refuse(404, "NOT_FOUND", "The requested resource does not exist")
        key, results = match.groups()
        if key is None:
            return self._create(request) if request.method == "POST" else _not_allowed()
        job = self._jobs.get(key)
        if job is None:
            return _refuse(404, "NOT_FOUND", "The requested resource does not exist")
        if results:
            return self._results(job, request)
        return self._one(job, request)

    def _one(self, job: _Job, request: Request) -> Response:
        if request.method == "GET":
            self._move_on(job)
        elif request.method == "PATCH":
            job.state = str(orjson.loads(request.body).get("state"))
        elif request.method == "DELETE":
            del self._jobs[job.id]
            return Response(204, b"")
        else:
            return _not_allowed()
        return Response(200, self._told(job))

    def _create(self, request: Request) -> Response:
        order = orjson.loads(request.body)
        operation = order.get("operation")
        if operation not in ("query", "queryAll"):
            return _refuse(400, "INVALIDOPERATION", "operation must be query or queryAll")
        query = parse(str(order.get("query", "")))
        if not query.fields:
            return _refuse(400, "API_ERROR", "Aggregate functions are not supported")
        rows = self._organisation.find(query, deleted=operation == "queryAll")
        delimiter = order.get("columnDelimiter", "COMMA")
        ending = order.get("lineEnding", "LF")
        write = _Csv(_DELIMITERS[delimiter], _ENDINGS[ending]).line
        types = [self._organisation.type_of(query.table, name) for name in query.fields]
        job = _Job(
            id=f"750{secrets.token_hex(8)}"[:15] + "AAA",
            operation=operation,
            query=query,
            lines=[write(query.fields)]
            + [
                write([_text(row.get(n), t) for n, t in zip(query.fields, types, strict=True)])
                for row in sorted(rows, key=lambda row: str(row.get("Id"))[::-1])
            ],
            made=self._organisation.stamp(),
            version=_version(request),
            polls=self.polls,
            delimiter=delimiter,
            ending=ending,
        )
        self._jobs[job.id] = job
        return Response(200, self._told(job))

    def _move_on(self, job: _Job) -> None:
        if job.state not in ("UploadComplete", "InProgress"):
            return
        job.state = "InProgress" if job.polls > 0 else self.outcome
        job.polls -= 1

    def _told(self, job: _Job) -> dict[str, JsonValue]:
        told: dict[str, JsonValue] = {
            "id": job.id,
            "operation": job.operation,
            "object": job.query.table,
            "createdDate": job.made,
            "systemModstamp": job.made,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "jobType": "V2Query",
            "lineEnding": job.ending,
            "columnDelimiter": job.delimiter,
        }
        return {**told, "errorMessage": self.error} if job.state == "Failed" else told

    def _results(self, job: _Job, request: Request) -> Response:
        if job.state != "JobComplete":
            return _refuse(400, "INVALIDJOBSTATE", "The job is not complete")
        if job.version != _version(request):
            return _refuse(409, "VERSION_MISMATCH", "The job was made by another API version")
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        start = int(b64decode(asked["locator"])) if "locator" in asked else 0
        stop = start + int(asked.get("maxRecords", DEFAULT_SET))
        header, *lines = job.lines
        taken = lines[start:stop]
        more = b64encode(str(stop).encode()).decode() if stop < len(lines) else "null"
        headers = {"content-type": "text/csv", "sforce-numberofrecords": str(len(taken))}
        return Response(200, "".join([header, *taken]), {**headers, "sforce-locator": more})


class _Csv:
    """Writes single lines, every value in quotes."""

    def __init__(self, delimiter: str, ending: str) -> None:
        self._text = StringIO()
        self._writer = csv.writer(
            self._text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL
        )

    def line(self, values: Sequence[str]) -> str:
        self._writer.writerow(values)
        line = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return line


def _text(value: Any, kind: str) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value).replace("+0000", "Z") if kind == "datetime" else str(value)


def _version(request: Request) -> str:
    found = _VERSION.search(request.path)
    return found[1] if found else ""


def _not_allowed() -> Response:
    return _refuse(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed")


def _refuse(status: int, code: str, message: str) -> Response:
    return Response(status, [{"errorCode": code, "message": message}])
