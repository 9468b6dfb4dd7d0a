"""Control: when a document is due and changed, beside its amounts, so that no report parses JSON;
and what the lines of tables stand for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("due_date", sa.Text()))
    op.add_column("document", sa.Column("changed", sa.Text(), server_default="", nullable=False))
    postgres = op.get_bind().dialect.name == "postgresql"
    said = "(body::jsonb ->> '{}')" if postgres else "json_extract(body, '$.{}')"
    due, changed = said.format("due_date"), said.format("updated_at")
    held = "(SELECT {} FROM canonical_record c WHERE c.id = document.canonical_id)"
    op.execute(
        f"UPDATE document SET due_date = {held.format(due)}, "
        f"changed = COALESCE({held.format(changed)}, '')"
    )
    op.create_table(
        "report_line",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_line"),
    )
    op.create_index("ix_report_line_report", "report_line", ["report", "part"])
