"""Ledgers in which a customer has one active account at most."""

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
