"""Matching by a model: what contents are compared by, the models, how frequent values are.

Match keys are made otherwise from now on: every party record is indexed and resolved anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match_content",
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("profile", name="pk_match_content"),
    )
    _create_models()
    op.drop_table("frequent_key")
    op.create_table(
        "frequent_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_frequent_key"),
    )
    op.execute("DELETE FROM match_key")
    op.execute("DELETE FROM match_profile")
    op.execute("UPDATE canonical_record SET pending = true WHERE entity = 'party' AND active")


def _create_models() -> None:
    op.create_table(
        "match_model",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("trained_at", sa.BigInteger(), nullable=False),
        sa.Column("adopted_at", sa.BigInteger()),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_match_model"),
    )
    op.create_index(
        "uq_match_model_in_force",
        "match_model",
        ["in_force"],
        unique=True,
        sqlite_where=sa.text("in_force"),
        postgresql_where=sa.text("in_force"),
    )
    op.create_table(
        "match_frequency",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("holders", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["match_model.version"], name="fk_match_frequency_version"
        ),
        sa.PrimaryKeyConstraint("version", "term", name="pk_match_frequency"),
        sqlite_with_rowid=False,
    )
