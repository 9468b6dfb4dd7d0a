"""Salesforce's wire: token, describe, queries and query jobs, one record, and its error codes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final, NamedTuple, Protocol

from pydantic import JsonValue

from connectors.salesforce.composite import Composite, server_time
from connectors.salesforce.config import SalesforceConfig
from hub.errors import (
    CursorExpiredError,
    HubError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.overrides import policy_in_effect
from hub.sdk.rest import RestClient, RestResponse

SYSTEM: Final = "salesforce"
LIMIT_PAUSE_SECONDS: Final = 900.0
_BUSY: Final = frozenset({"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"})


class Described(NamedTuple):
    """The fields of an object that this user may see with their types, and the server's clock.

    ``unique`` are the texts that are external ids and held once.
    """

    fields: Mapping[str, str]
    at: datetime
    unique: frozenset[str] = frozenset()


class Job(Protocol):
    """A query job, and which of its results come next."""

    @property
    def job(self) -> str: ...

    @property
    def locator(self) -> str: ...


class Results(NamedTuple):
    """One set of a job's results as CSV; ``locator`` leads to the next, '' where there is none."""

    content: bytes
    locator: str
    number: str


class SalesforceClient:
    """Speaks REST with one organisation; knows paths and error codes, nothing of streams."""

    def __init__(self, config: SalesforceConfig) -> None:
        auth = ClientCredentials("/services/oauth2/token", config.client_id, config.client_secret)
        policy = RestPolicy(explain=explain, ca_bundle=config.ca_file)
        self.sleep = policy_in_effect(policy).sleep
        self._rest = RestClient(config.base_url, system=SYSTEM, auth=auth, policy=policy)
        self._root = f"/services/data/v{config.api_version}"
        self.composite = Composite(self._rest, self._root)
        self._options = {"sforce-query-options": f"batchSize={config.batch_size}"}

    def describe(self, stream: str) -> Described:
        """Which fields there are; an object that the user may not read is a SourceSchemaError."""
        answer = self._rest.get(
            f"{self._root}/sobjects/{stream}/describe", stream=stream, missing_ok=True
        )
        if answer.status == 404:
            message = "the object is not visible; give the integration user Read permission on it"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        fields = answer.json()["fields"]
        types = {field["name"]: str(field.get("type")) for field in fields}
        unique = frozenset(one["name"] for one in fields if _is_name_of_record(one))
        return Described(types, server_time(answer), unique)

    def count(self, stream: str, limit: int) -> int:
        """How many rows a full read has to bring, deleted ones included; no more than ``limit``."""
        params = {"q": f"SELECT COUNT() FROM {stream} LIMIT {limit}"}
        answer = self._rest.get(f"{self._root}/queryAll", params=params, stream=stream)
        return int(answer.json()["totalSize"])

    def live(self, stream: str) -> int:
        """How many rows there are, deleted ones left out."""
        params = {"q": f"SELECT COUNT() FROM {stream}"}
        answer = self._rest.get(f"{self._root}/query", params=params, stream=stream)
        return int(answer.json()["totalSize"])

    def query(self, soql: str, stream: str) -> Iterator[list[dict[str, Any]]]:
        """The rows of a query, deleted ones included, one list for each answer.

        Raises CursorExpiredError where a locator no longer holds: query again from the last row.
        """
        target, params = f"{self._root}/queryAll", {"q": soql}
        while target:
            answer = self._rest.get(
                target, params=params or None, headers=self._options, stream=stream
            ).json()
            yield answer["records"]
            target, params = answer.get("nextRecordsUrl", ""), {}

    def row(
        self, stream: str, key: str, fields: Collection[str]
    ) -> tuple[dict[str, Any] | None, datetime]:
        """One record as it is now, None where it is gone; and the server's clock."""
        answer = self._rest.get(
            f"{self._root}/sobjects/{stream}/{key}",
            params={"fields": ",".join(fields)},
            stream=stream,
            missing_ok=True,
        )
        row = None if answer.status == 404 else answer.json()
        return row, server_time(answer)

    def update(
        self, stream: str, key: str, *, fields: Mapping[str, JsonValue], unless_since: datetime
    ) -> None:
        """Change fields, unless the record was changed after ``unless_since``.

        Not declared idempotent: a second try would meet the condition that the first one broke.
        """
        self._rest.send(
            "PATCH",
            f"{self._root}/sobjects/{stream}/{key}",
            json=dict(fields),
            headers={"if-unmodified-since": format_datetime(unless_since, usegmt=True)},
            stream=stream,
        )

    def create_job(self, soql: str, stream: str) -> str:
        """Begin a query job, deleted rows included; asking twice leaves one that expires unread."""
        order: dict[str, JsonValue] = {"operation": "queryAll", "query": soql}
        order |= {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}
        path = f"{self._root}/jobs/query"
        return str(
            self._rest.send("POST", path, json=order, stream=stream, reading=True).json()["id"]
        )

    def job(self, job: str, stream: str) -> Mapping[str, Any] | None:
        """What a job's state is; None where it is gone."""
        path = f"{self._root}/jobs/query/{job}"
        answer = self._rest.get(path, stream=stream, missing_ok=True)
        return None if answer.status == 404 else answer.json()

    def results(self, position: Job, size: int, stream: str) -> Results | None:
        """A set of at most ``size`` results of a complete job; None where it is gone."""
        params: dict[str, str | int] = {"maxRecords": size}
        if position.locator:
            params["locator"] = position.locator
        answer = self._rest.get(
            f"{self._root}/jobs/query/{position.job}/results",
            params=params,
            headers={"accept": "text/csv"},
            stream=stream,
            missing_ok=True,
        )
        if answer.status == 404:
            return None
        locator = answer.headers.get("sforce-locator")
        if locator is None:
            # Taking that for the end would lose all the sets to come.
            message = "results come without Sforce-Locator; a gateway strips it: set bulk_from to 0"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        following = "" if locator == "null" else locator
        return Results(answer.content, following, answer.headers.get("sforce-numberofrecords", ""))

    def delete_job(self, job: str, stream: str) -> None:
        """Drop a job and its results."""
        path = f"{self._root}/jobs/query/{job}"
        self._rest.send("DELETE", path, stream=stream, reading=True)

    def close(self) -> None:
        self._rest.close()


def explain(answer: RestResponse) -> HubError | None:
    """The error that a Salesforce error code stands for; None leaves it to the status.

    Bodies are arrays of {message, errorCode, fields}. Messages may quote values, so only the code
    is kept.
    """
    code = _error_code(answer)
    place = {"system": answer.system, "stream": answer.stream}
    if code == "REQUEST_LIMIT_EXCEEDED":
        message = "REQUEST_LIMIT_EXCEEDED: the organisation's API requests of 24 hours are used up"
        return RateLimitedError(message, retry_after=LIMIT_PAUSE_SECONDS, **place)
    if code == "INVALID_QUERY_LOCATOR":
        return CursorExpiredError(f"{SYSTEM}: the query locator no longer holds")
    if code in _BUSY:
        # Refused before anything was done, so a write may be repeated as well.
        return SourceUnavailableError(f"{code}: the system is busy", **place)
    if not code or answer.status not in (400, 403, 422):
        return None
    if answer.method == "PATCH":
        return RejectedError(f"{SYSTEM}/{answer.stream}: {code}: the change is refused; correct it")
    if answer.status == 403:
        return None
    return SourceSchemaError(f"{code}: Salesforce does not understand the request", **place)


def _is_name_of_record(field: Mapping[str, Any]) -> bool:
    return bool(field.get("externalId") and field.get("unique") and field.get("type") == "string")


def _error_code(answer: RestResponse) -> str:
    try:
        body = answer.json()
    except HubError:
        return ""
    first = body[0] if isinstance(body, list) and body else None
    return str(first.get("errorCode") or "") if isinstance(first, dict) else ""
