"""Control totals of the systems themselves: the view ``rpt_control_v1``; no table changes."""

from __future__ import annotations

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every upgrade makes the views anew."""
