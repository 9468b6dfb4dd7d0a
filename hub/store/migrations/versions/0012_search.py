"""Search of customers as one types, and the indexes that the pages' lists are read through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_term",
        sa.Column("golden_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", _WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["golden_id"],
            ["golden_record.id"],
            name="fk_search_term_golden_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("golden_id", "term", name="pk_search_term"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_term_term", "search_term", ["term", "golden_id"])
    op.create_index("ix_run_stream", "run", ["stream_id", "started_at"])
    where = sa.text("state = 'open'")
    op.create_index(
        "ix_review_case_open",
        "review_case",
        ["weight", "opened_at", "id", "grade"],
        sqlite_where=where,
        postgresql_where=where,
    )
    where = sa.text("state IN ('conflict', 'dead', 'rejected', 'unknown')")
    op.create_index(
        "ix_delivery_asks",
        "delivery",
        ["state", "seq"],
        sqlite_where=where,
        postgresql_where=where,
    )
    where = sa.text("settled_at IS NOT NULL")
    op.create_index(
        "ix_review_case_settled",
        "review_case",
        ["settled_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
