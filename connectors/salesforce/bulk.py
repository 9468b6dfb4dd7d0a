"""Bulk API 2.0: a first load by a query job, whose results come as CSV in numbered sets.

The rows of a job come in no order, so its position is not a record but a results set: the job's id
and the locator of the next set, which stays good as long as the job exists (seven days). What
changes while the job runs is not in it: the keyset read goes on from a time before the job began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.layout import Layout
from connectors.salesforce.rows import fill_page, newest
from connectors.salesforce.streams import Position, is_id, is_stamp
from hub.errors import (
    CursorExpiredError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Cursor, Page

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
_LOCATOR: Final = re.compile(r"^[A-Za-z0-9_=+/.-]{0,500}$")
_CODE: Final = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b")
_ENDED_BADLY: Final = frozenset({"Aborted", "Failed"})


class JobPosition(NamedTuple):
    """A query job, the locator of its next results ('' for the first), and the time before it.

    ``stamp`` and ``id`` are those of the newest record so far that is not after that time. Results
    are given only to the API version that the job was made with.
    """

    job: str
    locator: str
    watermark: str
    version: str
    stamp: str = ""
    id: str = ""

    @classmethod
    def from_cursor(cls, cursor: Cursor | None, version: str) -> JobPosition | None:
        """None where the cursor is not in the middle of a job; all of it goes into URLs."""
        if not cursor or "job" not in cursor:
            return None
        found = cls(*(str(cursor.get(name, "")) for name in cls._fields))
        if found.version != version or not found.is_known():
            raise CursorExpiredError("the query job in the cursor can't be read on; read in full")
        return found

    def cursor(self) -> Cursor:
        """As it is stored."""
        return dict(self._asdict())

    def is_known(self) -> bool:
        """Whether all of it has the form that it must have."""
        place = is_stamp(self.stamp) and is_id(self.id) if self.stamp or self.id else True
        locator = _LOCATOR.match(self.locator) is not None
        return is_id(self.job) and is_stamp(self.watermark) and locator and place

    def after(self, *, full: bool) -> Position:
        """Where the keyset read goes on: behind the newest record that is from before the job."""
        if self.stamp:
            return Position(self.stamp, self.id, full)
        return Position.at(self.watermark, full=full)


class BulkReader:
    """Reads a stream by a query job, from the start or on from where an earlier run stopped."""

    def __init__(self, client: SalesforceClient, config: SalesforceConfig) -> None:
        self._client = client
        self._config = config
        self._read: list[tuple[str, str]] = []

    def begin(self, layout: Layout, watermark: str) -> JobPosition:
        """Ask for a job. Without ORDER BY, for that would keep Salesforce from chunking it."""
        soql = f"SELECT {', '.join(layout.names)} FROM {layout.stream}"
        job = self._client.create_job(soql, layout.stream)
        return JobPosition(job, "", watermark, self._config.api_version)

    def pages(self, layout: Layout, position: JobPosition, *, resumed: bool) -> Iterator[Page]:
        """Empty pages while the job runs, so that its id is kept; then one for each results set.

        Raises CursorExpiredError where a job that is resumed is no longer there to be read.
        """
        stream = layout.stream
        if not resumed:
            yield _nothing(position)
        yield from self._wait(stream, position, resumed=resumed)
        while True:
            found = self._client.results(position, self._config.bulk_page_size, stream)
            if found is None:
                raise CursorExpiredError(f"{SYSTEM}/{stream}: the query job is gone")
            rows = layout.parse(found.content)
            _check_count(found.number, rows, stream)
            stamp, key, _ = max(
                Position(position.stamp, position.id), newest(rows, position.watermark)
            )
            position = position._replace(locator=found.locator, stamp=stamp, id=key)
            after = position.after(full=self._config.settle_seconds > 0)
            yield fill_page(rows, (position if found.locator else after).cursor())
            if not found.locator:
                self._read.append((stream, position.job))
                return

    def close(self) -> None:
        """Delete the jobs that were read to their end.

        Not sooner: a page that was given need not be stored. Salesforce itself deletes a job after
        seven days.
        """
        for stream, job in self._read:
            with suppress(SourceError):
                self._client.delete_job(job, stream)
        self._read.clear()

    def _wait(self, stream: str, position: JobPosition, *, resumed: bool) -> Iterator[Page]:
        """Poll with growing pauses; each gives a page, by which the hub keeps hold of the stream.

        A job that ended badly before this run looked at it is none of this run's failures.
        """
        pause, waited = FIRST_PAUSE_SECONDS, 0.0
        while (state := self._state(stream, position, resumed=resumed)) != "JobComplete":
            if waited >= self._config.bulk_wait_seconds:
                message = f"the query job is still {state}; the next run goes on with it"
                raise SourceUnavailableError(message, system=SYSTEM, stream=stream)
            self._client.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            resumed = False
            yield _nothing(position)

    def _state(self, stream: str, position: JobPosition, *, resumed: bool) -> str:
        job = self._client.job(position.job, stream)
        state = str(job.get("state")) if job else "gone"
        if job and state not in _ENDED_BADLY:
            return state
        if resumed or not job:
            raise CursorExpiredError(f"{SYSTEM}/{stream}: the query job is {state}; read in full")
        place = {"system": SYSTEM, "stream": stream}
        if state == "Aborted":
            message = "somebody aborted the query job in Salesforce; the next run begins a new one"
            raise SourceUnavailableError(message, **place)
        # The message may quote the query; its code says enough.
        code = _CODE.search(str(job.get("errorMessage", "")))
        reason = f" ({code[0]})" if code else ""
        message = f"the query job failed{reason}; see Bulk Data Load Jobs in Salesforce's Setup"
        raise SourceSchemaError(f"{message}, or set bulk_from to 0 to do without", **place)


def _nothing(position: JobPosition) -> Page:
    return Page(records=(), cursor=position.cursor())


def _check_count(said: str, rows: list[dict[str, Any]], stream: str) -> None:
    """Sforce-NumberOfRecords, where a gateway has left it."""
    if said.isdecimal() and int(said) != len(rows):
        message = f"{len(rows)} records came of the {said} that a results set has; run it again"
        raise SourceUnavailableError(message, system=SYSTEM, stream=stream)
