"""The tables of erasure: who was erased and how far it got, and the marks that keep them out."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text

from hub.store.columns import UtcMicros
from hub.store.layout import Uuid, foreign_key, metadata

erasure = Table(
    "erasure",
    metadata,
    Column("party_id", Uuid, foreign_key("master_party.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("erased_at", UtcMicros, nullable=False),
    Column("cleaned_at", UtcMicros),
)

suppression = Table(
    "suppression",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("mark", LargeBinary, primary_key=True),
    Column("added_at", UtcMicros, nullable=False),
)
