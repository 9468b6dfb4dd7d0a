"""sObject Collections: many records of one object in one request, each answered for by itself.

"sObject Collections" of the REST API Developer Guide: at most 200 records are saved and 2,000 read
by one request. Saves go with allOrNone false, so that a record that is refused takes none with it;
the results come in the order of the records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from pydantic import JsonValue

from hub.errors import OutcomeUnknownError, SourceError, SourceSchemaError
from hub.sdk.rest import RestClient, RestResponse

SAVED_AT_ONCE: Final = 200
_READ_AT_ONCE: Final = 2000

Row = Mapping[str, Any]


class Saved(NamedTuple):
    """What became of one record: its id, or the code of the error where it was not saved."""

    id: str
    code: str = ""


class Seen(NamedTuple):
    """Records as they are now, None for one that is not there, and the server's clock before."""

    rows: list[dict[str, Any] | None]
    at: datetime


class Composite:
    """The collections of one organisation; knows paths and forms, nothing of changes."""

    def __init__(self, rest: RestClient, root: str) -> None:
        self._rest = rest
        self._path = f"{root}/composite/sobjects"

    def rows(self, stream: str, keys: Sequence[str], fields: Collection[str]) -> Seen:
        """Records as they are now, in the order of the keys."""
        found: list[dict[str, Any] | None] = []
        at = datetime.max.replace(tzinfo=UTC)
        for start in range(0, len(keys), _READ_AT_ONCE):
            part = list(keys[start : start + _READ_AT_ONCE])
            asked: dict[str, JsonValue] = {"ids": [*part], "fields": [*fields]}
            path = f"{self._path}/{stream}"
            answer = self._rest.send("POST", path, json=asked, stream=stream, reading=True)
            rows, at = answer.json(), min(at, server_time(answer))
            if not isinstance(rows, list) or len(rows) != len(part):
                message = "a collection is answered with more or fewer records than were asked for"
                raise SourceSchemaError(message, system=self._rest.system, stream=stream)
            found += rows
        return Seen([row if isinstance(row, dict) else None for row in found], at)

    def update(self, stream: str, rows: Sequence[Row]) -> list[Saved]:
        """Change records by their ids, which stand among their fields as ``id``."""
        return self._save(self._path, stream, rows)

    def upsert(self, stream: str, field: str, rows: Sequence[Row]) -> list[Saved]:
        """Make records, or change those that have these values of an external id field.

        The values go in the body, where the single upsert has them in the path.
        """
        return self._save(f"{self._path}/{stream}/{field}", stream, rows)

    def _save(self, path: str, stream: str, rows: Sequence[Row]) -> list[Saved]:
        """Not declared idempotent: what a lost answer left behind has to be looked up."""
        records: list[JsonValue] = [{"attributes": {"type": stream}, **row} for row in rows]
        body: JsonValue = {"allOrNone": False, "records": records}
        answer = self._rest.send("PATCH", path, json=body, stream=stream)
        results = _results(answer)
        if results is None or len(results) != len(rows):
            message = "the answer does not say of each record what became of it"
            raise OutcomeUnknownError(f"{self._rest.system}/{stream}: {message}; look at them")
        return results


def server_time(answer: RestResponse) -> datetime:
    """The server's clock as an answer tells it, else our own."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _results(answer: RestResponse) -> list[Saved] | None:
    """The results of a save; None where the answer is no list of them."""
    try:
        body = answer.json()
    except SourceError:
        return None
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        return None
    results = [_saved(item) for item in body]
    return None if None in results else [item for item in results if item]


def _saved(item: Mapping[str, Any]) -> Saved | None:
    """Of an error only the code is kept: its message may quote values."""
    match item:
        case {"success": True, "id": str(key)}:
            return Saved(key)
        case {"success": False, "errors": [{"statusCode": str(code)}, *_]} if code:
            return Saved("", code)
    return None
