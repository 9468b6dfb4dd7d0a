"""Tables of what was done and decided: the audit trail, fates of parties, adopted rules."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from hub.store import layout
from hub.store.columns import UtcMicros
from hub.store.layout import RowId, Uuid, foreign_key

audit_entry = Table(
    "audit_entry",
    layout.metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("run_id", Uuid, nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text),
    Column("reason_salt", LargeBinary),
    Column("reason_hash", LargeBinary, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Each entry holds the hash of the one before; a reason can be erased and the chain still holds."""

audit_subject = Table(
    "audit_subject",
    layout.metadata,
    Column("party_id", Uuid, foreign_key("master_party.id"), primary_key=True),
    Column("entry_id", BigInteger, foreign_key("audit_entry.id"), primary_key=True),
)

party_fate = Table(
    "party_fate",
    layout.metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("party_id", Uuid, foreign_key("master_party.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("replaced_by", Uuid, foreign_key("master_party.id")),
    Column("recorded_at", UtcMicros, nullable=False),
)
"""What became of a party and when; one without a row is active since it was created."""
Index("ix_party_fate_party", party_fate.c.party_id, party_fate.c.id)
Index("ix_party_fate_survivor", party_fate.c.replaced_by)

rule_set = Table(
    "rule_set",
    layout.metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("stated", Text, nullable=False),
    Column("adopted_at", UtcMicros, nullable=False),
)
"""The rules of survivorship by which golden records were computed, the latest last."""
