"""What holds publishing back: pauses, what waits unapproved, and how much was sent lately."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import connection, delivery, record_delivery, source_record, stream


class PlannedDelivery(NamedTuple):
    """A delivery that waits to be sent, with the record that it goes to."""

    id: str
    party_id: str
    record_id: int
    connection: str
    stream: str
    source_key: str
    attribute: str
    field: str
    before: str | None
    value: str
    approved: bool


def planned_deliveries(db: Connection, connection_name: str | None = None) -> list[PlannedDelivery]:
    """All that wait to be sent, to one connection or to any, in their order."""
    query = (
        sa.select(
            delivery.c.id,
            delivery.c.party_id,
            delivery.c.record_id,
            connection.c.name,
            stream.c.name,
            source_record.c.source_key,
            delivery.c.attribute,
            delivery.c.field,
            delivery.c.before,
            delivery.c.value,
            delivery.c.approved_at.is_not(None),
        )
        .join(source_record, source_record.c.id == delivery.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(delivery.c.state == "planned")
        .order_by(delivery.c.seq)
    )
    if connection_name is not None:
        query = query.where(connection.c.name == connection_name)
    return [PlannedDelivery(*row) for row in db.execute(query)]


class PlannedWhole(NamedTuple):
    """A whole record that waits to be made, or to be erased from; ``fields`` is JSON."""

    id: str
    kind: str
    party_id: str
    connection: str
    stream: str
    fields: str
    approved: bool


def planned_records(db: Connection, connection_name: str | None = None) -> list[PlannedWhole]:
    """All whole records that wait, at one connection or at any, in their order."""
    table = record_delivery
    query = (
        sa.select(
            *(table.c[name] for name in ("id", "kind", "party_id")),
            connection.c.name,
            stream.c.name,
            table.c.fields,
            table.c.approved_at.is_not(None),
        )
        .join(stream, stream.c.id == table.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(table.c.state == "planned")
        .order_by(table.c.seq)
    )
    if connection_name is not None:
        query = query.where(connection.c.name == connection_name)
    return [PlannedWhole._make(row) for row in db.execute(query)]


def approve(db: Connection, delivery_ids: Sequence[str], now: datetime) -> None:
    """Let these go whatever the limits say."""
    rows = [{"approved": name} for name in delivery_ids]
    for table in (delivery, record_delivery) if rows else ():
        change = sa.update(table).where(table.c.id == sa.bindparam("approved"))
        db.execute(change.values(approved_at=now), rows)


def live_records(db: Connection, connection_name: str, stream_names: Collection[str]) -> int:
    """How many records these streams have."""
    query = (
        sa.select(sa.func.count())
        .select_from(source_record)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(
            connection.c.name == connection_name,
            stream.c.name.in_(list(stream_names)),
            sa.not_(source_record.c.deleted),
        )
    )
    return int(db.scalar(query) or 0)


def sent_since(db: Connection, connection_name: str, since: datetime) -> list[datetime]:
    """When deliveries were sent to a connection after a moment, the oldest first."""
    query = (
        sa.select(delivery.c.sent_at)
        .join(source_record, source_record.c.id == delivery.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(connection.c.name == connection_name, delivery.c.sent_at > since)
    )
    whole = (
        sa.select(record_delivery.c.sent_at)
        .join(stream, stream.c.id == record_delivery.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(connection.c.name == connection_name, record_delivery.c.sent_at > since)
    )
    return sorted([*db.scalars(query), *db.scalars(whole)])


def set_pause(db: Connection, connection_name: str, paused_at: datetime | None) -> bool:
    """Pause a connection, or let it go on; False where that changes nothing."""
    held = connection.c.paused_at.is_not(None)
    change = sa.update(connection).where(
        connection.c.name == connection_name, held if paused_at is None else sa.not_(held)
    )
    return db.execute(change.values(paused_at=paused_at)).rowcount == 1


def paused_connections(db: Connection) -> dict[str, datetime]:
    """The connections that nothing is written to, and since when."""
    query = sa.select(connection.c.name, connection.c.paused_at).where(
        connection.c.paused_at.is_not(None)
    )
    return {row.name: row.paused_at for row in db.execute(query)}


def known_connections(db: Connection) -> set[str]:
    """The names of the connections that were ever synced."""
    return set(db.scalars(sa.select(connection.c.name)))
