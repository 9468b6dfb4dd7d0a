"""Deliveries: from the plan over the intent to the target's receipt.

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
from hub.store.tables import connection, delivery, receipt, source_record, stream

SETTLED = ("acknowledged", "rejected", "superseded")


def open_deliveries(db: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], RowMapping]:
    """The unsettled deliveries of the given target records, by record and field."""
    query = sa.select(delivery).where(
        delivery.c.record_id.in_(list(record_ids)), delivery.c.state.not_in(SETTLED)
    )
    return {(row["record_id"], row["field"]): row for row in db.execute(query).mappings()}


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
    """How an attempt ended; ``version`` is the target's after an acknowledged write.

    ``held`` is how the target spells the value that it was given, where that is known.
    """

    state: str
    message: str | None = None
    version: str | None = None
    held: str | None = None
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
            **({"value": outcome.held} if outcome.held else {}),
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
