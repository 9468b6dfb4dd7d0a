"""Extract: reads one stream of a connection into the store, page by page.

Each page is landed in one transaction with its cursor, and refused where another worker has moved
the stream on (law 2). A read from no cursor is *full*: it opens an epoch, stamps every record it
meets, and at its end turns those it did not meet into tombstones, unless too many would go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hub.errors import CursorExpiredError, HubError, SourceSchemaError
from hub.pipeline.ahead import reading_ahead
from hub.pipeline.blame import name_breakdown
from hub.pipeline.collection import paced_collection
from hub.pipeline.pages import PreparedPage, prepare_page
from hub.pipeline.turn import StreamTask, StreamTurn
from hub.sdk.contract import Capability, Connector, Page
from hub.store import unreadable
from hub.store.database import Connection, Engine, writing
from hub.store.landing import count_missing, vanish

__all__ = ["ExtractResult", "StreamTask", "extract"]

STEP: Final = "extract"
_STUCK_AFTER: Final = 10


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """How a read ended: ``ok``, ``stopped``, or ``held`` with the reason in ``note``."""

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
        self._stuck = 0
        self._turn = StreamTurn(engine, task, step=STEP)

    def begin(self) -> None:
        """Open an epoch where nothing is known, or all shall be read; go on with an open one."""
        state = self._turn.state
        if not state.epoch_open and (self._task.full or state.cursor is None):
            self.open_epoch()

    def run(self, connector: Connector) -> None:
        """Land every page after the committed cursor."""
        pages = self._pages_of(connector)
        with paced_collection() as collect, reading_ahead(pages, self._task.pages_ahead) as ready:
            for page in ready:
                prepared = prepare_page(page)
                self._watch_progress(prepared)
                self._turn.land(prepared)
                collect()
                if self._task.ending():
                    return

    def _pages_of(self, connector: Connector) -> Iterator[Page]:
        """The connector's pages; whatever else it raises becomes an error that names the stream."""
        cursor = self._turn.state.cursor
        try:
            yield from connector.read(self._task.stream.name, cursor)
        except (HubError, GeneratorExit):
            raise
        except Exception as error:
            raise SourceSchemaError(
                f"the connector broke down on an unexpected answer ({name_breakdown(error)}); "
                "nothing of this page was landed; tell the connector's author",
                system=self._task.connection,
                stream=self._task.stream.name,
            ) from error

    def open_epoch(self) -> None:
        """Start reading from the beginning."""
        turn = self._turn
        turn.pages.clear()
        opened = replace(turn.state, cursor=None, epoch=turn.state.epoch + 1, epoch_open=True)
        with writing(self._engine) as connection:
            advanced = turn.advance(connection, opened)
        turn.state = advanced

    def complete(self) -> ExtractResult:
        """Compare keys where the read was full, and let the stream go."""
        turn = self._turn
        if self._task.ending():
            return self._stop()
        with writing(self._engine) as connection:
            note = self._close_epoch(connection) if turn.state.epoch_open else None
            state, counts = "held" if note else "ok", self._stored_counts()
            turn.end(connection, state, counts=counts, note=note)
        return ExtractResult(turn.run_id, turn.state.id, state, counts, note)

    def _stop(self) -> ExtractResult:
        """Let the stream go as it is: an epoch that is open stays so."""
        turn, counts = self._turn, self._stored_counts()
        with writing(self._engine) as connection:
            turn.end(connection, "stopped", counts=counts, note=None)
        return ExtractResult(turn.run_id, turn.state.id, "stopped", counts)

    def fail(self, error: BaseException) -> None:
        """Record the failure; where even that fails, the first error is the one to raise."""
        self._turn.fail(error, self._stored_counts())

    def _stored_counts(self) -> dict[str, Any]:
        return {**self._turn.counts.balanced(), "epoch": self._turn.state.epoch}

    def _watch_progress(self, page: PreparedPage) -> None:
        """A system that repeats one page for ever is broken, and must not be read for ever."""
        same = page.cursor == self._turn.state.cursor and page.digest in self._turn.pages
        self._stuck = self._stuck + 1 if page.size > 0 and same else 0
        if self._stuck >= _STUCK_AFTER:
            raise SourceSchemaError(
                f"the same page came {_STUCK_AFTER} times and the cursor stands still: the "
                "system's paging, or the connector's, is broken",
                system=self._task.connection,
                stream=self._task.stream.name,
            )

    def _close_epoch(self, connection: Connection) -> str | None:
        """Close it and delete what was not met; returns why nothing was deleted, if so."""
        turn, state = self._turn, self._turn.state
        incremental = Capability.INCREMENTAL in self._task.stream.capabilities
        cursor = state.cursor if incremental else None
        advanced = turn.advance(connection, replace(state, cursor=cursor, epoch_open=False))
        note = None
        if not self._task.stream.retains:
            unreadable.settle_unmet(connection, state.id, state.epoch)
            note = self._objection(connection)
            if note is None:
                turn.counts.kinds["vanished"] += vanish(connection, turn.context())
        turn.state = advanced
        return note

    def _objection(self, connection: Connection) -> str | None:
        """Why the records that this full read has not met must stay."""
        state, task = self._turn.state, self._task
        missing, live = count_missing(connection, self._turn.context())
        if missing == 0 or task.max_missing_share >= 1:
            return None
        keyless = unreadable.count_keyless(connection, state.id, state.epoch)
        if keyless:
            return (
                f"{missing} of {live} records were not met, but {keyless} unreadable ones don't "
                "say which they are: nothing was deleted; see the quarantine"
            )
        if task.holds(missing, live):
            return (
                f"{missing} of {live} records are gone from the system: nothing was deleted; "
                f"if that is right, `hub sync {task.connection} --full --allow-deletes` lets it"
            )
        return None
