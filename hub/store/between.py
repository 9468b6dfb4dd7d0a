"""What people have decided, or are asked to decide, between two sets of records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from hub.store.decisions import Judgement
from hub.store.tables import decision, review_case

_CHUNK = 500


class CaseBetween(NamedTuple):
    """A review case, whatever its state."""

    id: str
    left_id: int
    right_id: int
    grade: str
    reason: str
    state: str
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    assignee: str | None


def judgements_between(
    db: Connection, ones: Collection[int], others: Collection[int]
) -> list[Judgement]:
    """Every decision ever made on one of these and one of those, in order."""
    rows = _between(db, decision, set(ones), set(others))
    found = [Judgement._make(row[name] for name in Judgement._fields) for row in rows]
    return sorted(found, key=lambda item: item.decided_at)


def cases_between(
    db: Connection, ones: Collection[int], others: Collection[int]
) -> list[CaseBetween]:
    """Every review case of one of these and one of those, the newest first."""
    rows = _between(db, review_case, set(ones), set(others))
    found = [CaseBetween._make(row[name] for name in CaseBetween._fields) for row in rows]
    return sorted(found, key=lambda item: item.opened_at, reverse=True)


def _between(
    db: Connection, table: Table, ones: set[int], others: set[int]
) -> Iterable[sa.RowMapping]:
    """Rows with a record of each side; asked for by the smaller one."""
    few = sorted(ones if len(ones) <= len(others) else others)
    found: dict[str, sa.RowMapping] = {}
    for start in range(0, len(few), _CHUNK):
        chunk = few[start : start + _CHUNK]
        for side in (table.c.left_id, table.c.right_id):
            rows = db.execute(sa.select(table).where(side.in_(chunk))).mappings()
            found.update({str(row["id"]): row for row in rows if _joins(row, ones, others)})
    return found.values()


def _joins(row: sa.RowMapping, ones: set[int], others: set[int]) -> bool:
    left, right = row["left_id"], row["right_id"]
    return (left in ones and right in others) or (left in others and right in ones)
