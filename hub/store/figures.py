"""Figures of reports by day: what trends are drawn from. A run again on a day takes their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.columns import from_scaled, to_scaled
from hub.store.database import Connection
from hub.store.tables import report_figure

BREAKS = "breaks"
"""The name of the figure that counts a report's breaks."""
IN_FLIGHT = "in flight"
"""The name of the figure that counts a report's differences that are no breaks yet."""
_CHUNK = 500


class Figure(NamedTuple):
    """One figure of a report; ``name`` says which."""

    name: str
    value: Decimal


def keep_figures(db: Connection, report: str, day: int, figures: Iterable[Figure]) -> None:
    """Put a report's figures of a day (since 1970) in the place of those that were there."""
    own = (report_figure.c.report == report) & (report_figure.c.day == day)
    db.execute(sa.delete(report_figure).where(own))
    rows: list[dict[str, Any]] = [
        {"report": report, "day": day, "name": item.name, "value": to_scaled(item.value)}
        for item in figures
    ]
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    for start in range(0, len(rows), _CHUNK):
        chunk = dialect.insert(report_figure).values(rows[start : start + _CHUNK])
        db.execute(chunk.on_conflict_do_nothing())


def break_history(db: Connection, since: int) -> Mapping[str, list[tuple[int, int]]]:
    """Days from ``since`` on with the number of breaks, by report, the oldest first."""
    query = (
        sa.select(report_figure.c.report, report_figure.c.day, report_figure.c.value)
        .where(report_figure.c.name == BREAKS, report_figure.c.day >= since)
        .order_by(report_figure.c.report, report_figure.c.day)
    )
    rows = db.execute(query).all()
    return {
        report: [(row.day, int(from_scaled(row.value))) for row in own]
        for report, own in groupby(rows, key=lambda row: str(row.report))
    }


def last_figures(db: Connection, name: str) -> Mapping[str, int]:
    """A figure that counts, of the last day that each report was run for."""
    own = report_figure.c
    last = (
        sa.select(own.report, sa.func.max(own.day).label("day"))
        .where(own.name == name)
        .group_by(own.report)
        .subquery()
    )
    same = (own.report == last.c.report) & (own.day == last.c.day) & (own.name == name)
    rows = db.execute(sa.select(own.report, own.value).join(last, same))
    return {row.report: int(from_scaled(row.value)) for row in rows}
