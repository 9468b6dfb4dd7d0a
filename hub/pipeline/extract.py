"""Extract: reads one stream of a connection into the store, page by page.

Each page is landed in one transaction with its cursor, and refused where another worker has moved
the stream on (law 2). A read from no cursor is *full*: it opens an epoch, stamps every record it
meets, and at its end turns those it did not meet into tombstones, unless too many would go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import CursorExpiredError, HubError, SourceSchemaError
from hub.pipeline.ahead import reading_ahead
from hub.pipeline.collection import paced_collection
from hub.pipeline.counts import ExtractCounts
from hub.pipeline.pages import PreparedPage, prepare_page
from hub.sdk.contract import Capability, Connector, Page, Stream, Unreadable
from hub.store import leases, quarantine, runs, streams, unreadable
from hub.store.columns import to_micros
from hub.store.database import Connection, Engine, writing
from hub.store.ids import IdSource
from hub.store.landing import PageContext, PageLanding, count_missing, vanish
from hub.store.leases import Lease
from hub.store.streams import StreamState

STEP: Final = "extract"
_STUCK_AFTER: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTask:
    """What to read, and how carefully.

    ``full`` reads from the start even where a cursor is known; an interrupted full read goes on
    where it stopped. A full read that would delete more than ``max_missing_share`` of the records
    and more than ``min_missing``, or all of them, deletes nothing and ends in the state ``held``:
    look at the source, then run again with ``full`` and a share of 1 to let it. ``pages_ahead`` are
    fetched while one is landed; 0 fetches a page only once the one before is committed.
    """

    connection: str
    connector: str
    stream: Stream
    office: str = "front"
    renamed_from: str | None = None
    full: bool = False
    max_missing_share: float = 0.10
    min_missing: int = 5
    lease_seconds: float = 300.0
    pages_ahead: int = 2


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """How a read ended: ``ok``, or ``held`` with the reason in ``note``."""

    run_id: str
    stream_id: int
    state: str
    counts: Mapping[str, Any]
    note: str | None = None


def extract(engine: Engine, connector: Connector, *, task: StreamTask) -> ExtractResult:
    """Read what is new in a stream; pages committed before an error stay.

    Raises the connector's errors, StoreError where another worker holds the stream, and
    WatermarkRegressionError where one took it over.
    """
    read = _Read(engine, task)
    try:
        read.begin()
        try:
            read.run(connector)
        except CursorExpiredError:
            read.open_epoch()
            read.run(connector)
        return read.complete()
    except BaseException as error:
        read.fail(error)
        raise


class _Read:
    """One run over one stream, from lease to release."""

    def __init__(self, engine: Engine, task: StreamTask) -> None:
        self._engine = engine
        self._task = task
        self._ids = IdSource(engine, "source_record")
        self._quarantine_ids = IdSource(engine, "quarantine", block=1_000)
        self._counts = ExtractCounts()
        self._pages: set[bytes] = set()
        self._stuck = 0
        with writing(engine) as connection:
            self._state, self._lease = _take_stream(connection, task)
            self._unread = unreadable.open_fingerprints(
                connection, self._state.id, quarantine.READING
            )

    def begin(self) -> None:
        """Open an epoch where nothing is known, or all shall be read; go on with an open one."""
        if not self._state.epoch_open and (self._task.full or self._state.cursor is None):
            self.open_epoch()

    def run(self, connector: Connector) -> None:
        """Land every page after the committed cursor."""
        pages = self._pages_of(connector)
        with paced_collection() as collect, reading_ahead(pages, self._task.pages_ahead) as ready:
            for page in ready:
                prepared = prepare_page(page)
                self._watch_progress(prepared)
                self._land(prepared)
                collect()

    def _pages_of(self, connector: Connector) -> Iterator[Page]:
        """The connector's pages; whatever else it raises becomes an error that names the stream."""
        cursor = self._state.cursor
        try:
            yield from connector.read(self._task.stream.name, cursor)
        except (HubError, GeneratorExit):
            raise
        except Exception as error:
            raise SourceSchemaError(
                f"the connector broke down on an unexpected answer ({type(error).__name__}); "
                "nothing of this page was landed; tell the connector's author",
                system=self._task.connection,
                stream=self._task.stream.name,
            ) from error

    def open_epoch(self) -> None:
        """Start reading from the beginning."""
        self._pages.clear()
        opened = replace(self._state, cursor=None, epoch=self._state.epoch + 1, epoch_open=True)
        with writing(self._engine) as connection:
            advanced = leases.advance(connection, self._state, opened, lease=self._lease)
        self._state = advanced

    def complete(self) -> ExtractResult:
        """Compare keys where the read was full, and let the stream go."""
        with writing(self._engine) as connection:
            note = self._close_epoch(connection) if self._state.epoch_open else None
            state, counts = "held" if note else "ok", self._stored_counts()
            runs.finish_run(connection, self._run_id, state=state, counts=counts, error=note)
            leases.release_lease(connection, self._state.id, self._lease)
        return ExtractResult(self._run_id, self._state.id, state, counts, note)

    def fail(self, error: BaseException) -> None:
        """Record the failure; where even that fails, the first error is the one to raise."""
        message = str(error) if isinstance(error, HubError) else type(error).__name__
        counts = self._stored_counts()
        try:
            with writing(self._engine) as connection:
                runs.finish_run(
                    connection, self._run_id, state="failed", counts=counts, error=message
                )
                leases.release_lease(connection, self._state.id, self._lease)
        except HubError as second:
            error.add_note(f"the failed run could not be recorded: {second}")

    @property
    def _run_id(self) -> str:
        return self._lease.holder

    def _stored_counts(self) -> dict[str, Any]:
        return {**self._counts.balanced(), "epoch": self._state.epoch}

    def _watch_progress(self, page: PreparedPage) -> None:
        """A system that repeats one page for ever is broken, and must not be read for ever."""
        stuck = page.size > 0 and page.cursor == self._state.cursor and page.digest in self._pages
        self._stuck = self._stuck + 1 if stuck else 0
        if self._stuck >= _STUCK_AFTER:
            raise SourceSchemaError(
                f"the same page came {_STUCK_AFTER} times and the cursor stands still: the "
                "system's paging, or the connector's, is broken",
                system=self._task.connection,
                stream=self._task.stream.name,
            )

    def _land(self, page: PreparedPage) -> None:
        keys = page.keys
        self._ids.reserve(len(keys))
        self._quarantine_ids.reserve(len(page.unreadable))
        with writing(self._engine) as connection:
            after = replace(self._state, cursor=page.cursor)
            advanced = leases.advance(connection, self._state, after, lease=self._lease)
            landing = PageLanding(connection, self._context(), keys=keys, ids=self._ids)
            landing.place(page.records)
            landing.bury(page.tombstones)
            self._quarantine(connection, landing, page.unreadable)
            landing.store()
            self._settle(connection, page)
            counts = self._counts + self._counted(page, landing)
            stored = {**counts.balanced(), "epoch": advanced.epoch}
            runs.record_counts(connection, self._run_id, stored)
        self._state, self._counts = advanced, counts
        self._pages.add(page.digest)

    def _counted(self, page: PreparedPage, landing: PageLanding) -> ExtractCounts:
        counts = ExtractCounts(landing.counts)
        if page.digest in self._pages:
            counts.kinds["repeated"] += counts.kinds.pop("unchanged", 0)
        counts.kinds["unreadable"] += len(page.unreadable)
        counts.kinds["read"] += page.size
        counts.kinds["pages"] += 1
        counts.excluded.update(page.excluded)
        return counts

    def _quarantine(
        self, connection: Connection, landing: PageLanding, items: Sequence[Unreadable]
    ) -> None:
        rejected = [
            quarantine.Rejected(
                fingerprint=unreadable.reading_fingerprint(item.key, item.raw),
                stage=quarantine.READING,
                error="Unreadable",
                message=item.reason,
                record_id=landing.meet(item.key) if item.key else None,
                epoch=self._state.epoch,
                raw=item.raw,
            )
            for item in items
        ]
        quarantine.quarantine_records(
            connection, self._state.id, rejected=rejected, ids=self._quarantine_ids
        )
        self._unread.update(item.fingerprint for item in rejected)

    def _settle(self, connection: Connection, page: PreparedPage) -> None:
        """Close what waited in quarantine for records that could be read this time."""
        if not self._unread:
            return
        marks = {unreadable.reading_fingerprint(record.key, "") for record in page.records}
        read_now = marks & self._unread
        if read_now:
            unreadable.settle_fingerprints(connection, self._state.id, read_now)
            self._unread -= read_now

    def _close_epoch(self, connection: Connection) -> str | None:
        """Close it and delete what was not met; returns why nothing was deleted, if so."""
        incremental = Capability.INCREMENTAL in self._task.stream.capabilities
        cursor = self._state.cursor if incremental else None
        after = replace(self._state, cursor=cursor, epoch_open=False)
        advanced = leases.advance(connection, self._state, after, lease=self._lease)
        note = None
        if not self._task.stream.retains:
            unreadable.settle_unmet(connection, self._state.id, self._state.epoch)
            note = self._objection(connection)
            if note is None:
                self._counts.kinds["vanished"] += vanish(connection, self._context())
        self._state = advanced
        return note

    def _objection(self, connection: Connection) -> str | None:
        """Why the records that this full read has not met must stay."""
        task = self._task
        missing, live = count_missing(connection, self._context())
        if missing == 0 or task.max_missing_share >= 1:
            return None
        keyless = unreadable.count_keyless(connection, self._state.id, self._state.epoch)
        if keyless:
            return (
                f"{missing} of {live} records were not met, but {keyless} unreadable ones don't "
                "say which they are: nothing was deleted; see the quarantine"
            )
        if missing == live or missing > max(task.min_missing, task.max_missing_share * live):
            return (
                f"{missing} of {live} records are gone from the system: nothing was deleted; "
                "if that is right, read in full again and allow a missing share of 1"
            )
        return None

    def _context(self) -> PageContext:
        return PageContext(
            stream_id=self._state.id,
            epoch=self._state.epoch,
            epoch_open=self._state.epoch_open,
            run_id=self._run_id,
            observed_at=to_micros(datetime.now(UTC)),
        )


def _take_stream(connection: Connection, task: StreamTask) -> tuple[StreamState, Lease]:
    """The stream under our lease, whose holder is the run that begins here."""
    connection_id = streams.ensure_connection(
        connection,
        task.connection,
        connector=task.connector,
        office=task.office,
        renamed_from=task.renamed_from,
    )
    stream_id = streams.ensure_stream(connection, connection_id, task.stream.name)
    run_id = runs.start_run(connection, STEP, connection_id=connection_id, stream_id=stream_id)
    lease = Lease(run_id, task.lease_seconds)
    state = leases.acquire_lease(connection, stream_id, lease)
    runs.abandon_runs(connection, stream_id, step=STEP, keep=run_id)
    return state, lease
