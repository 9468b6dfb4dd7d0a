"""Writing to a record: compared before, and changed under If-Unmodified-Since.

That condition counts whole seconds. It is exact all the same where the record was looked at some
seconds after its stamp: whatever comes after the look has a stamp behind the condition. Else the
exact stamp is compared right before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.layout import Layout
from connectors.salesforce.rows import fill_page
from connectors.salesforce.streams import WRITABLE, is_id
from hub.errors import ConflictError, RejectedError, SourceError
from hub.sdk import Change, Receipt, Record

_CLOCKS_APART: Final = timedelta(seconds=5)
"""How much the clock in answers may differ from the one of the stamps."""


class _Look(NamedTuple):
    """A record as it was looked at, and the server's clock then."""

    record: Record
    at: datetime


class RecordWriter:
    """Looks at single records and changes their fields; asks once for the layout of each object."""

    def __init__(self, client: SalesforceClient, describe: Callable[[str], Layout]) -> None:
        self._client = client
        self._describe = describe
        self._layouts: dict[str, Layout] = {}
        self._looks: dict[tuple[str, str], _Look] = {}
        """What was looked at last."""

    def layout(self, stream: str) -> Layout:
        """The layout of an object, asked for once."""
        if stream not in self._layouts:
            self._layouts[stream] = self._describe(stream)
        return self._layouts[stream]

    def look(self, stream: str, key: str) -> Record | None:
        """One record as it is now; a write that is computed from it need not read it again."""
        layout = self.layout(stream)
        row, at = self._client.row(stream, key, layout.names)
        found = fill_page(layout.level([row] if row else []), {}).records
        self.remember(stream, {record.key: record for record in found}, at)
        return found[0] if found else None

    def remember(self, stream: str, found: Mapping[str, Record], at: datetime) -> None:
        """Writes that are computed from these records need not read them again."""
        self._looks = {(stream, key): _Look(record, at) for key, record in found.items()}

    def write(self, change: Change) -> Receipt:
        """Compare, then change under a condition, so that no other's change is overwritten.

        Where the record already holds the values, an earlier try got through: nothing is sent.
        """
        refuse_unwritable(change)
        row = self._recall(change) or self._read(change)
        if done := compared(change, row):
            return done
        since = _round_up(str(row["SystemModstamp"]))
        self._client.update(change.stream, change.key, fields=change.fields, unless_since=since)
        version = self._version_after(change) if change.tell_version else None
        return Receipt(key=change.key, version=version)

    def _recall(self, change: Change) -> Mapping[str, Any] | None:
        """What was looked at last, once, where the condition alone guards it exactly."""
        last = self._looks.pop((change.stream, change.key), None)
        if last is None:
            return None
        stamp = last.record.version
        if stamp is None or stamp != change.expected_version:
            return None
        if last.at < _round_up(stamp) + _CLOCKS_APART:
            return None
        return last.record.data

    def _read(self, change: Change) -> Mapping[str, Any]:
        row, _ = self._client.row(change.stream, change.key, ("SystemModstamp", *change.fields))
        if row is None:
            raise ConflictError(f"{SYSTEM}/{change.stream}: the record is gone")
        return row

    def _version_after(self, change: Change) -> str | None:
        """None where it can't be read: the change is done, and that must not be forgotten."""
        try:
            row, _ = self._client.row(change.stream, change.key, ("SystemModstamp",))
        except SourceError:
            return None
        return str(row["SystemModstamp"]) if row else None


def compared(change: Change, row: Mapping[str, Any]) -> Receipt | None:
    """A receipt where the record holds the values already, None where they may be written.

    Raises ConflictError where the record is not as it was when the change was computed.
    """
    version = str(row["SystemModstamp"])
    if _holds(row, change):
        return Receipt(key=change.key, version=version)
    if change.expected_version is not None and version != change.expected_version:
        message = "the record changed since it was read; nothing was written"
        raise ConflictError(f"{SYSTEM}/{change.stream}: {message}")
    return None


def refuse_unwritable(change: Change) -> None:
    """Raise where a change names what can't be written to."""
    refuse_read_only(change.stream)
    if change.external_key and not change.key:
        raise ConflictError(f"{SYSTEM}/{change.stream}: no record has this external id")
    if not is_id(change.key):
        raise RejectedError(f"{SYSTEM}/{change.stream}: not a record that is written to")
    refuse_bad_names(change.stream, change.fields)


def refuse_read_only(stream: str) -> None:
    """Raise where an object is only read."""
    if stream not in WRITABLE:
        raise RejectedError(f"{SYSTEM}/{stream}: not an object that is written to")


def refuse_bad_names(stream: str, names: Iterable[str]) -> None:
    """Raise where a name is none that a field can have."""
    if not all(name.isascii() and name.isidentifier() for name in names):
        raise RejectedError(f"{SYSTEM}/{stream}: a field name is none of Salesforce")


def _holds(row: Mapping[str, Any], change: Change) -> bool:
    return all(name in row and row[name] == value for name, value in change.fields.items())


def _round_up(stamp: str) -> datetime:
    """The stamp, rounded up to whole seconds as an HTTP date has them."""
    moment = datetime.fromisoformat(stamp)
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
