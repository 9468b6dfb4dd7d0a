"""Deliveries: from the plan over the intent to the target's receipt.

A delivery goes planned → sending → acknowledged. ``sending`` is the intent: it is committed before
the request leaves (law 8). Its other ends are conflict, rejected, dead (given up) and unknown;
unknown is looked up at the target after the settle time, never repeated blindly. A person may end
one as abandoned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hub.store import bulk
from hub.store.bulk import driver_uuid
from hub.store.columns import to_micros
from hub.store.tables import connection, delivery, golden_record, receipt, source_record, stream

GONE = "the target record is gone"
"""Why a delivery is in conflict where there is no other value to look at."""
SETTLED = ("acknowledged", "rejected", "superseded", "abandoned")


def open_deliveries(db: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], RowMapping]:
    """The unsettled deliveries of the given target records, by record and field."""
    query = sa.select(delivery).where(
        delivery.c.record_id.in_(list(record_ids)), delivery.c.state.not_in(SETTLED)
    )
    return {(row["record_id"], row["field"]): row for row in db.execute(query).mappings()}


def due_deliveries(
    db: Connection, connection_name: str, now: datetime, limit: int, *, approved: bool = False
) -> list[dict[str, Any]]:
    """What may be worked on now: planned ones, and sent ones whose settle time ran out.

    ``approved`` leaves out planned ones that no person has approved.
    """
    may_go = delivery.c.approved_at.is_not(None) if approved else sa.true()
    query = (
        sa.select(
            delivery,
            stream.c.name.label("stream_name"),
            source_record.c.source_key.label("source_key"),
            golden_record.c.valid_from.label("golden_since"),
        )
        .outerjoin(
            golden_record,
            sa.and_(
                golden_record.c.party_id == delivery.c.party_id,
                golden_record.c.recorded_to.is_(None),
            ),
        )
        .join(source_record, source_record.c.id == delivery.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(
            connection.c.name == connection_name,
            sa.or_(
                sa.and_(delivery.c.state == "planned", may_go),
                sa.and_(
                    delivery.c.state.in_(("sending", "unknown")), delivery.c.lease_until <= now
                ),
            ),
        )
        .order_by(delivery.c.seq)
        .limit(limit)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def claim(
    db: Connection,
    rows: Sequence[Mapping[str, Any]],
    holder: str,
    until: datetime,
    *,
    leaving: Collection[str] = (),
) -> set[str]:
    """Record the intent to send each, if nobody else has; returns the ids of those that are ours.

    What another worker claims at this moment is left to it, without waiting. ``leaving`` are the
    ids of those whose request leaves right after the commit: from then on it may have an effect.
    """
    seen = {row["id"]: (row["state"], row["attempts"]) for row in rows}
    query = (
        sa.select(delivery.c.id, delivery.c.state, delivery.c.attempts)
        .where(delivery.c.id.in_(list(seen)))
        .order_by(delivery.c.seq)
        .with_for_update(skip_locked=True)
    )
    found = {row.id: (row.state, row.attempts) for row in db.execute(query)}
    ours = {name for name, now in found.items() if now == seen[name]}
    values = {"state": "sending", "lease_holder": holder, "lease_until": until}
    values |= {"attempts": delivery.c.attempts + 1}
    sent = ours.intersection(leaving)
    for names, more in ((ours - sent, {}), (sent, {"sent_at": datetime.now(UTC)})):
        if names:
            change = sa.update(delivery).where(delivery.c.id.in_(names))
            db.execute(change.values(values | more))
    return ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended; ``version`` is the target's after an acknowledged write.

    ``held`` is how the target spells the value that it was given, where that is known. ``failed``
    counts against the delivery itself; from then on it goes in a request of its own.
    """

    state: str
    message: str | None = None
    version: str | None = None
    held: str | None = None
    wait: timedelta = timedelta(0)
    failed: bool = False
    found: str | None = None
    """What a target holds instead, in a conflict."""


def settle(
    db: Connection, outcomes: Mapping[str, Outcome], holder: str, now: datetime
) -> list[str]:
    """Record how attempts ended, by delivery; returns those that another has taken over.

    The outcomes of those are not recorded.
    """
    query = (
        sa.select(delivery.c.id)
        .where(
            delivery.c.id.in_(list(outcomes)),
            delivery.c.lease_holder == holder,
            delivery.c.state == "sending",
        )
        .order_by(delivery.c.seq)
        .with_for_update()
    )
    ours = list(db.scalars(query))
    alike: dict[Outcome, list[str]] = {}
    for name in ours:
        alike.setdefault(replace(outcomes[name], version=None), []).append(name)
    for outcome, names in alike.items():
        values = _ended(outcome, holder, now)
        db.execute(sa.update(delivery).where(delivery.c.id.in_(names)).values(values))
    done = [name for name in ours if outcomes[name].state == "acknowledged"]
    at = to_micros(now)
    rows: list[bulk.Row] = [(driver_uuid(db, name), outcomes[name].version, at) for name in done]
    bulk.insert(db, receipt, ("delivery_id", "target_version", "received_at"), rows)
    return sorted(outcomes.keys() - set(ours))


def _ended(outcome: Outcome, holder: str, now: datetime) -> dict[str, Any]:
    """An unknown one keeps its holder, until it is looked up."""
    ended = {
        "failures": delivery.c.failures + int(outcome.failed),
        "found": outcome.found,
        "state": outcome.state,
        "message": outcome.message,
        "lease_holder": holder if outcome.state == "unknown" else None,
        "lease_until": now + outcome.wait,
        "settled_at": now if outcome.state in SETTLED else None,
    }
    return ended | ({"value": outcome.held} if outcome.held else {})


class AcknowledgedWrite(NamedTuple):
    """A value that stands in a target's record because we wrote it."""

    field: str
    value: str
    before: str | None
    expected_version: str | None
    target_version: str | None
    received_at: datetime


def has_written(db: Connection) -> bool:
    """Whether anything was ever written: most streams never are."""
    return db.execute(sa.select(receipt.c.delivery_id).limit(1)).first() is not None


def acknowledged_writes(
    db: Connection, record_ids: Sequence[int]
) -> dict[int, list[AcknowledgedWrite]]:
    """Our writes to each of the records, newest first."""
    query = (
        sa.select(
            delivery.c.record_id,
            delivery.c.field,
            delivery.c.value,
            delivery.c.before,
            delivery.c.expected_version,
            receipt.c.target_version,
            receipt.c.received_at,
        )
        .join(receipt, receipt.c.delivery_id == delivery.c.id)
        .where(delivery.c.record_id.in_(record_ids))
        .order_by(delivery.c.seq.desc())
    )
    found: dict[int, list[AcknowledgedWrite]] = {}
    for record_id, *write in db.execute(query):
        found.setdefault(record_id, []).append(AcknowledgedWrite(*write))
    return found


def count_deliveries(db: Connection) -> dict[str, int]:
    """How many deliveries are in each state."""
    query = sa.select(delivery.c.state, sa.func.count()).group_by(delivery.c.state)
    return {row[0]: row[1] for row in db.execute(query)}
