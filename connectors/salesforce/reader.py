"""The connector: reads by keyset over (SystemModstamp, Id), writes after comparing.

Salesforce stamps a record when it is saved and shows it when its transaction commits. A record
saved a moment ago may therefore become visible behind a position that is already committed. So
the reading window ends ``settle_seconds`` before the server's own clock: what is younger waits for
the next run, nothing is passed by, and no overlap has to be read again and again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.salesforce.client import SYSTEM, Described, SalesforceClient
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.streams import (
    FIELDS,
    REQUIRED,
    STREAMS,
    Position,
    Window,
    build_page,
    format_stamp,
    is_id,
    write_query,
)
from hub.errors import (
    ConflictError,
    CursorExpiredError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Capability, Change, Cursor, Page, Receipt, Record

_WRITABLE: Final = frozenset(s.name for s in STREAMS if Capability.WRITE in s.capabilities)


class SalesforceReader:
    """One organisation, read and written; the first request logs in."""

    def __init__(self, config: SalesforceConfig) -> None:
        self._config = config
        self._client = SalesforceClient(config)

    def check(self) -> str:
        """Log in, and see that every object may be read."""
        counts = [f"{stream} {len(self._fields(stream)[0])} fields" for stream in FIELDS]
        return f"Salesforce API {self._config.api_version} reached: {', '.join(counts)}"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages in the order (SystemModstamp, Id), deleted records as tombstones."""
        position = Position.from_cursor(cursor)
        fields, described = self._fields(stream)
        until = self._bound(described.at)
        while True:
            window = Window(position, until, self._config.query_limit)
            count = 0
            try:
                for rows in self._client.query(write_query(stream, fields, window), stream):
                    count += len(rows)
                    if rows:
                        page, position = build_page(rows, window._replace(after=position))
                        yield page
            except CursorExpiredError as error:
                if position == window.after:
                    message = "the query locator expires before a page is read"
                    raise SourceUnavailableError(message, system=SYSTEM, stream=stream) from error
                continue
            if count < window.limit or position == window.after:
                return

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now; None where it is deleted or was never there."""
        if not is_id(key):
            return None
        fields, _ = self._fields(stream)
        row = self._client.row(stream, key, fields)
        if row is None or row["IsDeleted"]:
            return None
        row.pop("attributes", None)
        return Record(row["Id"], row, row["SystemModstamp"])

    def write(self, change: Change) -> Receipt:
        """Compare, then change under a condition, so that no other's change is overwritten.

        ``If-Unmodified-Since`` counts whole seconds, hence the comparison of the exact stamp first.
        Where the record already holds the values, an earlier try got through: nothing is sent.
        """
        _refuse_unwritable(change)
        names = ("SystemModstamp", *change.fields)
        row = self._client.row(change.stream, change.key, names)
        if row is None:
            raise ConflictError(f"{SYSTEM}/{change.stream}: the record is gone")
        version = str(row["SystemModstamp"])
        if _holds(row, change):
            return Receipt(key=change.key, version=version)
        if change.expected_version is not None and version != change.expected_version:
            message = "the record changed since it was read; nothing was written"
            raise ConflictError(f"{SYSTEM}/{change.stream}: {message}")
        since = _parse_stamp(version)
        self._client.update(change.stream, change.key, fields=change.fields, unless_since=since)
        return Receipt(key=change.key, version=self._version_after(change))

    def close(self) -> None:
        self._client.close()

    def _version_after(self, change: Change) -> str | None:
        """None where it can't be read: the change is done, and that must not be forgotten."""
        try:
            row = self._client.row(change.stream, change.key, ("SystemModstamp",))
        except SourceError:
            return None
        return str(row["SystemModstamp"]) if row else None

    def _fields(self, stream: str) -> tuple[list[str], Described]:
        """The fields to ask for: the wanted ones that this organisation has and shows."""
        described = self._client.describe(stream)
        extra = self._config.extra_fields.get(stream, ())
        missing = [name for name in (*REQUIRED, *extra) if name not in described.fields]
        if missing:
            message = f"not visible: {', '.join(missing)}; grant field access or correct the name"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        wanted = dict.fromkeys((*REQUIRED, *FIELDS[stream], *extra))
        return [name for name in wanted if name in described.fields], described

    def _bound(self, server_time: datetime) -> str:
        settle = self._config.settle_seconds
        return format_stamp(server_time - timedelta(seconds=settle)) if settle else ""


def _refuse_unwritable(change: Change) -> None:
    if change.stream not in _WRITABLE or not is_id(change.key):
        raise RejectedError(f"{SYSTEM}/{change.stream}: not a record that is written to")
    if not all(name.isascii() and name.isidentifier() for name in change.fields):
        raise RejectedError(f"{SYSTEM}/{change.stream}: a field name is none of Salesforce")


def _holds(row: Mapping[str, object], change: Change) -> bool:
    return all(name in row and row[name] == value for name, value in change.fields.items())


def _parse_stamp(stamp: str) -> datetime:
    """The stamp, rounded up to whole seconds as an HTTP date has them."""
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z")
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
