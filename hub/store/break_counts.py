"""How many breaks of each report stand in which state, and with what money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from hub.store.database import Connection
from hub.store.tables import report_break


class BreakCount(NamedTuple):
    """Breaks of one report, state and currency."""

    report: str
    state: str
    currency: str | None
    breaks: int
    amount: Decimal | None
    oldest: datetime


def count_breaks(db: Connection) -> list[BreakCount]:
    """Every report that ever had a break."""
    b = report_break.c
    query = sa.select(
        b.report,
        b.state,
        b.currency,
        sa.func.count(),
        sa.type_coerce(sa.cast(sa.func.sum(b.amount), sa.BigInteger), b.amount.type),
        sa.func.min(b.first_seen),
    ).group_by(b.report, b.state, b.currency)
    return [BreakCount(*row) for row in db.execute(query)]
