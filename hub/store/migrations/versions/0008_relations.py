"""Relationships that matching derives, and ledgers that have a customer once.

Every party record is resolved anew, for its relationships.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    one = sa.Column("one_account", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("stream", one)
    op.create_table(
        "derived_relationship",
        sa.Column("left_profile", sa.Text(), nullable=False),
        sa.Column("right_profile", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("left_profile", "right_profile", name="pk_derived_relationship"),
    )
    op.create_index(
        "ix_derived_relationship_right", "derived_relationship", ["right_profile"], unique=False
    )
    op.execute("UPDATE canonical_record SET pending = true WHERE entity = 'party' AND active")
