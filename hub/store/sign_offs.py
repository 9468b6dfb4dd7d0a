"""Sign-offs of periods: prepared by one, approved by another, voided by what is posted later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.store.columns import new_id
from hub.store.database import Connection
from hub.store.tables import sign_off

_STANDS: Final = sa.text("voided_at IS NULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What somebody puts before another to sign; ``totals`` is JSON."""

    period: str
    cut_off: datetime
    data_hash: str
    rules_hash: str
    totals: str
    program: str
    prepared_by: str
    prepared_at: datetime


def standing(db: Connection, period: str | None = None) -> list[sa.RowMapping]:
    """The sign-offs that are not void, the latest period first."""
    query = sa.select(sign_off).where(_STANDS)
    if period is not None:
        query = query.where(sign_off.c.period == period)
    return list(db.execute(query.order_by(sign_off.c.period.desc())).mappings())


def all_sign_offs(db: Connection) -> list[sa.RowMapping]:
    """Every sign-off there ever was, void ones too, the latest first."""
    query = sa.select(sign_off).order_by(sign_off.c.period.desc(), sign_off.c.prepared_at.desc())
    return list(db.execute(query).mappings())


def add_sign_off(db: Connection, prepared: Prepared) -> str:
    """Store what was prepared; the store refuses a second one for the same period."""
    found = new_id()
    db.execute(sa.insert(sign_off).values(id=found, **asdict(prepared)))
    return found


def approve(db: Connection, sign_off_id: str, *, by: str, now: datetime) -> bool:
    """Sign; False where it is void or signed already. The store refuses the preparer."""
    where = (sign_off.c.id == sign_off_id) & sign_off.c.approved_by.is_(None)
    change = sa.update(sign_off).where(where, _STANDS).values(approved_by=by, approved_at=now)
    return bool(db.execute(change).rowcount)


def void(db: Connection, sign_off_id: str, *, reason: str, now: datetime) -> bool:
    """Make a sign-off void for ever; False where it is already."""
    where = sign_off.c.id == sign_off_id
    change: dict[str, Any] = {"voided_at": now, "void_reason": reason}
    return bool(db.execute(sa.update(sign_off).where(where, _STANDS).values(change)).rowcount)
