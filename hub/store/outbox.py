"""The outbox: events of parties, the deliveries computed from them, and the targets' receipts.

A delivery goes planned → sending → acknowledged. ``sending`` is the intent: it is committed before
the request leaves (law 8). Its other ends are conflict, rejected and unknown; unknown is looked up
at the target after the settle time, never repeated blindly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hub.errors import StoreError
from hub.store.columns import new_id
from hub.store.ids import take_block
from hub.store.tables import (
    canonical_record,
    connection,
    delivery,
    golden_record,
    link,
    master_party,
    party_event,
    raw_version,
    receipt,
    source_record,
    stream,
)

SETTLED = ("acknowledged", "rejected", "superseded")


class PendingEvent(NamedTuple):
    """An event whose deliveries are not planned yet."""

    id: str
    party_id: str


class Target(NamedTuple):
    """A record at a target that belongs to a party, with what we last read of it."""

    party_id: str
    record_id: int
    payload: str
    source_version: str | None
    golden: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWrite:
    """One value that should stand in one field of one target record."""

    party_id: str
    record_id: int
    connection: str
    stream: str
    attribute: str
    field: str
    before: str | None
    value: str
    version: str | None


def pending_events(db: Connection, limit: int) -> list[PendingEvent]:
    """The oldest events that nobody has planned for."""
    query = (
        sa.select(party_event.c.id, party_event.c.party_id)
        .where(party_event.c.pending)
        .order_by(party_event.c.seq)
        .limit(limit)
    )
    return [PendingEvent(*row) for row in db.execute(query)]


def take_turn(db: Connection) -> None:
    """Wait until nobody else stages deliveries: two would plan for the same events."""
    take_block(db, "delivery", 0)


def survivors(db: Connection, party_ids: Iterable[str]) -> set[str]:
    """The active parties that the given ones are now (a merged id resolves for ever)."""
    todo, found = set(party_ids), set[str]()
    while todo:
        query = sa.select(master_party.c.id, master_party.c.replaced_by).where(
            master_party.c.id.in_(todo)
        )
        rows = db.execute(query).all()
        found |= {row.id for row in rows if row.replaced_by is None}
        todo = {row.replaced_by for row in rows if row.replaced_by is not None}
    return found


def targets(
    db: Connection, party_ids: Iterable[str], connection_name: str, stream_name: str
) -> list[Target]:
    """The parties' live records in one stream of one connection, with their golden bodies."""
    query = (
        sa.select(
            link.c.party_id,
            source_record.c.id,
            raw_version.c.payload,
            source_record.c.source_version,
            golden_record.c.body,
        )
        .join(canonical_record, canonical_record.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .join(
            raw_version,
            sa.and_(
                raw_version.c.record_id == source_record.c.id,
                raw_version.c.version == source_record.c.version,
            ),
        )
        .join(
            golden_record,
            sa.and_(
                golden_record.c.party_id == link.c.party_id,
                golden_record.c.recorded_to.is_(None),
            ),
        )
        .where(
            link.c.party_id.in_(list(party_ids)),
            link.c.recorded_to.is_(None),
            canonical_record.c.active,
            canonical_record.c.part == "",
            sa.not_(source_record.c.deleted),
            connection.c.name == connection_name,
            stream.c.name == stream_name,
        )
        .order_by(source_record.c.id)
    )
    return [Target(*row) for row in db.execute(query)]


def open_deliveries(db: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], RowMapping]:
    """The unsettled deliveries of the given target records, by record and field."""
    query = sa.select(delivery).where(
        delivery.c.record_id.in_(list(record_ids)), delivery.c.state.not_in(SETTLED)
    )
    return {(row["record_id"], row["field"]): row for row in db.execute(query).mappings()}


def insert_deliveries(db: Connection, writes: Sequence[PlannedWrite], now: datetime) -> int:
    """Store planned writes in their order; one open delivery per record and field."""
    first = take_block(db, "delivery", len(writes))
    rows = [
        {
            "id": new_id(),
            "seq": first + place,
            "party_id": write.party_id,
            "record_id": write.record_id,
            "attribute": write.attribute,
            "field": write.field,
            "value": write.value,
            "before": write.before,
            "expected_version": write.version,
            "state": "planned",
            "attempts": 0,
            "planned_at": now,
        }
        for place, write in enumerate(writes)
    ]
    if rows:
        db.execute(sa.insert(delivery), rows)
    return len(rows)


def supersede(db: Connection, delivery_id: str, now: datetime) -> None:
    """End a planned delivery whose value is no longer wanted."""
    db.execute(
        sa.update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.state == "planned")
        .values(state="superseded", settled_at=now)
    )


def settle_events(db: Connection, event_ids: Sequence[str]) -> None:
    """Mark events as planned for."""
    if event_ids:
        db.execute(
            sa.update(party_event).where(party_event.c.id.in_(event_ids)).values(pending=False)
        )


def due_deliveries(
    db: Connection, connection_name: str, now: datetime, limit: int
) -> list[dict[str, Any]]:
    """What may be worked on now: planned ones, and sent ones whose settle time ran out."""
    query = (
        sa.select(
            delivery,
            stream.c.name.label("stream_name"),
            source_record.c.source_key.label("source_key"),
        )
        .join(source_record, source_record.c.id == delivery.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(
            connection.c.name == connection_name,
            sa.or_(
                delivery.c.state == "planned",
                sa.and_(
                    delivery.c.state.in_(("sending", "unknown")), delivery.c.lease_until <= now
                ),
            ),
        )
        .order_by(delivery.c.seq)
        .limit(limit)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def claim(db: Connection, row: Mapping[str, Any], holder: str, until: datetime) -> bool:
    """Record the intent to send, if nobody else has; False when another worker was first."""
    changed = db.execute(
        sa.update(delivery)
        .where(
            delivery.c.id == row["id"],
            delivery.c.state == row["state"],
            delivery.c.attempts == row["attempts"],
        )
        .values(
            state="sending", attempts=row["attempts"] + 1, lease_holder=holder, lease_until=until
        )
    )
    return changed.rowcount == 1


def mark_sent(
    db: Connection, delivery_id: str, holder: str, now: datetime, until: datetime
) -> None:
    """Note, right before the request leaves, that it may have an effect from now on.

    The lease is counted anew from here: the look-up before may have used it up. Raises StoreError
    when it is no longer ours: then nothing must be sent.
    """
    changed = db.execute(
        sa.update(delivery)
        .where(
            delivery.c.id == delivery_id,
            delivery.c.lease_holder == holder,
            delivery.c.state == "sending",
            delivery.c.lease_until > now,
        )
        .values(sent_at=now, lease_until=until)
    )
    if changed.rowcount != 1:
        raise StoreError(f"delivery {delivery_id}: the lease ran out; nothing was sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended; ``version`` is the target's after an acknowledged write."""

    state: str
    message: str | None = None
    version: str | None = None
    wait: timedelta = timedelta(0)


def settle(db: Connection, delivery_id: str, holder: str, outcome: Outcome, now: datetime) -> None:
    """Record how an attempt ended; refused with StoreError once the lease is another's."""
    changed = db.execute(
        sa.update(delivery)
        .where(
            delivery.c.id == delivery_id,
            delivery.c.lease_holder == holder,
            delivery.c.state == "sending",
        )
        .values(
            state=outcome.state,
            message=outcome.message,
            lease_holder=None if outcome.state != "unknown" else holder,
            lease_until=now + outcome.wait,
            settled_at=now if outcome.state in SETTLED else None,
        )
    )
    if changed.rowcount != 1:
        raise StoreError(f"delivery {delivery_id}: another worker has taken it over")
    if outcome.state == "acknowledged":
        values = {"target_version": outcome.version, "received_at": now}
        db.execute(sa.insert(receipt).values(delivery_id=delivery_id, **values))


class AcknowledgedWrite(NamedTuple):
    """A value that stands in a target's record because we wrote it."""

    field: str
    value: str
    before: str | None
    expected_version: str | None
    target_version: str | None


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
