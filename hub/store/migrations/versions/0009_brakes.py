"""Brakes and conflicts of publishing: pauses, approvals, failures, what a target held instead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('planned', 'sending', 'unknown', 'conflict', 'dead')")


def upgrade() -> None:
    op.add_column("connection", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    op.add_column("delivery", sa.Column("approved_at", sa.BigInteger(), nullable=True))
    op.add_column("delivery", sa.Column("found", sa.Text(), nullable=True))
    failures = sa.Column("failures", sa.Integer(), server_default="0", nullable=False)
    op.add_column("delivery", failures)
    op.create_index("ix_party_event_party", "party_event", ["party_id", "seq"])
    op.create_index("ix_delivery_sent", "delivery", ["sent_at"])
    op.drop_index("uq_delivery_open", table_name="delivery")
    op.create_index(
        "uq_delivery_open",
        "delivery",
        ["record_id", "field"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
