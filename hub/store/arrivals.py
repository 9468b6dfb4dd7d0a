"""The tables of what comes in: keys being scanned, pushed deliveries, tokens that open systems."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from hub.store.columns import UtcMicros
from hub.store.layout import Uuid, foreign_key, metadata, partial_index

scanned_record = Table(
    "scanned_record",
    metadata,
    Column("stream_id", BigInteger, foreign_key("stream.id"), primary_key=True),
    Column("record_id", BigInteger, foreign_key("source_record.id"), primary_key=True),
    sqlite_with_rowid=False,
)

push_delivery = Table(
    "push_delivery",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("connection_id", Uuid, foreign_key("connection.id"), nullable=False),
    Column("delivery_id", Text, nullable=False),
    Column("received_at", UtcMicros, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("settled_at", UtcMicros),
    sa.UniqueConstraint("connection_id", "delivery_id"),
)
PENDING_PUSH: Final = "state = 'pending'"
partial_index(push_delivery, PENDING_PUSH, "ix_push_delivery_pending", "connection_id", "id")

token = Table(
    "token",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary),
    Column("lease_holder", Text),
    Column("lease_until", UtcMicros),
)
