"""Deliveries as a person looks at them, and what a person or a target has refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import (
    ASKS_DELIVERY,
    connection,
    delivery,
    receipt,
    record_delivery,
    source_record,
    stream,
)

_ASKING: Final = frozenset({"conflict", "dead", "incomplete", "rejected", "unknown"})
"""States that wait for a person; a delivery of a field is never incomplete."""
_REFUSED: Final = ("rejected", "abandoned")


def refused_values(db: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """By record and field, the value that the target or a person refused last, if they did."""
    query = (
        sa.select(delivery.c.record_id, delivery.c.field, delivery.c.state, delivery.c.value)
        .where(delivery.c.record_id.in_(list(record_ids)), delivery.c.state != "superseded")
        .order_by(delivery.c.seq)
    )
    latest = {(row.record_id, row.field): row for row in db.execute(query)}
    return {place: row.value for place, row in latest.items() if row.state in _REFUSED}


class DeliveryFilter(NamedTuple):
    """Which deliveries to list; without states, those that wait for a person."""

    states: Collection[str] = ("conflict", "dead", "incomplete", "rejected", "unknown")
    connection: str | None = None


def list_deliveries(db: Connection, wanted: DeliveryFilter, limit: int) -> list[dict[str, Any]]:
    """The deliveries wanted, the newest first, each with connection, stream and kind."""
    found = []
    for table, query in described_deliveries(wanted):
        rows = db.execute(query.order_by(table.c.seq.desc()).limit(limit)).mappings()
        found += [FIELDLESS | dict(row) for row in rows]
    return sorted(found, key=lambda row: row["planned_at"], reverse=True)[:limit]


def described_deliveries(wanted: DeliveryFilter) -> Iterator[tuple[sa.Table, sa.Select[Any]]]:
    """The queries for those wanted in no order: of fields, and of whole records."""
    for table, described in ((delivery, _described()), (record_delivery, _described_whole())):
        query = described.where(table.c.state.in_(list(wanted.states)))
        if table is delivery and _ASKING.issuperset(wanted.states):
            query = query.where(sa.text(f"delivery.{ASKS_DELIVERY}"))
        if wanted.connection is not None:
            query = query.where(connection.c.name == wanted.connection)
        yield table, query


def get_delivery(db: Connection, delivery_id: str) -> dict[str, Any] | None:
    """One delivery, of a field or of a whole record, with connection, stream and receipt."""
    for table, described in ((delivery, _described()), (record_delivery, _described_whole())):
        row = db.execute(described.where(table.c.id == delivery_id)).mappings().one_or_none()
        if row is not None:
            return FIELDLESS | dict(row)
    return None


def end_delivery(db: Connection, delivery_id: str, *, seen: str, state: str, now: datetime) -> bool:
    """Settle a delivery on a person's word; False where it is no longer in the state seen."""
    values = {"state": state, "settled_at": now, "lease_holder": None, "lease_until": None}
    changes = [
        sa.update(table).where(table.c.id == delivery_id, table.c.state == seen).values(values)
        for table in (delivery, record_delivery)
    ]
    return sum(db.execute(change).rowcount for change in changes) == 1


def deleted_records(db: Connection, record_ids: Collection[int]) -> set[int]:
    """Those of the records that are gone from their system."""
    query = sa.select(source_record.c.id).where(
        source_record.c.id.in_(list(record_ids)), source_record.c.deleted
    )
    return set(db.scalars(query))


def plan_record_again(db: Connection, delivery_id: str, *, seen: str, now: datetime) -> bool:
    """Let a whole record be sent as if it never was; False where it is not in the state seen.

    It is approved by that: a person has looked at the target.
    """
    table = record_delivery
    change = sa.update(table).where(table.c.id == delivery_id, table.c.state == seen)
    values = {"state": "planned", "failures": 0, "message": None, "lease_holder": None}
    again = change.values(sent_at=None, settled_at=None, approved_at=now, **values)
    return db.execute(again).rowcount == 1


def overrule(db: Connection, delivery_id: str, found: str | None, now: datetime) -> bool:
    """Plan a delivery in conflict to be written over what was found; False where it is not in one.

    It is approved by that: a person has looked at both values.
    """
    change = sa.update(delivery).where(delivery.c.id == delivery_id, delivery.c.state == "conflict")
    values = {"state": "planned", "before": found, "found": None, "failures": 0, "message": None}
    return db.execute(change.values(approved_at=now, **values)).rowcount == 1


def rebase(db: Connection, befores: Mapping[str, str | None]) -> None:
    """Note what stands at targets right before writes that a policy lets go over it."""
    change = sa.update(delivery).where(delivery.c.id == sa.bindparam("rebased"))
    if befores:
        rows = [{"rebased": name, "stands": before} for name, before in befores.items()]
        db.execute(change.values(before=sa.bindparam("stands", type_=sa.Text)), rows)


FIELDLESS: Final = {"kind": "field", "field": "", "attribute": "", "found": None}
"""What a delivery of a whole record has none of; that of a field has no other kind."""


def _described_whole() -> sa.Select[Any]:
    return (
        sa.select(
            record_delivery,
            connection.c.name.label("connection"),
            stream.c.name.label("stream"),
        )
        .join(stream, stream.c.id == record_delivery.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
    )


def _described() -> sa.Select[Any]:
    return (
        sa.select(
            delivery,
            connection.c.name.label("connection"),
            stream.c.name.label("stream"),
            receipt.c.target_version,
            receipt.c.received_at,
        )
        .join(source_record, source_record.c.id == delivery.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .outerjoin(receipt, receipt.c.delivery_id == delivery.c.id)
    )
