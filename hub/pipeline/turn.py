"""A turn: one run over one stream, from lease to release; all that lands is landed in one.

Whoever reads, compares keys or takes what was pushed has a turn first. Each of its transactions
begins by advancing the stream, which is refused where another worker has moved it on (law 2).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import HubError
from hub.pipeline.counts import ExtractCounts
from hub.pipeline.pages import PreparedPage
from hub.sdk.contract import Stream, Unreadable
from hub.store import leases, quarantine, runs, streams, suppression, unreadable
from hub.store.columns import to_micros
from hub.store.database import Connection, Engine, writing
from hub.store.ids import IdSource
from hub.store.landing import PageContext, PageLanding
from hub.store.leases import Lease
from hub.store.streams import StreamState
from hub.store.suppression import KeySource, no_key


def never() -> bool:
    """Nothing asks to end."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTask:
    """What to read, and how carefully.

    ``full`` reads from the start even where a cursor is known; an interrupted full read goes on
    where it stopped. A full read or a key scan that would delete more than ``max_missing_share``
    of the records and more than ``min_missing``, or all of them, deletes nothing and ends in the
    state ``held``: look at the source, then run it again with a share of 1 to let it.
    ``pages_ahead`` are fetched while one is landed; 0 waits until the page before is committed.
    ``erasure_key`` gives the key that recognises erased people, once there are any. A read that is
    ``ending`` stops after the page at hand, in the state ``stopped``; the next one goes on there.
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
    pages_ahead: int = 1
    erasure_key: KeySource = no_key
    ending: Callable[[], bool] = never

    def holds(self, missing: int, live: int) -> bool:
        """Whether so many deletions wait for a person."""
        if missing == 0 or self.max_missing_share >= 1:
            return False
        return missing == live or missing > max(self.min_missing, self.max_missing_share * live)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncMode:
    """How to sync: what changed, everything (``full``), or the keys alone.

    ``allow_deletes`` lets this run delete more than ``max_delete_share``; ``ending`` is asked after
    each page whether to stop there.
    """

    full: bool = False
    keys: bool = False
    allow_deletes: bool = False
    ending: Callable[[], bool] = never


CHANGES: Final = SyncMode()
"""The usual way: what changed."""


class StreamTurn:
    """The stream under our lease; ``state`` is what is committed, ``counts`` what came so far."""

    def __init__(self, engine: Engine, task: StreamTask, *, step: str) -> None:
        self.counts = ExtractCounts()
        self.pages: set[bytes] = set()
        """Digests of the pages landed so far."""
        self._engine = engine
        self._task = task
        self._ids = IdSource(engine, "source_record")
        self._quarantine_ids = IdSource(engine, "quarantine", block=1_000)
        with writing(engine) as connection:
            self.state, self._lease = _take_stream(connection, task, step)
            self._unread = unreadable.open_fingerprints(
                connection, self.state.id, quarantine.READING
            )

    @property
    def run_id(self) -> str:
        """The run, which is also the holder of the lease."""
        return self._lease.holder

    def advance(self, connection: Connection, after: StreamState) -> StreamState:
        """Move the stream on, and renew the lease; must be the transaction's first statement."""
        return leases.advance(connection, self.state, after, lease=self._lease)

    def context(self, suppressed: Container[str] = ()) -> PageContext:
        """Where and when something lands now, and what must not."""
        return PageContext(
            suppressed=suppressed,
            stream_id=self.state.id,
            epoch=self.state.epoch,
            epoch_open=self.state.epoch_open,
            run_id=self.run_id,
            observed_at=to_micros(datetime.now(UTC)),
        )

    def land(self, page: PreparedPage) -> None:
        """Commit a page with its cursor, or nothing of it."""
        keys = page.keys
        self._ids.reserve(len(keys))
        self._quarantine_ids.reserve(len(page.unreadable))
        with writing(self._engine) as connection:
            advanced = self.advance(connection, replace(self.state, cursor=page.cursor))
            context = self.context(self._suppressed(connection, keys))
            landing = PageLanding(connection, context, keys=keys, ids=self._ids)
            landing.place(page.records)
            landing.bury(page.tombstones)
            unread = [item for item in page.unreadable if item.key not in context.suppressed]
            landing.counts["suppressed"] += len(page.unreadable) - len(unread)
            landing.counts["unreadable"] += len(unread)
            self._quarantine(connection, landing, unread)
            landing.store()
            self._settle(connection, page)
            counts = self.counts + self._counted(page, landing)
            stored = {**counts.balanced(), "epoch": advanced.epoch}
            runs.record_counts(connection, self.run_id, stored)
        self.state, self.counts = advanced, counts
        self.pages.add(page.digest)

    def end(
        self, connection: Connection, state: str, *, counts: Mapping[str, Any], note: str | None
    ) -> None:
        """Note how the run ended, and let the stream go."""
        runs.finish_run(connection, self.run_id, state=state, counts=counts, error=note)
        leases.release_lease(connection, self.state.id, self._lease)

    def fail(self, error: BaseException, counts: Mapping[str, Any]) -> None:
        """Record the failure; where even that fails, the first error is the one to raise."""
        message = str(error) if isinstance(error, HubError) else type(error).__name__
        try:
            with writing(self._engine) as connection:
                self.end(connection, "failed", counts=counts, note=message)
        except HubError as second:
            error.add_note(f"the failed run could not be recorded: {second}")

    def _counted(self, page: PreparedPage, landing: PageLanding) -> ExtractCounts:
        counts = ExtractCounts(landing.counts)
        if page.digest in self.pages:
            counts.kinds["repeated"] += counts.kinds.pop("unchanged", 0)
        counts.kinds["read"] += page.size
        counts.kinds["pages"] += 1
        counts.excluded.update(page.excluded)
        return counts

    def _suppressed(self, connection: Connection, keys: Sequence[str]) -> Container[str]:
        """Asked in the page's own transaction: an erasure may have been committed just now."""
        marks = suppression.open_marks(connection, self._task.erasure_key)
        if marks is None:
            return ()
        return suppression.suppressed_keys(connection, marks, self.state.id, keys)

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
                epoch=self.state.epoch,
                raw=item.raw,
            )
            for item in items
        ]
        quarantine.quarantine_records(
            connection, self.state.id, rejected=rejected, ids=self._quarantine_ids
        )
        self._unread.update(item.fingerprint for item in rejected)

    def _settle(self, connection: Connection, page: PreparedPage) -> None:
        """Close what waited in quarantine for records that could be read this time."""
        if not self._unread:
            return
        marks = {unreadable.reading_fingerprint(record.key, "") for record in page.records}
        read_now = marks & self._unread
        if read_now:
            unreadable.settle_fingerprints(connection, self.state.id, read_now)
            self._unread -= read_now


def _take_stream(connection: Connection, task: StreamTask, step: str) -> tuple[StreamState, Lease]:
    """The stream under our lease, whose holder is the run that begins here."""
    connection_id = streams.ensure_connection(
        connection,
        task.connection,
        connector=task.connector,
        office=task.office,
        renamed_from=task.renamed_from,
    )
    stream_id = streams.ensure_stream(connection, connection_id, task.stream.name)
    run_id = runs.start_run(connection, step, connection_id=connection_id, stream_id=stream_id)
    lease = Lease(run_id, task.lease_seconds)
    state = leases.acquire_lease(connection, stream_id, lease)
    runs.abandon_runs(connection, stream_id, step=step, keep=run_id)
    return state, lease
