"""Push: lands what was pushed and stored, the normal way.

Each stream is landed in a turn under its lease, in the order of arrival; the cursor of reading
stays where it is. An older version never replaces a newer one (``stale``). A delivery that can't be
used is put aside with its reason; one that met a system or a store that was away waits for the next
time. Killed anywhere, the next run lands the same again, which changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.errors import (
    AuthenticationError,
    ContractError,
    HubError,
    RecordError,
    StoreError,
    TransientSourceError,
)
from hub.pipeline.blame import name_breakdown
from hub.pipeline.connections import OpenConnection
from hub.pipeline.intake import push_streams
from hub.pipeline.pages import PreparedPage, join_pages, prepare_page
from hub.pipeline.steps import canonicalise_stream, stream_task
from hub.pipeline.turn import StreamTurn
from hub.pipeline.workplace import Workplace
from hub.sdk.contract import Page, Record, Stream, Tombstone
from hub.sdk.webhooks import PushDelivery, StreamPush
from hub.store.database import reading, writing
from hub.store.pushes import (
    Pushed,
    connections_waiting,
    fail_delivery,
    forget_deliveries,
    list_pending,
    settle_deliveries,
)

STEP: Final = "push"
BATCH: Final = 50
_TROUBLE: Final = 3
"""After so many hints that could not be fetched the system is taken to be away."""
_WAITING: Final = (AuthenticationError, StoreError, TransientSourceError)
"""Errors that are no fault of a delivery's: it is tried again as it is."""


@dataclass
class PushReport:
    """What became of the deliveries of a connection: taken = done + failed + waiting."""

    connection: str
    counts: Counter[str] = field(default_factory=Counter)
    landed: Counter[str] = field(default_factory=Counter)
    errors: list[HubError] = field(default_factory=list)

    def as_counts(self) -> dict[str, Any]:
        """The counts in one level."""
        names = ("taken", "done", "failed", "waiting")
        kinds = ("new", "changed", "unchanged", "repeated", "stale", "tombstones", "unreadable")
        return {name: self.counts[name] for name in names} | {
            kind: self.landed[kind] for kind in (*kinds, "excluded")
        }


def drain_all(work: Workplace) -> Iterator[PushReport]:
    """Land what waits for any configured connection."""
    with reading(work.engine) as db:
        names = connections_waiting(db)
    for name in names:
        if name in work.config.connections:
            yield drain(work, name)


def drain(work: Workplace, connection: str, *, batches: int | None = None) -> PushReport:
    """Land what waits for a connection, or so many batches; why something waits on is in
    ``errors``.
    """
    report, after = PushReport(connection), None
    while not report.errors and batches != 0 and (batch := _next(work, connection, after)):
        with work.site.connected(connection) as opened:
            _Batch(work, opened, report).run(batch)
        after = batch[-1].id
        batches = None if batches is None else batches - 1
    if not report.counts["taken"]:
        return report
    keep = datetime.now(UTC) - timedelta(days=work.config.push.keep_days)
    with writing(work.engine) as db:
        forget_deliveries(db, keep)
    return report


def _next(work: Workplace, connection: str, after: str | None) -> list[Pushed]:
    with reading(work.engine) as db:
        return list_pending(db, connection, after=after, limit=BATCH)


class _Batch:
    """Some deliveries of one connection, from their bodies to their records."""

    def __init__(self, work: Workplace, opened: OpenConnection, report: PushReport) -> None:
        self._work = work
        self._opened = opened
        self._report = report
        self._wanted = push_streams(opened)
        self._trouble = 0
        self._failed: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._fetched_now: set[tuple[str, str]] = set()
        """What was fetched after all these deliveries came, so that once is enough."""

    def run(self, batch: Sequence[Pushed]) -> None:
        """Land them stream by stream, then note what became of each."""
        said = [(delivery, push) for delivery in batch for push in self._receive(delivery)]
        for stream in self._opened.streams:
            mine = [(delivery, push) for delivery, push in said if push.stream == stream.name]
            if mine:
                self._land(stream, mine)
        self._settle(batch)

    def _receive(self, delivery: Pushed) -> list[StreamPush]:
        """What a delivery says about streams that are synced; nothing where it is unusable."""
        given = PushDelivery(
            id=delivery.delivery_id,
            body=delivery.body,
            headers=delivery.headers,
            received_at=delivery.received_at,
        )
        connector: Any = self._opened.connector
        try:
            said = list(connector.receive(given))
            return [push for push in said if self._is_wanted(push)]
        except HubError as error:
            self._put_aside(delivery, error)
        except Exception as error:  # noqa: BLE001  # a connector may stumble over anything
            self._put_aside(delivery, _breakdown(error))
        return []

    def _is_wanted(self, push: StreamPush) -> bool:
        if push.stream in self._wanted:
            return True
        known = {stream.name for stream in (*self._opened.spec.streams, *self._opened.streams)}
        if push.stream not in known:
            raise ContractError(f"the connector has no stream {push.stream!r}; tell its author")
        self._report.landed["excluded"] += len(push.records) + len(push.tombstones)
        self._report.landed["excluded"] += len(push.hints) + len(push.unreadable)
        return False

    def _land(self, stream: Stream, said: Sequence[tuple[Pushed, StreamPush]]) -> None:
        """One turn over one stream; where it can't go on, the rest of its deliveries waits."""
        rest = Counter(delivery.id for delivery, _ in said)
        try:
            with _Turn(self._work, self._opened, stream, self._report) as turn:
                for ids, page in self._pages(said):
                    turn.land(replace(page, cursor=turn.state.cursor))
                    rest.subtract(ids)
        except _WAITING as error:
            self._waiting |= {name for name, left in rest.items() if left > 0}
            self._report.errors.append(error)
            return
        canonicalise_stream(self._work, self._opened.name, stream.name)

    def _pages(
        self, said: Sequence[tuple[Pushed, StreamPush]]
    ) -> Iterator[tuple[list[str], PreparedPage]]:
        """Deliveries in their order, as many together as speak of no record twice: each page costs
        a commit. What was gathered before an error is landed before it is raised.
        """
        group = _Group()
        for delivery, push in said:
            try:
                page = self._prepared(delivery, push)
            except HubError:
                yield from group.take()
                raise
            if page is not None and not group.fits(page):
                yield from group.take()
            if page is not None:
                group.add(delivery.id, page)
        yield from group.take()

    def _prepared(self, delivery: Pushed, push: StreamPush) -> PreparedPage | None:
        """What can't be fetched now waits, and soon everything: the system may be away."""
        if delivery.id in self._failed:
            return None
        try:
            page = prepare_page(self._page(push))
        except HubError as error:
            self._put_aside(delivery, error)
            self._trouble += isinstance(error, _WAITING)
            if isinstance(error, AuthenticationError) or self._trouble >= _TROUBLE:
                raise
        except Exception as error:  # noqa: BLE001  # what a connector gives may be anything
            self._put_aside(delivery, _breakdown(error))
        else:
            self._fetched_now.update((push.stream, key) for key in push.hints)
            return page
        return None

    def _page(self, push: StreamPush) -> Page:
        if any(record.version is None for record in push.records):
            raise RecordError(
                "a record came without a version, so nobody can tell whether it is the newest; "
                "the connector should give a hint instead: tell its author"
            )
        records, gone = list(push.records), list(push.tombstones)
        for key, found in self._fetched(push):
            if found is None:
                gone.append(Tombstone(key))
            else:
                records.append(found)
        return Page(records=records, tombstones=gone, unreadable=push.unreadable, cursor={})

    def _fetched(self, push: StreamPush) -> Iterator[tuple[str, Record | None]]:
        connector: Any = self._opened.connector
        if push.hints and not callable(getattr(connector, "fetch", None)):
            raise ContractError("the connector gives hints and has no fetch(); tell its author")
        told = {record.key for record in push.records} | {gone.key for gone in push.tombstones}
        self._fetched_now -= {(push.stream, key) for key in told}
        for key in dict.fromkeys(push.hints):
            if (push.stream, key) not in self._fetched_now:
                yield key, connector.fetch(push.stream, key)

    def _put_aside(self, delivery: Pushed, error: HubError) -> None:
        if isinstance(error, _WAITING):
            self._waiting.add(delivery.id)
            self._report.errors.append(error)
        else:
            self._failed[delivery.id] = str(error)

    def _settle(self, batch: Sequence[Pushed]) -> None:
        open_ids = self._failed.keys() | self._waiting
        done = [delivery.id for delivery in batch if delivery.id not in open_ids]
        with writing(self._work.engine) as db:
            settle_deliveries(db, done)
            for id_, reason in self._failed.items():
                fail_delivery(db, id_, reason)
        waiting = len(self._waiting - self._failed.keys())
        self._report.counts.update(
            taken=len(batch), done=len(done), failed=len(self._failed), waiting=waiting
        )


def _breakdown(error: Exception) -> RecordError:
    """Its class and place alone: the text may quote the delivery."""
    return RecordError(f"the connector broke down on it ({name_breakdown(error)}); tell its author")


class _Group:
    """Deliveries that are landed together; no two of them speak of one record."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._pages: list[PreparedPage] = []
        self._keys: set[str] = set()

    def fits(self, page: PreparedPage) -> bool:
        return self._keys.isdisjoint(page.keys)

    def add(self, delivery_id: str, page: PreparedPage) -> None:
        self._ids.append(delivery_id)
        self._pages.append(page)
        self._keys.update(page.keys)

    def take(self) -> Iterator[tuple[list[str], PreparedPage]]:
        """What was gathered, if anything; the next group begins."""
        if self._pages:
            yield self._ids, join_pages(self._pages)
        self._ids, self._pages, self._keys = [], [], set()


class _Turn:
    """A turn that ends well or is recorded as failed, and adds its counts to the report."""

    def __init__(
        self, work: Workplace, opened: OpenConnection, stream: Stream, report: PushReport
    ) -> None:
        self._engine = work.engine
        self._task = stream_task(work, opened, stream)
        self._report = report

    def __enter__(self) -> StreamTurn:
        self._turn = StreamTurn(self._engine, self._task, step=STEP)
        return self._turn

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        counts = self._stored_counts()
        if error is not None:
            self._turn.fail(error, counts)
        else:
            with writing(self._engine) as db:
                self._turn.end(db, "ok", counts=counts, note=None)
        self._report.landed.update(self._turn.counts.kinds)

    def _stored_counts(self) -> Mapping[str, Any]:
        return {**self._turn.counts.balanced(), "epoch": self._turn.state.epoch}
