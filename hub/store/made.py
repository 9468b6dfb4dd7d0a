"""Records that we made at a target, as the store keeps them before a sync has brought them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.columns import new_id
from hub.store.ids import take_block
from hub.store.landing import payload_hash
from hub.store.streams import StreamState
from hub.store.tables import canonical_record, delivery, raw_version, receipt, source_record


class Given(NamedTuple):
    """A value that a new record was given, as the target spells it."""

    field: str
    attribute: str
    value: str


class Received(NamedTuple):
    """The target's word that a record stands there; ``payload`` where it could be read."""

    key: str
    version: str | None
    payload: str | None


def keep_record(db: Connection, stream: StreamState, receipt: Received, now: datetime) -> int:
    """The row of a record under its key, made where a sync has not brought it; hold the stream.

    Without a payload it waits for a sync to be translated.
    """
    query = sa.select(source_record.c.id).where(
        source_record.c.stream_id == stream.id, source_record.c.source_key == receipt.key
    )
    known = db.scalar(query)
    if known is not None:
        return int(known)
    record_id, text = take_block(db, "source_record", 1), receipt.payload or "{}"
    shared = {"version": 1, "payload_hash": payload_hash(text.encode())}
    shared |= {"source_version": receipt.version}
    db.execute(
        sa.insert(source_record).values(
            id=record_id,
            stream_id=stream.id,
            source_key=receipt.key,
            epoch=stream.epoch,
            pending=receipt.payload is not None,
            **shared,
        )
    )
    db.execute(
        sa.insert(raw_version).values(
            record_id=record_id, payload=text, observed_at=now, run_id=new_id(), **shared
        )
    )
    return record_id


def keep_party(db: Connection, record_id: int, body: tuple[str, bytes], mapping: str) -> int:
    """The record's canonical party, made where it has none; it waits for resolution."""
    query = sa.select(canonical_record.c.id).where(
        canonical_record.c.record_id == record_id, canonical_record.c.part == ""
    )
    known = db.scalar(query)
    if known is not None:
        return int(known)
    canonical_id = take_block(db, "canonical_record", 1)
    db.execute(
        sa.insert(canonical_record).values(
            id=canonical_id,
            record_id=record_id,
            part="",
            entity="party",
            body=body[0],
            body_hash=body[1],
            raw_version=1,
            mapping_digest=mapping,
            active=True,
            pending=True,
        )
    )
    return canonical_id


def note_given(
    db: Connection,
    owner: tuple[str, int],
    values: Sequence[Given],
    version: str | None,
    now: datetime,
) -> None:
    """Keep a party's record's values as acknowledged deliveries: ours, where nothing was before."""
    if not values:
        return
    first = take_block(db, "delivery", len(values))
    rows = [
        {
            "id": new_id(),
            "seq": first + place,
            "party_id": owner[0],
            "record_id": owner[1],
            "attribute": given.attribute,
            "field": given.field,
            "value": given.value,
            "state": "acknowledged",
            "attempts": 1,
            "planned_at": now,
            "sent_at": now,
            "settled_at": now,
            "approved_at": now,
        }
        for place, given in enumerate(values)
    ]
    db.execute(sa.insert(delivery), rows)
    noted = [
        {"delivery_id": row["id"], "target_version": version, "received_at": now} for row in rows
    ]
    db.execute(sa.insert(receipt), noted)
