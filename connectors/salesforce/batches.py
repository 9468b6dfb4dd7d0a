"""Many records in one request: compared right before, then saved by an sObject Collection.

A collection takes no condition, so a change by another that is saved between our comparing and our
saving (one request's time) is not noticed: it is overwritten where it is to the same field. So each
save comes right after a comparison of its own, also where a refused collection is sent in halves.
What the hub has looked at in the moment before is compared with that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.composite import Saved, Seen
from connectors.salesforce.layout import Layout
from connectors.salesforce.rows import fill_page
from connectors.salesforce.streams import REQUIRED, is_id
from connectors.salesforce.writing import compared, refuse_unwritable
from hub.errors import (
    ConflictError,
    DeliveryError,
    OutcomeUnknownError,
    RejectedError,
    SourceError,
    SourceUnavailableError,
    TransientSourceError,
)
from hub.sdk import Change, Receipt, Record, WriteResult

_GONE: Final = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
_FRESH: Final = 0.5
"""A look is the comparison of a save that leaves so many seconds later at most."""
_BUSY: Final = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"})


class RecordBatches:
    """Looks at many records of one object and changes their fields."""

    def __init__(self, client: SalesforceClient, layout: Callable[[str], Layout]) -> None:
        self._client = client
        self._layout = layout
        self._looked: dict[tuple[str, str], Record] = {}
        self._at = 0.0

    def remember(self, stream: str, found: Mapping[str, Record]) -> None:
        """What was looked at just now: a batch that leaves at once is compared with it."""
        self._looked = {(stream, key): record for key, record in found.items()}
        self._at = time.time()

    def look(
        self, stream: str, keys: Sequence[str], fields: Collection[str] | None = None
    ) -> tuple[dict[str, Record], datetime]:
        """Records as they are now, or these fields of them, and the server's clock before; one that
        is gone or in the recycle bin is missing.
        """
        asked, layout = [key for key in keys if is_id(key)], self._layout(stream)
        wanted = layout.names if fields is None else [*REQUIRED, *fields]
        names = [name for name in layout.names if name in wanted]
        seen = self._seen(stream, asked, names)
        rows = zip(asked, seen.rows, strict=True)
        found = [(key, fill_page(layout.level([row]), {}).records) for key, row in rows if row]
        return {key: records[0] for key, records in found if records}, seen.at

    def write(self, stream: str, changes: Sequence[Change], *, by: float) -> list[WriteResult]:
        """Make the changes, if they can be sent by a time; an error says that none was made."""
        refused = [_refusal(change, self._layout(stream).known) for change in changes]
        open_changes = [one for one, error in zip(changes, refused, strict=True) if error is None]
        made = iter(self._write(stream, open_changes, by=by))
        return self._with_versions(stream, [error or next(made) for error in refused])

    def _seen(self, stream: str, keys: Sequence[str], fields: Sequence[str]) -> Seen:
        if not keys:
            return Seen([], datetime.now(UTC))
        return self._client.composite.rows(stream, keys, fields)

    def _write(self, stream: str, changes: Sequence[Change], *, by: float) -> list[WriteResult]:
        """Compare all, and save those that are as they should be."""
        names = {name: None for change in changes for name in change.fields}
        rows = self._recall(stream, changes) or self._read(stream, changes, [*names])
        found = [_compared(change, row) for change, row in zip(changes, rows, strict=True)]
        open_changes = [one for one, result in zip(changes, found, strict=True) if result is None]
        made = iter(self._save(stream, open_changes, by=by))
        return [result or next(made) for result in found]

    def _recall(
        self, stream: str, changes: Sequence[Change]
    ) -> Sequence[Mapping[str, Any] | None] | None:
        """The records of the last look, once, where it was of all of these and is fresh."""
        looked, self._looked = self._looked, {}
        found = [looked.get((stream, change.key)) for change in changes]
        if not 0 <= time.time() - self._at < _FRESH or None in found:
            return None
        return [record.data for record in found if record]

    def _read(
        self, stream: str, changes: Sequence[Change], names: Sequence[str]
    ) -> Sequence[Mapping[str, Any] | None]:
        fields = ["SystemModstamp", "IsDeleted", *names]
        return self._seen(stream, [change.key for change in changes], fields).rows

    def _save(self, stream: str, changes: Sequence[Change], *, by: float) -> list[WriteResult]:
        if not changes:
            return []
        if time.time() > by:
            message = "the batch took too long and was not sent to its end; the rest comes later"
            raise SourceUnavailableError(message, system=SYSTEM, stream=stream)
        rows = [{"id": change.key, **change.fields} for change in changes]
        try:
            saved = self._client.composite.update(stream, rows)
        except (OutcomeUnknownError, ConflictError) as error:
            return [error] * len(changes)
        except RejectedError as error:
            return self._in_halves(stream, changes, error=error, by=by)
        return [_result(change, one) for change, one in zip(changes, saved, strict=True)]

    def _in_halves(
        self, stream: str, changes: Sequence[Change], *, error: RejectedError, by: float
    ) -> list[WriteResult]:
        """A request that is refused as a whole has done nothing: find out which record it was."""
        if len(changes) == 1:
            return [error]
        half = len(changes) // 2
        parts = changes[:half], changes[half:]
        return [result for part in parts for result in self._write_part(stream, part, by=by)]

    def _write_part(self, stream: str, part: Sequence[Change], *, by: float) -> list[WriteResult]:
        """The other part may have been made, so an error here is told of these changes alone."""
        try:
            return self._write(stream, part, by=by)
        except TransientSourceError as error:
            return [error] * len(part)
        except SourceError as error:
            message = f"not made: {type(error).__name__} while the batch was sent in parts"
            return [SourceUnavailableError(message, system=SYSTEM, stream=stream)] * len(part)

    def _with_versions(self, stream: str, results: Sequence[WriteResult]) -> list[WriteResult]:
        """The new stamps of what was saved; None where they can't be read: it is saved."""
        keys = [one.key for one in results if isinstance(one, Receipt) and one.version is None]
        try:
            rows = self._seen(stream, keys, ["SystemModstamp"]).rows
        except SourceError:
            return list(results)
        stamps = {
            key: str(row["SystemModstamp"])
            for key, row in zip(keys, rows, strict=True)
            if row and row.get("SystemModstamp")
        }
        return [
            replace(one, version=stamps[one.key])
            if isinstance(one, Receipt) and one.key in stamps
            else one
            for one in results
        ]


def _refusal(change: Change, known: frozenset[str]) -> DeliveryError | None:
    """Why a change is not sent at all: it would take the whole request with it."""
    try:
        refuse_unwritable(change)
    except DeliveryError as error:
        return error
    if any(name.lower() not in known for name in change.fields):
        return RejectedError(f"{SYSTEM}/{change.stream}: there is no such field; correct the rule")
    return None


def _compared(change: Change, row: Mapping[str, Any] | None) -> WriteResult | None:
    """What is known of a change without sending it; None where it has to be sent."""
    if row is None or row.get("IsDeleted"):
        return ConflictError(f"{SYSTEM}/{change.stream}: the record is gone")
    try:
        return compared(change, row)
    except ConflictError as error:
        return error


def _result(change: Change, saved: Saved) -> WriteResult:
    if not saved.code and saved.id[:15] != change.key[:15]:
        message = "the answer is for another record than was sent; look at both"
        return OutcomeUnknownError(f"{SYSTEM}/{change.stream}: {message}")
    if not saved.code:
        return Receipt(key=change.key)
    return failure(change.stream, saved.code)


def failure(stream: str, code: str) -> DeliveryError | TransientSourceError:
    """The error that the code of a record that was not saved stands for."""
    if code in _GONE:
        return ConflictError(f"{SYSTEM}/{stream}: {code}: the record is gone")
    if code in _BUSY:
        message = f"{code}: somebody else works on the record; it was not changed"
        return SourceUnavailableError(message, system=SYSTEM, stream=stream)
    return RejectedError(f"{SYSTEM}/{stream}: {code}: the record is refused; correct it")
