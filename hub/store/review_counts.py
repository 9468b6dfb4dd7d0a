"""How many review cases wait, and what people have decided lately."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from hub.store.database import Connection
from hub.store.tables import review_case

_DECIDED = ("accepted", "rejected")


class Tally(NamedTuple):
    """Open cases by grade, the oldest of them, and decisions since a time by person and state."""

    open: dict[str, int]
    oldest: datetime | None
    decided: dict[str, dict[str, int]]

    @property
    def waiting(self) -> int:
        """All open cases."""
        return sum(self.open.values())


class Decided(NamedTuple):
    """A case that a person has decided."""

    case: str
    state: str
    by: str
    at: datetime
    left_id: int
    right_id: int


def tally_cases(db: Connection, since: datetime) -> Tally:
    """Read through the index of open cases, and that of what was settled since."""
    c = review_case.c
    grades = sa.select(c.grade, sa.func.count()).where(sa.text("state = 'open'")).group_by(c.grade)
    oldest = sa.select(sa.func.min(c.opened_at)).where(sa.text("state = 'open'"))
    people = (
        sa.select(c.settled_by, c.state, sa.func.count())
        .where(sa.text("settled_at IS NOT NULL"), c.settled_at >= since, c.state.in_(_DECIDED))
        .group_by(c.settled_by, c.state)
    )
    decided: dict[str, dict[str, int]] = {}
    for person, state, count in db.execute(people):
        decided.setdefault(person or "", {})[state] = count
    open_ = {row[0]: row[1] for row in db.execute(grades)}
    return Tally(open_, db.scalar(oldest), decided)


def recent_decisions(db: Connection, limit: int) -> list[Decided]:
    """What people decided last, the newest first."""
    c = review_case.c
    query = (
        sa.select(c.id, c.state, c.settled_by, c.settled_at, c.left_id, c.right_id)
        .where(sa.text("settled_at IS NOT NULL"), c.state.in_(_DECIDED))
        .order_by(c.settled_at.desc())
        .limit(limit)
    )
    return [Decided(*row) for row in db.execute(query)]
