"""Creating: intent → look → make → receipt and crosswalk, each step committed before the next.

A creation whose outcome nobody knows is looked for by its external key, after the settle time.
Only a target that holds such a key at most once (CREATE_ONCE) is asked again; any other is looked
at until the record shows, or a person decides.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import orjson

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
from hub.pipeline.connections import OpenConnection
from hub.pipeline.delivering import Pace
from hub.pipeline.doors import Barrier, Open
from hub.pipeline.learning import Made, learn
from hub.sdk.contract import Capability, Creator, New
from hub.store import outbox, record_flow
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, reading, writing
from hub.store.deliveries import Outcome
from hub.store.whole import CREATE

Row = dict[str, Any]
NOT_SHOWN: Final = (
    "no answer came, and the target does not show the record; it is looked for again by itself. "
    "Make sure that it is not there before you let it be made anew with `hub delivery retry`"
)


def create_records(
    engine: Engine,
    target: OpenConnection,
    pace: Pace,
    *,
    barrier: Barrier | None = None,
    approved: bool = False,
) -> dict[str, int]:
    """Make what is due at one connection, in order; returns counts by end state.

    ``approved`` makes only what a person has approved. Raises AuthenticationError at once.
    """
    with reading(engine) as db:
        due = record_flow.due_records(db, target.name, _now(), approved=approved)
    worker, counts = _Maker(engine, target, pace), Counter[str]()
    barrier = barrier or Open()
    for row in [row for row in due if row["kind"] == CREATE][: pace.max_writes]:
        if barrier.stop() or barrier.allowance() == 0:
            break
        counts[worker.work(row)] += 1
    return dict(counts)


class _Maker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, target: OpenConnection, pace: Pace) -> None:
        self._engine = engine
        self._creator = cast("Creator", target.connector)
        self._streams = {stream.name: stream.capabilities for stream in target.streams}
        self._pace = pace
        self._name = f"{os.getpid()}-{new_id()}"

    def work(self, row: Row) -> str:
        """Bring a creation to its next state, which it returns."""
        with writing(self._engine) as db:
            if not record_flow.claim_record(db, row, self._name, self._pace.until(_now())):
                return "taken"
            if row["sent_at"] is None and not _is_wanted(db, row):
                self._end(db, row, Outcome(state="superseded"))
                return "superseded"
        try:
            made = self._make(row)
        except (DeliveryError, SourceError) as error:
            state = self._settle(row, self._outcome(error, row))
            if isinstance(error, AuthenticationError):
                raise
            return state
        if made is None:
            outcome = Outcome(state="unknown", message=NOT_SHOWN, wait=self._pace.settle)
            return self._settle(row, outcome)
        return self._receive(row, made)

    def _make(self, row: Row) -> Made | None:
        """Make the record; None where an earlier request may still have its effect."""
        stream = row["stream_name"]
        if row["sent_at"] is not None:
            key = self._creator.find(stream, row["id"])
            if key is not None:
                return self._seen(stream, key, None)
            if Capability.CREATE_ONCE not in self._streams.get(stream, frozenset()):
                return None
        now = _now()
        with writing(self._engine) as db:
            until = self._pace.until(_now())
            record_flow.mark_record_sent(db, row["id"], self._name, now=now, until=until)
        fields = {name: text for name, (_, text) in orjson.loads(row["fields"]).items()}
        new = New(stream=stream, fields=fields, external_key=row["id"])
        receipt = self._creator.create(new)
        return self._seen(stream, receipt.key, receipt.version)

    def _seen(self, stream: str, key: str, version: str | None) -> Made:
        """What the target holds now; that it can't be read does not undo the creation."""
        with suppress(HubError):
            record = self._creator.fetch(stream, key)
            if record is not None:
                return Made(key, record.version, record)
        return Made(key, version)

    def _receive(self, row: Row, made: Made) -> str:
        """The receipt, with what the crosswalk learns by it; a sync may have been quicker."""
        now, outcome = _now(), Outcome(state="acknowledged")
        with writing(self._engine) as db:
            if record_flow.settle_record(db, row["id"], outcome, self._name, now):
                learn(db, row, made, now)
            elif record_flow.get_state(db, row["id"]) != "acknowledged":
                raise StoreError(f"delivery {row['id']}: another worker has taken it over")
        return outcome.state

    def _settle(self, row: Row, outcome: Outcome) -> str:
        with writing(self._engine) as db:
            if record_flow.settle_record(db, row["id"], outcome, self._name, _now()):
                return outcome.state
            if record_flow.get_state(db, row["id"]) == "acknowledged":
                return "acknowledged"
        raise StoreError(f"delivery {row['id']}: another worker has taken it over")

    def _end(self, db: Connection, row: Row, outcome: Outcome) -> None:
        record_flow.settle_record(db, row["id"], outcome, self._name, _now())

    def _outcome(self, error: HubError, row: Row) -> Outcome:
        """What an error says: nothing was made, or nobody knows."""
        if row["sent_at"] is not None and isinstance(error, SourceError):
            # The look-up failed: what an earlier request did is as unknown as before.
            return Outcome(state="unknown", message=str(error), wait=self._pace.settle)
        if isinstance(error, AuthenticationError):
            return Outcome(state="planned", message="the target refuses our credentials")
        if isinstance(error, RateLimitedError | SourceUnavailableError):
            return Outcome(state="planned", message=str(error), wait=timedelta(0))
        if isinstance(error, SourceError):
            state = "dead" if row["failures"] + 1 >= self._pace.max_failures else "planned"
            return Outcome(state=state, message=str(error), failed=True)
        if isinstance(error, ConflictError | RejectedError):
            return Outcome(state="rejected", message=str(error))
        return Outcome(state="unknown", message=str(error), wait=self._pace.settle)


def _is_wanted(db: Connection, row: Mapping[str, Any]) -> bool:
    """Whether the customer is still one of its own, and still without a record in the stream."""
    if outbox.survivors(db, [row["party_id"]]) != {row["party_id"]}:
        return False
    found = outbox.targets(db, [row["party_id"]], row["connection"], row["stream_name"])
    return not found


def _now() -> datetime:
    return datetime.now(UTC)
