"""Erasures: who was erased when, on whose word, and whether the disk is clean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import delivery, erasure, master_party, record_delivery, stream
from hub.store.whole import CREATE

CLEANING: Final = "cleaning"
DONE: Final = "done"


class Note(NamedTuple):
    """What is kept about an erasure."""

    actor: str
    reason: str
    counts: Mapping[str, Any]


class Erasure(NamedTuple):
    """An erasure as stored."""

    party_id: str
    state: str
    actor: str
    reason: str
    counts: Mapping[str, Any]
    erased_at: datetime


def lock(db: Connection, party_id: str) -> None:
    """Let nothing land, be translated or be computed until the end of the transaction."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(stream.c.id).order_by(stream.c.id).with_for_update()).all()
        mine = sa.select(master_party.c.id).where(master_party.c.id == party_id)
        db.execute(mine.with_for_update()).all()


def get_erasure(db: Connection, party_id: str) -> Erasure | None:
    """The erasure of a party, if it was erased."""
    columns = (erasure.c[name] for name in Erasure._fields)
    row = db.execute(sa.select(*columns).where(erasure.c.party_id == party_id)).one_or_none()
    if row is None:
        return None
    return Erasure(row[0], row[1], row[2], row[3], orjson.loads(row[4]), row[5])


def add_erasure(db: Connection, party_id: str, note: Note, now: datetime) -> None:
    """Note an erasure; its disk is still to be cleaned."""
    db.execute(
        sa.insert(erasure).values(
            party_id=party_id,
            state=CLEANING,
            actor=note.actor,
            reason=note.reason,
            counts=orjson.dumps(note.counts).decode(),
            erased_at=now,
        )
    )


def uncleaned(db: Connection) -> list[str]:
    """Erased parties whose traces may still be on the disk."""
    query = sa.select(erasure.c.party_id).where(erasure.c.state == CLEANING)
    return list(db.scalars(query.order_by(erasure.c.party_id)))


def mark_cleaned(db: Connection, party_ids: Collection[str], now: datetime) -> None:
    """The disk is clean of them."""
    db.execute(
        sa.update(erasure)
        .where(erasure.c.party_id.in_(list(party_ids)))
        .values(state=DONE, cleaned_at=now)
    )


def count_sending(db: Connection, party_ids: Iterable[str], record_ids: Iterable[int]) -> int:
    """How many values of the parties, or for the records, a worker may be writing right now."""
    concerned = delivery.c.party_id.in_(list(party_ids)) | delivery.c.record_id.in_(
        list(record_ids)
    )
    under_way = (delivery.c.state == "sending") & (delivery.c.lease_until > datetime.now(UTC))
    query = sa.select(sa.func.count()).select_from(delivery).where(concerned, under_way)
    table = record_delivery
    whole = sa.select(sa.func.count()).select_from(table)
    whole = whole.where(
        table.c.party_id.in_(list(party_ids)),
        table.c.state.in_(("sending", "unknown")),
        table.c.kind == CREATE,
    )
    return (db.scalar(query) or 0) + (db.scalar(whole) or 0)
