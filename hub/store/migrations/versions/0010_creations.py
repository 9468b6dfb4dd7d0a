"""Deliveries of whole records: made at a target, or erased there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ONE = sa.text(
    "kind = 'create' AND state IN ('incomplete', 'planned', 'sending', 'unknown', 'dead')"
)
_TARGETS = {
    "party_id": "master_party.id",
    "stream_id": "stream.id",
    "record_id": "source_record.id",
}


def upgrade() -> None:
    op.create_table(
        "record_delivery",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("party_kind", sa.Text(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=name != "planned_at")
            for name in ("lease_until", "planned_at", "sent_at", "settled_at", "approved_at")
        ),
        *(
            sa.ForeignKeyConstraint([name], [target], name=f"fk_record_delivery_{name}")
            for name, target in _TARGETS.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record_delivery"),
        sa.UniqueConstraint("seq", name="uq_record_delivery_seq"),
    )
    op.create_index("ix_record_delivery_party", "record_delivery", ["party_id"])
    op.create_index("ix_record_delivery_record", "record_delivery", ["record_id"])
    op.create_index("ix_record_delivery_sent", "record_delivery", ["sent_at"])
    op.create_index(
        "uq_record_delivery_create",
        "record_delivery",
        ["stream_id", "party_id"],
        unique=True,
        sqlite_where=_ONE,
        postgresql_where=_ONE,
    )
