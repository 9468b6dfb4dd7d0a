"""Whole records at targets: which creations there are, and which customers should have none.

``incomplete`` lacks what the target demands. How one goes to its receipt is in
:mod:`hub.store.record_flow`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.columns import new_id
from hub.store.ids import take_block
from hub.store.tables import (
    canonical_record,
    link,
    record_delivery,
    review_case,
    source_record,
)
from hub.store.whole import CREATE

WAITING: Final = ("incomplete", "planned", "dead")
"""Open, and surely not under way: it may be replaced."""


class PlannedRecord(NamedTuple):
    """A whole record to be made, or to be erased; ``fields`` is JSON."""

    kind: str
    party_id: str
    stream_id: int
    fields: str
    party_kind: str | None = None
    message: str | None = None
    record_id: int | None = None
    source_key: str | None = None


class Standing(NamedTuple):
    """A customer's newest creation in a stream; ``owner`` is whose the record that was made is."""

    id: str
    party_id: str
    state: str
    fields: str
    message: str | None
    approved: bool
    owner: str | None


def latest_creations(
    db: Connection, party_ids: Collection[str], stream_id: int
) -> dict[str, Standing]:
    """The newest creation of each party in a stream, but for superseded ones."""
    table = record_delivery
    query = (
        sa.select(
            *(table.c[name] for name in ("id", "party_id", "state", "fields", "message")),
            table.c.approved_at.is_not(None).label("approved"),
            link.c.party_id.label("owner"),
        )
        .outerjoin(
            canonical_record,
            (canonical_record.c.record_id == table.c.record_id) & (canonical_record.c.part == ""),
        )
        .outerjoin(
            link, (link.c.canonical_id == canonical_record.c.id) & link.c.recorded_to.is_(None)
        )
        .where(
            table.c.kind == CREATE,
            table.c.stream_id == stream_id,
            table.c.party_id.in_(list(party_ids)),
            table.c.state != "superseded",
        )
        .order_by(table.c.seq)
    )
    return {row.party_id: Standing._make(row) for row in db.execute(query)}


def parties_in_flight(db: Connection, stream_id: int) -> set[str]:
    """Customers of whom a record may be being made right now."""
    table = record_delivery
    query = sa.select(table.c.party_id).where(
        table.c.kind == CREATE,
        table.c.stream_id == stream_id,
        table.c.state.in_(("sending", "unknown")),
    )
    return set(db.scalars(query))


def parties_with_deleted(db: Connection, party_ids: Collection[str], stream_id: int) -> set[str]:
    """Those of the parties that had a record in the stream which is gone from its system."""
    query = (
        sa.select(link.c.party_id)
        .distinct()
        .join(canonical_record, canonical_record.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .where(
            link.c.party_id.in_(list(party_ids)),
            source_record.c.stream_id == stream_id,
            source_record.c.deleted,
        )
    )
    return set(db.scalars(query))


def parties_in_doubt(db: Connection, party_ids: Collection[str], stream_id: int) -> set[str]:
    """Those of the parties that may be who a record of the stream stands for: a case is open."""
    mine, theirs = link.alias("mine"), canonical_record.alias("theirs")
    found = set[str]()
    for near, far in (
        (review_case.c.left_id, review_case.c.right_id),
        (review_case.c.right_id, review_case.c.left_id),
    ):
        query = (
            sa.select(mine.c.party_id)
            .join(review_case, near == mine.c.canonical_id)
            .join(theirs, theirs.c.id == far)
            .join(source_record, source_record.c.id == theirs.c.record_id)
            .where(
                mine.c.party_id.in_(list(party_ids)),
                mine.c.recorded_to.is_(None),
                review_case.c.state == "open",
                source_record.c.stream_id == stream_id,
                theirs.c.active,
            )
        )
        found |= set(db.scalars(query))
    return found


def has_unresolved(db: Connection, stream_id: int) -> bool:
    """Whether a record of the stream waits for resolution: nobody knows yet whose it is."""
    query = (
        sa.select(canonical_record.c.id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .where(
            sa.text("canonical_record.pending AND canonical_record.entity = 'party'"),
            source_record.c.stream_id == stream_id,
        )
        .limit(1)
    )
    return db.execute(query).first() is not None


def count_strayed(db: Connection) -> int:
    """How many records that we made belong to another customer than the one they were made for."""
    table = record_delivery
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .join(canonical_record, canonical_record.c.record_id == table.c.record_id)
        .join(link, link.c.canonical_id == canonical_record.c.id)
        .where(
            table.c.kind == CREATE,
            canonical_record.c.part == "",
            link.c.recorded_to.is_(None),
            link.c.party_id != table.c.party_id,
        )
    )
    return int(db.scalar(query) or 0)


def insert_records(
    db: Connection, planned: Sequence[PlannedRecord], now: datetime, *, approved: bool = False
) -> int:
    """Store planned ones in their order; one with a message lacks something."""
    if not planned:
        return 0
    first = take_block(db, "record_delivery", len(planned))
    rows = [
        {
            **item._asdict(),
            "id": new_id(),
            "seq": first + place,
            "state": "planned" if item.message is None else "incomplete",
            "planned_at": now,
            "approved_at": now if approved else None,
        }
        for place, item in enumerate(planned)
    ]
    db.execute(sa.insert(record_delivery), rows)
    return len(rows)


def supersede_records(db: Connection, ids: Collection[str], now: datetime) -> None:
    """End those that are no longer wanted and that nobody has begun to send."""
    table = record_delivery
    change = sa.update(table).where(table.c.id.in_(list(ids)), table.c.state.in_(WAITING))
    db.execute(change.values(state="superseded", settled_at=now))
