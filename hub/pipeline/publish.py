"""Publish: events → deliveries → intent → write → receipt, each step committed before the next.

A write is computed only where the target's own value means something else than the golden one:
"030 1234" is not overwritten by "+49 30 1234". A killed worker's delivery is looked up at the
target after the settle time; it is sent again only where the target still holds the old value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson

from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    SourceError,
)
from hub.match.standardise import standardise_email, standardise_phone
from hub.pipeline.connections import OpenConnection
from hub.sdk.contract import Change, Record, Writer
from hub.store import deliveries, outbox
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, reading, writing
from hub.store.deliveries import Outcome
from hub.store.outbox import PlannedWrite

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One golden attribute that goes to one field of one stream; ``mode`` update or fill_empty."""

    attribute: str
    connection: str
    stream: str
    field: str
    mode: str = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a request and its effect at the target may take, and how many writes a run may make.

    A delivery whose worker died is looked up after both have passed, never before.
    """

    settle: timedelta = timedelta(seconds=60)
    request: timedelta = timedelta(seconds=60)
    max_writes: int = 500
    country: str = "DE"


def plan_writes(
    engine: Engine, subscriptions: Sequence[Subscription], country: str
) -> list[PlannedWrite]:
    """What would be written for the events that wait; nothing is stored."""
    with reading(engine) as db:
        events = outbox.pending_events(db, limit=1_000_000)
        return [
            write
            for chunk in _chunks(events)
            for write in _wanted(db, [event.party_id for event in chunk], subscriptions, country)
        ]


def stage_deliveries(
    engine: Engine, subscriptions: Sequence[Subscription], country: str
) -> dict[str, int]:
    """Turn waiting events into deliveries, a chunk of events with its deliveries at a time."""
    counts = {"events": 0, "planned": 0, "superseded": 0}
    while True:
        with writing(engine) as db:
            outbox.take_turn(db)
            events = outbox.pending_events(db, _CHUNK)
            if not events:
                return counts
            parties = [event.party_id for event in events]
            wanted = _wanted(db, parties, subscriptions, country)
            fresh, superseded, blocked = _coalesce(db, wanted)
            counts["planned"] += outbox.insert_deliveries(db, fresh, _now())
            counts["superseded"] += superseded
            settled = [event.id for event in events if event.party_id not in blocked]
            outbox.settle_events(db, settled)
            counts["events"] += len(settled)
        if len(settled) < len(events):
            return counts


def _wanted(
    db: Connection, parties: Sequence[str], subscriptions: Sequence[Subscription], country: str
) -> list[PlannedWrite]:
    alive = outbox.survivors(db, parties)
    return [
        write
        for subscription in subscriptions
        for target in outbox.targets(db, alive, subscription.connection, subscription.stream)
        if (write := _needed(subscription, target, country)) is not None
    ]


def _needed(subscription: Subscription, target: outbox.Target, country: str) -> PlannedWrite | None:
    """The write that brings the golden value to the target, or None where it is there."""
    value = orjson.loads(target.golden).get(subscription.attribute)
    before = _text(orjson.loads(target.payload).get(subscription.field))
    if not value or (before and subscription.mode == "fill_empty"):
        return None
    if before and _means_same(subscription.attribute, before, value, country):
        return None
    return PlannedWrite(
        party_id=target.party_id,
        record_id=target.record_id,
        connection=subscription.connection,
        stream=subscription.stream,
        attribute=subscription.attribute,
        field=subscription.field,
        before=before,
        value=value,
        version=target.source_version,
    )


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _means_same(attribute: str, one: str, other: str, country: str) -> bool:
    if attribute == "phone":
        left, right = standardise_phone(one, country), standardise_phone(other, country)
    else:
        left, right = standardise_email(one), standardise_email(other)
    return one == other or (left is not None and left == right)


def _coalesce(
    db: Connection, wanted: Sequence[PlannedWrite]
) -> tuple[list[PlannedWrite], int, set[str]]:
    """New writes, how many planned ones they replace, and parties that wait for one under way."""
    open_now = deliveries.open_deliveries(db, {write.record_id for write in wanted})
    fresh: dict[tuple[int, str], PlannedWrite] = {}
    superseded, blocked = 0, set[str]()
    for write in wanted:
        standing = open_now.get((write.record_id, write.field))
        if standing is None:
            fresh[write.record_id, write.field] = write
        elif standing["value"] == write.value:
            continue
        elif standing["state"] == "planned":
            outbox.supersede(db, standing["id"], _now())
            superseded += 1
            fresh[write.record_id, write.field] = write
        else:
            blocked.add(write.party_id)
    return list(fresh.values()), superseded, blocked


def deliver(engine: Engine, target: OpenConnection, pace: Pace) -> dict[str, int]:
    """Send what is due to one connection, in order; returns counts by end state.

    Raises AuthenticationError at once: the delivery it met stays planned.
    """
    worker = _Worker(engine, target.name, cast("Writer", target.connector), pace)
    counts: dict[str, int] = {}
    while sum(counts.values()) < pace.max_writes:
        with reading(engine) as db:
            due = deliveries.due_deliveries(db, target.name, _now(), _CHUNK)
        fresh = [row for row in due if row["id"] not in worker.seen]
        if not fresh:
            break
        for row in fresh[: pace.max_writes - sum(counts.values())]:
            state = worker.work(row)
            counts[state] = counts.get(state, 0) + 1
    return counts


class _Worker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, connection: str, writer: Writer, pace: Pace) -> None:
        self.seen: set[str] = set()
        self._engine = engine
        self._connection = connection
        self._writer = writer
        self._pace = pace
        self._name = f"{os.getpid()}-{new_id()}"

    def work(self, row: Mapping[str, Any]) -> str:
        """Bring one delivery to its next state."""
        self.seen.add(row["id"])
        with writing(self._engine) as db:
            if not deliveries.claim(db, row, self._name, self._until()):
                return "taken"
        outcome = self._attempt(row)
        with writing(self._engine) as db:
            deliveries.settle(db, row["id"], self._name, outcome, _now())
        return outcome.state

    def _until(self) -> datetime:
        """When a request that leaves now can have no more effect."""
        return _now() + self._pace.request + self._pace.settle

    def _attempt(self, row: Mapping[str, Any]) -> Outcome:
        try:
            return self._compare_and_write(row)
        except AuthenticationError:
            self._give_back(row)
            raise
        except ConflictError as error:
            return Outcome(state="conflict", message=str(error))
        except RejectedError as error:
            return Outcome(state="rejected", message=str(error))
        except OutcomeUnknownError as error:
            return Outcome(state="unknown", message=str(error), wait=self._pace.settle)
        except SourceError as error:
            return Outcome(state="planned", message=str(error))

    def _give_back(self, row: Mapping[str, Any]) -> None:
        with writing(self._engine) as db:
            outcome = Outcome(state="planned", message="the target refuses our credentials")
            deliveries.settle(db, row["id"], self._name, outcome, _now())

    def _compare_and_write(self, row: Mapping[str, Any]) -> Outcome:
        """Look before writing: done already, changed meanwhile, or still as planned from.

        A target may spell a value anew; of one that was sent, another spelling is our own.
        """
        current = self._writer.fetch(row["stream_name"], row["source_key"])
        if current is None:
            return Outcome(state="conflict", message="the target record is gone")
        held = _text(current.data.get(row["field"]))
        if held == row["value"] or (held and row["sent_at"] and self._is_spelling(row, held)):
            return Outcome(state="acknowledged", version=current.version, held=held)
        if held != row["before"]:
            return Outcome(state="conflict", message="the target's value changed after it was read")
        return self._write(row, current)

    def _write(self, row: Mapping[str, Any], current: Record) -> Outcome:
        with writing(self._engine) as db:
            deliveries.mark_sent(db, row["id"], self._name, _now(), self._until())
        receipt = self._writer.write(
            Change(
                stream=row["stream_name"],
                key=row["source_key"],
                fields={row["field"]: row["value"]},
                expected_version=current.version,
                idempotency_key=row["id"],
            )
        )
        held = _text(receipt.held.get(row["field"]))
        return Outcome(state="acknowledged", version=receipt.version, held=held)

    def _is_spelling(self, row: Mapping[str, Any], held: str) -> bool:
        return _means_same(row["attribute"], held, row["value"], self._pace.country)


def _chunks(items: Sequence[outbox.PendingEvent]) -> Iterator[Sequence[outbox.PendingEvent]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _now() -> datetime:
    return datetime.now(UTC)
