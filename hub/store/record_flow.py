"""The way of a whole record's delivery to the target's receipt, as a field's delivery goes it.

It goes planned → sending → acknowledged. ``unknown`` is looked for at the target and not sent
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.errors import StoreError
from hub.store.deliveries import SETTLED, Outcome
from hub.store.tables import connection, record_delivery, stream
from hub.store.whole import CREATE

IN_FLIGHT: Final = ("sending", "unknown")


def due_records(
    db: Connection, connection_name: str, now: datetime, *, approved: bool = False
) -> list[dict[str, Any]]:
    """What may be worked on now, in order; ``approved`` leaves out what no person approved."""
    table = record_delivery
    may_go = table.c.approved_at.is_not(None) if approved else sa.true()
    query = _described().where(
        connection.c.name == connection_name,
        sa.or_(
            sa.and_(table.c.state == "planned", may_go),
            sa.and_(table.c.state.in_(IN_FLIGHT), table.c.lease_until <= now),
        ),
    )
    return [dict(row) for row in db.execute(query.order_by(table.c.seq)).mappings()]


def claim_record(db: Connection, row: dict[str, Any], holder: str, until: datetime) -> bool:
    """Record the intent to send it, if it is still as it was seen."""
    table = record_delivery
    change = sa.update(table).where(
        table.c.id == row["id"],
        table.c.state == row["state"],
        table.c.attempts == row["attempts"],
    )
    values = {"state": "sending", "lease_holder": holder, "lease_until": until}
    return db.execute(change.values(attempts=table.c.attempts + 1, **values)).rowcount == 1


def mark_record_sent(
    db: Connection, delivery_id: str, holder: str, *, now: datetime, until: datetime
) -> None:
    """Note that a request leaves now; StoreError where it is no longer ours: nothing may leave."""
    table = record_delivery
    change = sa.update(table).where(*_held(delivery_id, holder), table.c.lease_until > now)
    if db.execute(change.values(sent_at=now, lease_until=until)).rowcount != 1:
        raise StoreError(f"delivery {delivery_id}: the lease ran out; nothing was sent")


def settle_record(
    db: Connection, delivery_id: str, outcome: Outcome, holder: str, now: datetime
) -> bool:
    """Record how an attempt ended; False where another has taken it over.

    Only what may have had an effect stays marked as sent.
    """
    table = record_delivery
    values: dict[str, Any] = {
        "state": outcome.state,
        "message": outcome.message,
        "failures": table.c.failures + int(outcome.failed),
        "lease_holder": holder if outcome.state == "unknown" else None,
        "lease_until": now + outcome.wait,
        "settled_at": now if outcome.state in SETTLED else None,
    }
    if outcome.state not in ("unknown", "acknowledged"):
        values["sent_at"] = None
    change = sa.update(table).where(*_held(delivery_id, holder))
    return db.execute(change.values(values)).rowcount == 1


def _held(delivery_id: str, holder: str) -> tuple[sa.ColumnElement[bool], ...]:
    table = record_delivery
    return table.c.id == delivery_id, table.c.lease_holder == holder, table.c.state == "sending"


def unseen_creations(db: Connection, stream_id: int) -> list[dict[str, Any]]:
    """Creations in a stream that have left and of which no receipt is known."""
    table = record_delivery
    query = _described().where(
        table.c.kind == CREATE,
        table.c.stream_id == stream_id,
        table.c.sent_at.is_not(None),
        table.c.state.in_((*IN_FLIGHT, "dead")),
    )
    return [dict(row) for row in db.execute(query).mappings()]


def acknowledge_creation(
    db: Connection, delivery_id: str, record: tuple[int, str], now: datetime
) -> None:
    """Note under which row and key the record stands."""
    values = {"record_id": record[0], "source_key": record[1], "state": "acknowledged"}
    values |= {"settled_at": now, "message": None, "lease_holder": None}
    change = sa.update(record_delivery).where(record_delivery.c.id == delivery_id)
    db.execute(change.values(values))


def forget_key(db: Connection, delivery_id: str) -> None:
    """Of a person who is erased nothing stays once the target is done."""
    change = sa.update(record_delivery).where(record_delivery.c.id == delivery_id)
    db.execute(change.values(source_key=None, fields="{}"))


def lock_unseen(db: Connection, delivery_id: str) -> bool:
    """Whether a creation still has no receipt; nobody else settles it until the end."""
    table = record_delivery
    query = sa.select(table.c.state).where(table.c.id == delivery_id).with_for_update()
    return db.scalar(query) in (*IN_FLIGHT, "dead")


def get_state(db: Connection, delivery_id: str) -> str | None:
    """The state that a delivery of a record is in."""
    query = sa.select(record_delivery.c.state).where(record_delivery.c.id == delivery_id)
    return db.scalar(query)


def created_kinds(db: Connection, record_ids: Sequence[int]) -> dict[int, str]:
    """Of records that we made, by row id, the kind of the customer they were made for."""
    table = record_delivery
    query = sa.select(table.c.record_id, table.c.party_kind).where(
        table.c.kind == CREATE,
        table.c.record_id.in_(list(record_ids)),
        table.c.party_kind.is_not(None),
    )
    return {row[0]: row[1] for row in db.execute(query)}


def _described() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            record_delivery,
            connection.c.name.label("connection"),
            stream.c.name.label("stream_name"),
        )
        .join(stream, stream.c.id == record_delivery.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
    )
