"""Deliveries as a person looks at them, and what a person or a target has refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import delivery

_REFUSED: Final = ("rejected", "abandoned")


def refused_values(db: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """By record and field, the value that the target or a person refused last, if they did."""
    query = (
        sa.select(delivery.c.record_id, delivery.c.field, delivery.c.state, delivery.c.value)
        .where(delivery.c.record_id.in_(list(record_ids)), delivery.c.state != "superseded")
        .order_by(delivery.c.seq)
    )
    latest = {(row.record_id, row.field): row for row in db.execute(query)}
    return {place: row.value for place, row in latest.items() if row.state in _REFUSED}
