"""The table of deliveries that concern a whole record at a target: to make it, to erase from it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from hub.store import layout
from hub.store.columns import UtcMicros
from hub.store.layout import Uuid
from hub.store.layout import foreign_key as _fk

CREATE: Final = "create"
BLANK: Final = "blank"
DELETE: Final = "delete"
"""What an erasure asks of a target: to empty what we wrote, or to delete a record that we made."""
OPEN_WHOLE: Final = "state IN ('incomplete', 'planned', 'sending', 'unknown', 'dead')"

record_delivery = Table(
    "record_delivery",
    layout.metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("party_id", Uuid, _fk("master_party.id"), nullable=False),
    Column("stream_id", BigInteger, _fk("stream.id"), nullable=False),
    Column("record_id", BigInteger, _fk("source_record.id")),
    Column("source_key", Text),
    Column("party_kind", Text),
    Column("fields", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("lease_holder", Text),
    Column("lease_until", UtcMicros),
    Column("planned_at", UtcMicros, nullable=False),
    Column("sent_at", UtcMicros),
    Column("settled_at", UtcMicros),
    Column("approved_at", UtcMicros),
)
"""``id`` is also the external key under which a record is made, so that it can be found again."""

Index("ix_record_delivery_party", record_delivery.c.party_id)
Index("ix_record_delivery_record", record_delivery.c.record_id)
Index("ix_record_delivery_sent", record_delivery.c.sent_at)
layout.partial_index(
    record_delivery,
    f"kind = 'create' AND {OPEN_WHOLE}",
    "uq_record_delivery_create",
    "stream_id",
    "party_id",
    unique=True,
)
