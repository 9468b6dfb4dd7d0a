"""The outbox: events of parties, the targets they concern, and the writes planned for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

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
    source_record,
    stream,
)

CHANGED_OVER: Final = "somebody changed the value that we had written"


class PendingEvent(NamedTuple):
    """An event whose deliveries are not planned yet."""

    id: str
    party_id: str
    seq: int


class Target(NamedTuple):
    """A record at a target that belongs to a party, with what we last read of it."""

    party_id: str
    record_id: int
    payload: str
    source_version: str | None
    golden: str
    observed_at: datetime


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
    found: str | None = None
    """What somebody put over our value: then a person is asked, and nothing is sent."""


def pending_events(db: Connection, limit: int, *, after: int = 0) -> list[PendingEvent]:
    """The oldest events that nobody has planned for, after a place in the sequence."""
    query = (
        sa.select(party_event.c.id, party_event.c.party_id, party_event.c.seq)
        .where(sa.text("pending"))  # as in the partial index: SQLite would not use "pending = 1"
        .where(party_event.c.seq > after)
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
            raw_version.c.observed_at,
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
            "state": "planned" if write.found is None else "conflict",
            "found": write.found,
            "message": None if write.found is None else CHANGED_OVER,
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
