"""Delivering: intent → look → write → receipt, each step committed before the next.

Deliveries to one record make one change. Where the target takes many changes in one request, a
batch goes each step together; else each change goes alone. A killed worker's deliveries are looked
up at the target after the settle time; one is sent again only where the target still holds the old
value and a second request can have no second effect.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID, uuid5
from zlib import crc32

from hub.errors import (
    AuthenticationError,
    ConflictError,
    DeliveryError,
    HubError,
    RateLimitedError,
    RejectedError,
    SourceError,
    SourceUnavailableError,
    StoreError,
)
from hub.pipeline.conflicts import Conflicts
from hub.pipeline.connections import OpenConnection
from hub.pipeline.doors import Barrier, Door, Doors, Open
from hub.pipeline.publish import as_text, means_same
from hub.sdk.contract import (
    Change,
    Receipt,
    Record,
    WriteResult,
)
from hub.store import deliveries
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.deliveries import Outcome
from hub.store.delivery_desk import rebase

_CHUNK = 1_000
_LONGEST_WAIT = timedelta(hours=1)
_MISSES = 3
"""After so many batches in a row that a target could not take it is left alone for this run."""

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
    conflicts: Conflicts = field(default_factory=Conflicts)

    def until(self, now: datetime) -> datetime:
        """When a request that leaves now can have no more effect."""
        return now + self.request + self.settle


def deliver(
    engine: Engine,
    targets: OpenConnection | Sequence[OpenConnection],
    pace: Pace,
    *,
    barrier: Barrier | None = None,
    approved: bool = False,
) -> dict[str, int]:
    """Send what is due to one connection, in order; returns counts by end state.

    Opened several times, it is written to side by side: what is a customer's stays in order.
    ``approved`` sends only what a person has approved. Raises AuthenticationError at once: the
    deliveries that met it stay planned.
    """
    opened = [targets] if isinstance(targets, OpenConnection) else targets
    turn = Lock()
    workers = [_Worker(engine, Doors(target, pace.batch), pace, turn) for target in opened]
    counts, barrier = Counter[str](), barrier or Open()
    going = True
    while going:
        with reading(engine) as db:
            due = deliveries.due_deliveries(
                db, opened[0].name, _now(), _CHUNK * len(workers), approved=approved
            )
        seen = {name for worker in workers for name in worker.seen}
        fresh = [row for row in due if row["id"] not in seen]
        rows = _admitted(fresh, pace.max_writes - counts.total(), barrier)
        going = bool(rows)
        counts.update(_work_side_by_side(workers, rows, barrier))
        if barrier.stop() or all(worker.is_cut_off for worker in workers):
            break
    return dict(counts)


def _work_side_by_side(
    workers: Sequence[_Worker], rows: Sequence[Row], barrier: Barrier
) -> Counter[str]:
    """Each worker takes some of the customers; an error is raised once all have come to an end."""
    if len(workers) == 1:
        return workers[0].run(rows, barrier)
    shares: list[list[Row]] = [[] for _ in workers]
    for row in rows:
        shares[crc32(str(row["party_id"]).encode()) % len(workers)].append(row)
    counts = Counter[str]()
    with ThreadPoolExecutor(len(workers), thread_name_prefix="write") as pool:
        runs = [
            pool.submit(worker.run, share, barrier)
            for worker, share in zip(workers, shares, strict=True)
        ]
    for run in runs:
        counts.update(run.result())
    return counts


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


class _Worker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, doors: Doors, pace: Pace, turn: Lock) -> None:
        self.seen: set[str] = set()
        self.limit = doors.limit
        self._engine = engine
        self._doors = doors
        self._pace = pace
        self._turn = turn
        """Held while something is committed: SQLite lets who waits for another sleep too long."""
        self._name = f"{os.getpid()}-{new_id()}"
        self._ended: dict[str, Outcome] = {}
        """Outcomes that are recorded with the next intent, or at the end: a commit takes time."""
        self._away = False
        self._missed = 0

    def run(self, rows: Sequence[Row], barrier: Barrier) -> Counter[str]:
        """Bring deliveries to their next states, a batch at a time; returns counts by state."""
        counts = Counter[str]()
        try:
            for batch in batches(rows, self.limit):
                if barrier.stop() or self.is_cut_off:
                    break
                counts.update(self._work(batch))
        finally:
            self._record()
        return counts

    @property
    def is_cut_off(self) -> bool:
        """Whether the target was away or busy so often in a row that the rest has to wait."""
        return self._missed >= _MISSES

    def _work(self, batch: Sequence[Row]) -> list[str]:
        """Bring the deliveries of one batch to their next states, which it returns."""
        self._away = False
        self.seen.update(row["id"] for row in batch)
        ours = self._record(batch)
        outcomes: dict[str, Outcome] = {}
        refused = self._attempt([row for row in batch if row["id"] in ours], outcomes)
        self._ended = outcomes
        if refused:
            raise refused
        done = any(outcome.state != "planned" for outcome in outcomes.values())
        self._missed = self._missed + 1 if self._away and not done else 0
        return [outcomes[row["id"]].state if row["id"] in ours else "taken" for row in batch]

    def _record(self, batch: Sequence[Row] = ()) -> set[str]:
        """Commit how the batch before ended, as far as it is still ours to record, and the intent
        to send the next one; returns those of it that are ours.
        """
        ended, self._ended = self._ended, {}
        if not ended and not batch:
            return set()
        with self._turn, writing(self._engine) as db:
            late = deliveries.settle(db, ended, self._name, _now()) if ended else []
            going = bool(batch) and not late
            ours = (
                deliveries.claim(db, batch, self._name, self._pace.until(_now()))
                if going
                else set()
            )
        if late:
            raise StoreError(f"delivery {late[0]}: another worker has taken it over")
        return ours

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
        keys = list(dict.fromkeys(row["source_key"] for row in rows))
        found = door.look(stream, keys, {row["field"] for row in rows})
        writes: dict[str, list[Row]] = {}
        for row in rows:
            current = found.get(row["source_key"])
            if current is None:
                outcomes[row["id"]] = Outcome(state="conflict", message=deliveries.GONE)
            elif known := self._compared(row, current) or self._unseen(row, door):
                outcomes[row["id"]] = known
            else:
                stands = as_text(current.data.get(row["field"]))
                writes.setdefault(row["source_key"], []).append({**row, "stands": stands})
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
        return None if held == row["before"] else self._pace.conflicts.outcome(row, held, current)

    def _unseen(self, row: Row, door: Door) -> Outcome | None:
        """Of one that has left, nothing is to be seen: it may come late, and twice if sent again.

        Where neither a key nor a version at the target rules that out, a person decides; until then
        it is looked up now and then.
        """
        if door.guarded or row["state"] == "planned" or row["sent_at"] is None:
            return None
        wait = min(self._pace.settle * 2.0 ** min(row["attempts"], 10), _LONGEST_WAIT)
        message = (
            "it was sent, and the target does not show it: it may have been lost, or be late; "
            "look there, then retry or abandon it"
        )
        return Outcome(state="unknown", message=message, wait=wait)

    def _write(
        self,
        door: Door,
        writes: Sequence[tuple[Sequence[Row], Change]],
        outcomes: dict[str, Outcome],
    ) -> None:
        with self._turn, writing(self._engine) as db:
            ids, now = [row["id"] for rows, _ in writes for row in rows], _now()
            until = self._pace.until(_now()) + door.lasts
            deliveries.mark_sent(db, ids, self._name, now=now, until=until)
            rebase(db, {name: before for rows, _ in writes for name, before in _overruled(rows)})
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
            self._away = True
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


def _overruled(rows: Sequence[Row]) -> Iterator[tuple[str, str | None]]:
    """The deliveries that a policy lets go over another value than they were planned from."""
    return ((row["id"], row["stands"]) for row in rows if row["stands"] != row["before"])


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
