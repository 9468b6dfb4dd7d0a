"""Creating: intent → look → make → receipt and crosswalk, each step committed before the next.

A creation whose outcome nobody knows is looked for by its external key, after the settle time.
Only a target that holds such a key at most once (CREATE_ONCE) is asked again; any other is looked
at until the record shows, or a person decides. Where it also takes many at once (BATCH_CREATE), a
batch shares intent, request and receipt.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Final, cast

import orjson

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
from hub.pipeline.doors import Barrier, Open
from hub.pipeline.learning import Made, learn
from hub.pipeline.pace import Pace
from hub.sdk.contract import BatchCreator, Capability, New, Receipt, Record
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
    rows = [row for row in due if row["kind"] == CREATE][: pace.max_writes]
    while rows and not barrier.stop() and (most := barrier.allowance()) != 0:
        batch = worker.first(rows, most)
        rows = rows[len(batch) :]
        counts.update(worker.work_many(batch) if len(batch) > 1 else [worker.work(batch[0])])
    return dict(counts)


class _Maker:
    """One publisher of one connection; its name fences its commits off from other workers'."""

    def __init__(self, engine: Engine, target: OpenConnection, pace: Pace) -> None:
        self._engine = engine
        self._creator = cast("BatchCreator", target.connector)
        self._streams = {stream.name: stream.capabilities for stream in target.streams}
        self._pace = pace
        self._name = f"{os.getpid()}-{new_id()}"

    def first(self, rows: Sequence[Row], most: int | None) -> Sequence[Row]:
        """Those at the beginning that can be made together; one where they go one by one."""
        stream = rows[0]["stream_name"]
        many = Capability.BATCH_CREATE in self._streams.get(stream, frozenset())
        limit = self._creator.create_limit(stream) if many else 1
        batch = takewhile(lambda row: row["stream_name"] == stream, rows)
        return list(islice(batch, limit if most is None else min(limit, most)))

    def work_many(self, batch: Sequence[Row]) -> list[str]:
        """Bring creations to their next states, which it returns; a repeat makes nothing twice."""
        rows, states = self._claim_many(batch)
        results = self._make_many(rows) if rows else []
        seen = self._look(rows, results)
        states += self._settle_many(rows, results, seen)
        for result in results:
            if isinstance(result, AuthenticationError):
                raise result
        return states

    def _claim_many(self, batch: Sequence[Row]) -> tuple[list[Row], list[str]]:
        """Commit the intents; returns what is ours and wanted, and the states of the rest."""
        rows, states = list[Row](), list[str]()
        with writing(self._engine) as db:
            now = _now()
            until = self._pace.until(now) + self._pace.batch
            for row in batch:
                if not record_flow.claim_record(db, row, self._name, until):
                    states.append("taken")
                elif row["sent_at"] is None and not _is_wanted(db, row):
                    self._end(db, row, Outcome(state="superseded"))
                    states.append("superseded")
                else:
                    record_flow.mark_record_sent(db, row["id"], self._name, now=now, until=until)
                    rows.append(row)
        return rows, states

    def _make_many(self, rows: Sequence[Row]) -> Sequence[Receipt | HubError]:
        stream, within = rows[0]["stream_name"], self._pace.batch.total_seconds()
        records = [_new(row) for row in rows]
        try:
            results = self._creator.create_many(stream, records, within=within)
        except (DeliveryError, SourceError) as error:
            return [error] * len(rows)
        if len(results) == len(rows):
            return results
        unknown = OutcomeUnknownError("the connector's results are not those of the creations")
        return [unknown] * len(rows)

    def _look(
        self, rows: Sequence[Row], results: Sequence[Receipt | HubError]
    ) -> Mapping[str, Record]:
        """What was made, as it is now; that it can't be read does not undo the creations."""
        keys = [one.key for one in results if isinstance(one, Receipt)]
        found: Mapping[str, Record] = {}
        with suppress(HubError):
            fetch_many = getattr(self._creator, "fetch_many", None)
            if keys and fetch_many is not None:
                found = fetch_many(rows[0]["stream_name"], keys)
        return found

    def _settle_many(
        self,
        rows: Sequence[Row],
        results: Sequence[Receipt | HubError],
        seen: Mapping[str, Record],
    ) -> list[str]:
        """The receipts, with what the crosswalk learns by them; a sync may have been quicker."""
        now, late, states = _now(), list[str](), list[str]()
        with writing(self._engine) as db:
            for row, result in zip(rows, results, strict=True):
                outcome = self._outcome_of(result, row)
                states.append(outcome.state)
                ours = record_flow.settle_record(db, row["id"], outcome, self._name, now)
                if ours and isinstance(result, Receipt):
                    learn(db, row, _made(result, seen.get(result.key)), now)
                elif not ours and record_flow.get_state(db, row["id"]) != "acknowledged":
                    late.append(row["id"])
        if late:
            raise StoreError(f"delivery {late[0]}: another worker has taken it over")
        return states

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
        receipt = self._creator.create(_new(row))
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

    def _outcome_of(self, result: Receipt | HubError, row: Row) -> Outcome:
        if isinstance(result, Receipt):
            return Outcome(state="acknowledged")
        return self._outcome(result, row)

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


def _new(row: Mapping[str, Any]) -> New:
    fields = {name: text for name, (_, text) in orjson.loads(row["fields"]).items()}
    return New(stream=row["stream_name"], fields=fields, external_key=row["id"])


def _made(receipt: Receipt, record: Record | None) -> Made:
    return Made(receipt.key, record.version if record else receipt.version, record)


def _is_wanted(db: Connection, row: Mapping[str, Any]) -> bool:
    """Whether the customer is still one of its own, and still without a record in the stream."""
    if outbox.survivors(db, [row["party_id"]]) != {row["party_id"]}:
        return False
    found = outbox.targets(db, [row["party_id"]], row["connection"], row["stream_name"])
    return not found


def _now() -> datetime:
    return datetime.now(UTC)
