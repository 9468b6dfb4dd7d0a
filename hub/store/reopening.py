"""Review cases that are asked again, since a decision was taken back."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.database import Connection
from hub.store.tables import review_case


def reopen_case(db: Connection, case_id: str) -> None:
    """Ask a settled case again, unless the same pair has been asked about since."""
    table = review_case.alias("asked")
    same = sa.exists().where(
        table.c.left_id == review_case.c.left_id,
        table.c.right_id == review_case.c.right_id,
        table.c.state == "open",
    )
    db.execute(
        sa.update(review_case)
        .where(review_case.c.id == case_id, ~same)
        .values(state="open", settled_at=None, settled_by=None)
    )
