"""Runs report queries over the views, and keeps the life of each break over re-runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.store.columns import from_scaled
from hub.store.database import Connection
from hub.store.tables import report_break


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBreak:
    """A break as one run sees it; ``id`` is the same in every run."""

    id: str
    subject: str
    cause: str
    detail: str
    amount: Decimal | None = None
    currency: str | None = None


def run_query(
    db: Connection, sql: str, parameters: Mapping[str, Any], money: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of a report query; columns in ``money`` come back as exact Decimals."""
    rows = [dict(row) for row in db.execute(sa.text(sql), dict(parameters)).mappings()]
    for row in rows:
        if row.get("party_id") is not None:
            row["party_id"] = str(UUID(str(row["party_id"])))
        for name in money:
            if row[name] is not None:
                row[name] = from_scaled(int(row[name]))
    return rows


def keep_breaks(
    db: Connection, report: str, found: Sequence[FoundBreak], now: datetime
) -> dict[str, datetime]:
    """Record what a run found: new breaks open, gone ones close, returning ones reopen.

    Returns when each was first seen.
    """
    known = {row.id: row for row in db.execute(sa.select(report_break).where(_of(report))).all()}
    fresh = [item for item in found if item.id not in known]
    if fresh:
        db.execute(sa.insert(report_break), [_row(report, item, now) for item in fresh])
    for item in found:
        if item.id in known:
            db.execute(_seen_again(item, now))
    gone = set(known) - {item.id for item in found}
    _close(db, [key for key in sorted(gone) if known[key].state != "closed"], now)
    return {item.id: known[item.id].first_seen if item.id in known else now for item in found}


def _of(report: str) -> sa.ColumnElement[bool]:
    return report_break.c.report == report


def _row(report: str, item: FoundBreak, now: datetime) -> dict[str, Any]:
    return {
        "id": item.id,
        "report": report,
        "subject": item.subject,
        "cause": item.cause,
        "detail": item.detail,
        "amount": item.amount,
        "currency": item.currency,
        "state": "open",
        "first_seen": now,
        "last_seen": now,
        "closed_at": None,
    }


def _seen_again(item: FoundBreak, now: datetime) -> sa.Update:
    """A closed break that comes back is reopened; an explained one stays explained."""
    state = sa.case((report_break.c.state == "closed", "reopened"), else_=report_break.c.state)
    return (
        sa.update(report_break)
        .where(report_break.c.id == item.id)
        .values(
            state=state,
            detail=item.detail,
            amount=item.amount,
            currency=item.currency,
            last_seen=now,
            closed_at=None,
        )
    )


def _close(db: Connection, ids: Sequence[str], now: datetime) -> None:
    for start in range(0, len(ids), 500):
        db.execute(
            sa.update(report_break)
            .where(report_break.c.id.in_(ids[start : start + 500]))
            .values(state="closed", closed_at=now)
        )
