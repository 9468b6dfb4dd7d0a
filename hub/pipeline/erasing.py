"""Erasing at targets: what we wrote about a person who is erased is emptied, or its record deleted.

Only what is still ours is touched: a value that somebody put there since is the system's own. Both
may be repeated, so that an unknown outcome is simply looked at again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson

from hub.errors import (
    AuthenticationError,
    ConflictError,
    DeliveryError,
    HubError,
    RejectedError,
    SourceError,
    StoreError,
    TransientSourceError,
)
from hub.pipeline.connections import OpenConnection
from hub.pipeline.doors import Barrier
from hub.pipeline.pace import Pace
from hub.pipeline.publish import as_text
from hub.sdk.contract import Capability, Change, Record, Remover
from hub.store import record_flow
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.deliveries import Outcome
from hub.store.suppression import KeySource, Marks, open_marks
from hub.store.whole import CREATE, DELETE

Row = dict[str, Any]
BY_HAND: Final = (
    "the system can't delete records through the hub: delete it there by hand, then say so with "
    "`hub delivery abandon`"
)


def erase_records(
    engine: Engine,
    target: OpenConnection,
    pace: Pace,
    *,
    key: KeySource,
    going: tuple[Barrier, bool],
) -> dict[str, int]:
    """Do what erasures ask of one connection; returns counts by end state.

    ``going`` is what may hold it back, and whether only what a person has approved goes.
    """
    barrier, approved = going
    with reading(engine) as db:
        due = record_flow.due_records(db, target.name, _now(), approved=approved)
        rows = [row for row in due if row["kind"] != CREATE]
        marks = open_marks(db, key) if rows else None
    counts = Counter[str]()
    if marks is not None:
        worker = _Eraser(engine, target, pace, marks)
        for row in rows[: pace.max_writes]:
            if barrier.stop() or barrier.allowance() == 0:
                break
            counts[worker.work(row)] += 1
    return dict(counts)


class _Eraser:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, target: OpenConnection, pace: Pace, marks: Marks) -> None:
        self._engine = engine
        self._remover = cast("Remover", target.connector)
        self._streams = {stream.name: stream.capabilities for stream in target.streams}
        self._pace = pace
        self._marks = marks
        self._name = f"{os.getpid()}-{new_id()}"

    def work(self, row: Row) -> str:
        """Bring one to its next state, which it returns."""
        with writing(self._engine) as db:
            if not record_flow.claim_record(db, row, self._name, self._pace.until(_now())):
                return "taken"
        try:
            self._erase(row)
            outcome = Outcome(state="acknowledged")
        except (DeliveryError, SourceError) as error:
            outcome = self._outcome(error, row)
            if isinstance(error, AuthenticationError):
                self._settle(row, outcome)
                raise
        return self._settle(row, outcome)

    def _erase(self, row: Row) -> None:
        stream, key = row["stream_name"], row["source_key"]
        current = self._remover.fetch(stream, key)
        if current is None:
            return
        ours = self._still_ours(orjson.loads(row["fields"]), current)
        if not ours:
            return
        if row["kind"] == DELETE and Capability.REMOVE not in self._streams[stream]:
            raise RejectedError(BY_HAND)
        now = _now()
        with writing(self._engine) as db:
            until = self._pace.until(_now())
            record_flow.mark_record_sent(db, row["id"], self._name, now=now, until=until)
        if row["kind"] == DELETE:
            self._remover.remove(stream, key)
            return
        change = Change(
            stream=stream,
            key=key,
            fields=dict.fromkeys(ours, ""),
            expected_version=current.version,
            idempotency_key=row["id"],
        )
        self._remover.write(change)

    def _still_ours(self, fields: Mapping[str, tuple[str, str]], current: Record) -> list[str]:
        """The fields that hold what we wrote."""
        held = {name: as_text(current.data.get(name)) for name in fields}
        return [
            name
            for name, (_, mark) in fields.items()
            if (value := held[name]) and self._marks.word(value).hex() == mark
        ]

    def _settle(self, row: Row, outcome: Outcome) -> str:
        now = _now()
        with writing(self._engine) as db:
            if not record_flow.settle_record(db, row["id"], outcome, self._name, now):
                raise StoreError(f"delivery {row['id']}: another worker has taken it over")
            if outcome.state == "acknowledged":
                record_flow.forget_key(db, row["id"])
        return outcome.state

    def _outcome(self, error: HubError, row: Row) -> Outcome:
        """A record that changed meanwhile is looked at again; a refusal is for a person."""
        if isinstance(error, RejectedError):
            return Outcome(state="rejected", message=str(error))
        if isinstance(error, AuthenticationError | TransientSourceError):
            return Outcome(state="planned", message=str(error))
        if isinstance(error, ConflictError | SourceError):
            dead = row["failures"] + 1 >= self._pace.max_failures
            state = "dead" if dead else "planned"
            return Outcome(state=state, message=str(error), failed=True)
        return Outcome(state="unknown", message=str(error), wait=self._pace.settle)


def _now() -> datetime:
    return datetime.now(UTC)
