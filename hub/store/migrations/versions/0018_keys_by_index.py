"""Holders of a key, and records of a profile: PostgreSQL tells them from the index alone.

Its tables stand in the order of arrival: each of them was a page of its own to read.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    db = op.get_bind()
    if db.dialect.name != "postgresql":
        return
    indexed = db.scalar(sa.text("SELECT to_regclass('ix_match_key_key') IS NOT NULL"))
    op.drop_constraint("pk_match_key", "match_key")
    op.create_index("ix_match_key_profile", "match_key", ["profile"])
    op.drop_index("ix_match_profile_profile", "match_profile")
    op.create_index("ix_match_profile_record", "match_profile", ["profile", "canonical_id"])
    if indexed:  # else a first fill was killed: the next run ends it, and makes the index
        op.drop_index("ix_match_key_key", "match_key")
        op.create_index("uq_match_key_key", "match_key", ["key", "profile"], unique=True)
