"""Delivering: look → intent → write → receipt; the intent is committed before its request leaves.

Deliveries to one record make one change. Several changes share the two commits: a batch where the
target takes many in one request, else as many as hub.pipeline.doors says. Receipts are committed
with the next intents. A killed worker's deliveries are looked up at the target after the settle
time; one is sent again only where the target still holds the old value and a second request can
have no second effect.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from uuid import UUID, uuid5
from zlib import crc32

from hub.errors import (
    AuthenticationError,
    DeliveryError,
    HubError,
    RejectedError,
    SourceError,
    StoreError,
)
from hub.pipeline.connections import OpenConnection
from hub.pipeline.doors import Barrier, Door, Doors, Open
from hub.pipeline.pace import Pace
from hub.pipeline.publish import as_text
from hub.pipeline.verdicts import Verdicts, is_away
from hub.pipeline.waiting import Waiting
from hub.sdk.contract import Change, Receipt, Record
from hub.store import deliveries
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, reading, writing
from hub.store.deliveries import Outcome
from hub.store.delivery_desk import rebase

_CHUNK = 1_000
_MISSES = 3
"""After so many batches in a row that a target could not take it is left alone for this run."""

Row = Mapping[str, Any]


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
        done = _work_side_by_side(workers, rows, barrier)
        counts.update(done)
        going = bool(done) and not barrier.stop()
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


@dataclass(slots=True)
class _Looked:
    """What a look at the records of a batch has shown: what is known, and what is to be written.

    ``refused`` where the target would not let us look.
    """

    known: dict[str, Outcome] = field(default_factory=dict)
    writes: list[list[Row]] = field(default_factory=list)
    found: Mapping[str, Record] = field(default_factory=dict)
    refused: AuthenticationError | None = None

    def only(self, ours: Collection[str]) -> _Looked:
        """The writes that are ours alone."""
        kept = ([row for row in rows if row["id"] in ours] for rows in self.writes)
        return replace(self, writes=[rows for rows in kept if rows])


class _Worker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, doors: Doors, pace: Pace, turn: Lock) -> None:
        self.seen: set[str] = set()
        self._engine = engine
        self._doors = doors
        self._pace = pace
        self._verdicts = Verdicts(pace)
        self._turn = turn
        """Held while something is committed: SQLite lets who waits for another sleep too long."""
        self._name = f"{os.getpid()}-{new_id()}"
        self._ended: dict[str, Outcome] = {}
        """Outcomes that are recorded with the next intents, or at the end: a commit takes time."""
        self._away = False
        self._missed = 0

    def run(self, rows: Sequence[Row], barrier: Barrier) -> Counter[str]:
        """Bring deliveries to their next states, a batch at a time; returns counts by state.

        What the target was away or busy for several times in a row is left for another run.
        """
        counts, waiting = Counter[str](), Waiting(rows)
        try:
            while waiting and self._missed < _MISSES and not barrier.stop():
                batch = waiting.take(self._doors.limit)
                counts.update(self._work(batch, waiting))
        finally:
            self._finish()
        return counts

    def _work(self, batch: Sequence[Row], waiting: Waiting) -> list[str]:
        """Bring the deliveries of a batch to their next states, which it returns.

        Those that were not sent wait again.
        """
        self._away = False
        self.seen.update(row["id"] for row in batch)
        door = self._doors.of(batch[0]["stream_name"])
        looked = self._look(door, batch)
        ours, by = self._claim(batch, looked, door)
        ended = {name: known for name, known in looked.known.items() if name in ours}
        refused = looked.refused or self._write(door, looked.only(ours), by, ended)
        left = [row for row in batch if row["id"] in ours - ended.keys()]
        waiting.put_back([_as_claimed(row) for row in left])
        self._ended = ended | {row["id"]: Outcome(state="planned") for row in left}
        if refused:
            raise refused
        done = any(outcome.state != "planned" for outcome in ended.values())
        self._missed = self._missed + 1 if self._away and not done else 0
        return ["taken"] * (len(batch) - len(ours)) + [one.state for one in ended.values()]

    def _look(self, door: Door, batch: Sequence[Row]) -> _Looked:
        """Look before writing: what may be written is still as it was planned from."""
        keys = list(dict.fromkeys(row["source_key"] for row in batch))
        looked = _Looked()
        try:
            looked.found = door.look(batch[0]["stream_name"], keys, {row["field"] for row in batch})
        except (DeliveryError, SourceError) as error:
            looked.known = self._met(error, batch)
            looked.refused = error if isinstance(error, AuthenticationError) else None
            return looked
        writes: dict[str, list[Row]] = {}
        for row in batch:
            current = looked.found.get(row["source_key"])
            known = self._verdicts.seen(row, current, guarded=door.guarded)
            if known or current is None:
                looked.known |= {row["id"]: known} if known else {}
                continue
            stands = as_text(current.data.get(row["field"]))
            writes.setdefault(row["source_key"], []).append({**row, "stands": stands})
        looked.writes = list(writes.values())
        return looked

    def _claim(self, batch: Sequence[Row], looked: _Looked, door: Door) -> tuple[set[str], float]:
        """Commit the intent to send a batch, and with it how the one before ended.

        Returns the ids of those that are ours, and by when the last of them has to leave.
        """
        leaving = {row["id"]: row for rows in looked.writes for row in rows}
        with self._turn, writing(self._engine) as db:
            late = self._settle(db)
            by = _now() + door.lasts(len(looked.writes))
            until = self._pace.until(by)
            going = () if late else batch
            ours = deliveries.claim(db, going, self._name, until, leaving=leaving)
            rebase(db, _overruled([row for name, row in leaving.items() if name in ours]))
        _refuse(late)
        return ours, by.timestamp()

    def _finish(self) -> None:
        """Commit how the last batch ended."""
        if self._ended:
            with self._turn, writing(self._engine) as db:
                late = self._settle(db)
            _refuse(late)

    def _settle(self, db: Connection) -> list[str]:
        """Record how the batch before ended; returns those that another worker has taken over."""
        ended, self._ended = self._ended, {}
        return deliveries.settle(db, ended, self._name, _now()) if ended else []

    def _write(
        self, door: Door, looked: _Looked, by: float, ended: dict[str, Outcome]
    ) -> AuthenticationError | None:
        """Write what is ours, and fill in how each that was sent has ended."""
        if not looked.writes:
            return None
        changes = [_change(rows, looked.found[rows[0]["source_key"]]) for rows in looked.writes]
        results = door.write(changes, by=by)
        for rows, result in zip(looked.writes, results, strict=False):
            ended |= self._received(rows, result)
        return next((one for one in results if isinstance(one, AuthenticationError)), None)

    def _received(self, rows: Sequence[Row], result: Receipt | HubError) -> dict[str, Outcome]:
        if not isinstance(result, Receipt):
            return self._met(result, rows)
        return {
            row["id"]: Outcome(
                state="acknowledged",
                version=result.version,
                held=as_text(result.held.get(row["field"])),
            )
            for row in rows
        }

    def _met(self, error: HubError, rows: Sequence[Row]) -> dict[str, Outcome]:
        """What an error says of deliveries; where one of several fields was refused, each is tried.

        A refusal says that nothing was written, so that trying again is safe.
        """
        self._away = self._away or is_away(error)
        together = len(rows) > len({row["record_id"] for row in rows})
        if isinstance(error, RejectedError) and together:
            self.seen.difference_update(row["id"] for row in rows)
            apart = Outcome(
                state="planned",
                message="one of several fields was refused; each goes alone",
                failed=True,
            )
            return dict.fromkeys([row["id"] for row in rows], apart)
        return {row["id"]: self._verdicts.met(error, row) for row in rows}


def _refuse(late: Sequence[str]) -> None:
    """Raise where others have taken deliveries over: whoever is so late writes nothing more."""
    if late:
        raise StoreError(f"delivery {late[0]}: another worker has taken it over")


def _as_claimed(row: Row) -> Row:
    """A delivery as it stands once it was claimed and not sent."""
    return {**row, "state": "planned", "attempts": row["attempts"] + 1}


def _overruled(rows: Sequence[Row]) -> dict[str, str | None]:
    """What stands where a policy lets deliveries go over another value than they expected."""
    return {row["id"]: row["stands"] for row in rows if row["stands"] != row["before"]}


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
