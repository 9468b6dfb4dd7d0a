"""Indexes of closed links that PostgreSQL takes for their own column alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, column in (("ix_link_closed_party", "party_id"), ("ix_link_closed", "canonical_id")):
        closed = sa.text(f"recorded_to IS NOT NULL AND {column} IS NOT NULL")
        op.drop_index(name, "link")
        op.create_index(name, "link", [column], postgresql_where=closed)
