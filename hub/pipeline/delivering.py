"""Delivering: intent → look → write → receipt, each step committed before the next.

Deliveries to one record make one change. Where the target takes many changes in one request, a
batch goes each step together; else each change goes alone. A killed worker's deliveries are looked
up at the target after the settle time; one is sent again only where the target still holds the old
value.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID, uuid5

from hub.errors import (
    AuthenticationError,
    ConflictError,
    DeliveryError,
    HubError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceError,
    SourceUnavailableError,
    StoreError,
)
from hub.pipeline.connections import OpenConnection
from hub.pipeline.publish import as_text, means_same
from hub.sdk.contract import (
    BatchWriter,
    Capability,
    Change,
    Receipt,
    Record,
    Stream,
    Writer,
    WriteResult,
)
from hub.store import deliveries
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.deliveries import Outcome

_CHUNK = 500

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a request and its effect at the target may take, and how many writes a run may make.

    A batch may take several requests, of which none begins once ``batch`` has passed. A delivery
    whose worker died is looked up after all of these have passed, never before. One that has failed
    by itself ``max_failures`` times is given up.
    """

    settle: timedelta = timedelta(seconds=60)
    request: timedelta = timedelta(seconds=60)
    batch: timedelta = timedelta(seconds=20)
    max_writes: int = 500
    max_failures: int = 5
    country: str = "DE"


class Barrier(Protocol):
    """What may hold deliveries back while a run goes on."""

    def stop(self) -> str | None:
        """Why nothing may go now, in a word; None where it may."""

    def allowance(self) -> int | None:
        """How many deliveries may go now, waiting for it; None for any number, 0 for none."""


class _Open:
    """Holds nothing back."""

    def stop(self) -> str | None:
        return None

    def allowance(self) -> int | None:
        return None


def deliver(
    engine: Engine,
    target: OpenConnection,
    pace: Pace,
    *,
    barrier: Barrier | None = None,
    approved: bool = False,
) -> dict[str, int]:
    """Send what is due to one connection, in order; returns counts by end state.

    ``approved`` sends only what a person has approved. Raises AuthenticationError at once: the
    deliveries that met it stay planned.
    """
    worker = _Worker(engine, _Doors(target, pace.batch), pace)
    counts, barrier = Counter[str](), barrier or _Open()
    going = True
    while going:
        with reading(engine) as db:
            due = deliveries.due_deliveries(db, target.name, _now(), _CHUNK, approved=approved)
        fresh = [row for row in due if row["id"] not in worker.seen]
        rows = _admitted(fresh, pace.max_writes - counts.total(), barrier)
        going = bool(rows)
        for batch in batches(rows, worker.limit):
            if barrier.stop():
                return dict(counts)
            counts.update(worker.work(batch))
    return dict(counts)


def _admitted(rows: Sequence[Row], room: int, barrier: Barrier) -> Sequence[Row]:
    """As many of the rows as may go now."""
    if not rows or room <= 0:
        return []
    most = barrier.allowance()
    return rows[: room if most is None else min(room, most)]


def batches(rows: Sequence[Row], limit: Callable[[str], int]) -> Iterator[list[Row]]:
    """The rows in batches of one stream, of so many records as ``limit`` says.

    What goes to one record goes together, except a row that has failed: it goes alone.
    """
    waiting = list(rows)
    while waiting:
        stream = waiting[0]["stream_name"]
        most, alone = limit(stream), dict[int, bool]()
        batch, rest = list[Row](), list[Row]()
        for row in waiting:
            record, failed = row["record_id"], row["failures"] > 0
            joins = not failed and not alone[record] if record in alone else len(alone) < most
            if joins and row["stream_name"] == stream:
                batch.append(row)
                alone[record] = failed
            else:
                rest.append(row)
        yield batch
        waiting = rest


class _Door(Protocol):
    """How changes get to a target: many at once, or one by one as if they were many."""

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]: ...

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]: ...

    @property
    def lasts(self) -> timedelta:
        """How long it may go on sending."""


class _Single:
    """For a batch of one: what ``write`` raises is what became of it."""

    lasts = timedelta(0)

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]:
        found = ((key, self._writer.fetch(stream, key)) for key in keys)
        return {key: record for key, record in found if record is not None}

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]:  # noqa: ARG002  # a change names its stream
        return [self._writer.write(change) for change in changes]


class _Many:
    """For a batch: an answer that does not fit the changes leaves all of them unknown."""

    def __init__(self, writer: BatchWriter, lasts: timedelta) -> None:
        self._writer = writer
        self.lasts = lasts

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]:
        return self._writer.fetch_many(stream, keys)

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]:
        within = self.lasts.total_seconds()
        results = self._writer.write_many(stream, changes, within=within)
        receipts = zip(changes, results, strict=False)
        strange = any(isinstance(got, Receipt) and got.key != one.key for one, got in receipts)
        if strange or len(results) != len(changes):
            raise OutcomeUnknownError("the connector's results are not those of the changes")
        return results


class _Doors:
    """The ways into one connection: by stream, how many changes go at once, and through which."""

    def __init__(self, target: OpenConnection, lasts: timedelta) -> None:
        self._lasts = lasts
        self._writer = cast("BatchWriter", target.connector)
        self._streams = {stream.name: stream for stream in target.streams}
        self._limits: dict[str, int] = {}

    def limit(self, stream: str) -> int:
        """How many changes go at once; 1 where they go one by one."""
        if stream not in self._limits:
            self._limits[stream] = max(1, self._asked(self._streams.get(stream)))
        return self._limits[stream]

    def _asked(self, stream: Stream | None) -> int:
        if stream is None or Capability.BATCH_WRITE not in stream.capabilities:
            return 1
        return self._writer.batch_limit(stream.name)

    def of(self, stream: str) -> _Door:
        """The door to a stream."""
        if self.limit(stream) > 1:
            return _Many(self._writer, self._lasts)
        return _Single(self._writer)


class _Worker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, doors: _Doors, pace: Pace) -> None:
        self.seen: set[str] = set()
        self.limit = doors.limit
        self._engine = engine
        self._doors = doors
        self._pace = pace
        self._name = f"{os.getpid()}-{new_id()}"

    def work(self, batch: Sequence[Row]) -> list[str]:
        """Bring the deliveries of one batch to their next states, which it returns."""
        self.seen.update(row["id"] for row in batch)
        with writing(self._engine) as db:
            ours = deliveries.claim(db, batch, self._name, self._until())
        outcomes: dict[str, Outcome] = {}
        refused = self._attempt([row for row in batch if row["id"] in ours], outcomes)
        self._settle(outcomes)
        if refused:
            raise refused
        return [outcomes[row["id"]].state if row["id"] in ours else "taken" for row in batch]

    def _settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Record what is still ours to record; raise where another has taken something over."""
        if not outcomes:
            return
        with writing(self._engine) as db:
            late = deliveries.settle(db, outcomes, self._name, _now())
        if late:
            raise StoreError(f"delivery {late[0]}: another worker has taken it over")

    def _until(self) -> datetime:
        """When a request that leaves now can have no more effect."""
        return _now() + self._pace.request + self._pace.settle

    def _attempt(
        self, rows: Sequence[Row], outcomes: dict[str, Outcome]
    ) -> AuthenticationError | None:
        """Fill in an outcome for each; an error is the outcome of all that have none yet."""
        try:
            self._compare_and_write(rows, outcomes)
        except (DeliveryError, SourceError) as error:
            rest = [row for row in rows if row["id"] not in outcomes]
            outcomes |= self._outcomes(error, rest)
            return error if isinstance(error, AuthenticationError) else None
        return None

    def _compare_and_write(self, rows: Sequence[Row], outcomes: dict[str, Outcome]) -> None:
        """Look before writing, and write what is still as it was planned from."""
        if not rows:
            return
        stream = rows[0]["stream_name"]
        door = self._doors.of(stream)
        found = door.fetch_many(stream, list(dict.fromkeys(row["source_key"] for row in rows)))
        writes: dict[str, list[Row]] = {}
        for row in rows:
            current = found.get(row["source_key"])
            if current is None:
                outcomes[row["id"]] = Outcome(state="conflict", message="the target record is gone")
            elif known := self._compared(row, current):
                outcomes[row["id"]] = known
            else:
                writes.setdefault(row["source_key"], []).append(row)
        if writes:
            changes = [_change(together, found[key]) for key, together in writes.items()]
            self._write(door, list(zip(writes.values(), changes, strict=True)), outcomes)

    def _compared(self, row: Row, current: Record) -> Outcome | None:
        """Done already or changed meanwhile; None where it is to be written.

        A target may spell a value anew; of one that was sent, another spelling is our own.
        """
        held = as_text(current.data.get(row["field"]))
        wanted = row["value"] or None
        if held == wanted or (held and row["sent_at"] and self._is_spelling(row, held)):
            return Outcome(state="acknowledged", version=current.version, held=held)
        if held != row["before"]:
            return Outcome(state="conflict", message="the target's value changed after it was read")
        return None

    def _write(
        self,
        door: _Door,
        writes: Sequence[tuple[Sequence[Row], Change]],
        outcomes: dict[str, Outcome],
    ) -> None:
        with writing(self._engine) as db:
            ids, now = [row["id"] for rows, _ in writes for row in rows], _now()
            until = self._until() + door.lasts
            deliveries.mark_sent(db, ids, self._name, now=now, until=until)
        changes = [change for _, change in writes]
        results = door.write_many(changes[0].stream, changes)
        for (rows, _), result in zip(writes, results, strict=True):
            outcomes |= self._settled(rows, result)

    def _settled(self, rows: Sequence[Row], result: WriteResult) -> dict[str, Outcome]:
        if not isinstance(result, Receipt):
            return self._outcomes(result, rows)
        return {
            row["id"]: Outcome(
                state="acknowledged",
                version=result.version,
                held=as_text(result.held.get(row["field"])),
            )
            for row in rows
        }

    def _outcomes(self, error: HubError, rows: Sequence[Row]) -> dict[str, Outcome]:
        """What an error says of deliveries; where one of several fields was refused, each is tried.

        A refusal says that nothing was written, so that trying again is safe.
        """
        together = len(rows) > len({row["record_id"] for row in rows})
        if isinstance(error, RejectedError) and together:
            self.seen.difference_update(row["id"] for row in rows)
            message = "one of several fields was refused; each goes alone"
            return {
                row["id"]: Outcome(state="planned", message=message, failed=True) for row in rows
            }
        return {row["id"]: self._outcome(error, row) for row in rows}

    def _outcome(self, error: HubError, row: Row) -> Outcome:
        """What an error says of a delivery; one that does not say leaves it unknown.

        Only what is wrong with the delivery itself counts against it, never a system that is away.
        """
        if isinstance(error, AuthenticationError):
            return Outcome(state="planned", message="the target refuses our credentials")
        if isinstance(error, RateLimitedError | SourceUnavailableError):
            return Outcome(state="planned", message=str(error))
        if isinstance(error, SourceError):
            state = "dead" if row["failures"] + 1 >= self._pace.max_failures else "planned"
            return Outcome(state=state, message=str(error), failed=True)
        if isinstance(error, ConflictError | RejectedError):
            state = "conflict" if isinstance(error, ConflictError) else "rejected"
            return Outcome(state=state, message=str(error))
        return Outcome(state="unknown", message=str(error), wait=self._pace.settle)

    def _is_spelling(self, row: Row, held: str) -> bool:
        return means_same(row["attribute"], held, row["value"], self._pace.country)


def _change(rows: Sequence[Row], current: Record) -> Change:
    return Change(
        stream=rows[0]["stream_name"],
        key=rows[0]["source_key"],
        fields={row["field"]: row["value"] for row in rows},
        expected_version=current.version,
        idempotency_key=_idempotency_key([row["id"] for row in rows]),
    )


def _idempotency_key(delivery_ids: Sequence[str]) -> str:
    """One delivery gives its own id; several give the same key whenever they go together."""
    if len(delivery_ids) == 1:
        return delivery_ids[0]
    return str(uuid5(UUID(min(delivery_ids)), " ".join(sorted(delivery_ids))))


def _now() -> datetime:
    return datetime.now(UTC)
