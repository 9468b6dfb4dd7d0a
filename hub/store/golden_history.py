"""Golden records as they were: by the time at which they held, and the time at which we knew."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.golden import GoldenVersion
from hub.store.tables import golden_record


def golden_as_of(
    db: Connection, party_id: str, *, valid: datetime, known: datetime
) -> GoldenVersion | None:
    """What held at ``valid`` by what we knew at ``known``.

    A version counts from its ``valid_from`` until a later one takes its place or it has ended; the
    later one and the end count only for who knew of them.
    """
    g = golden_record.c
    ended = sa.and_(g.recorded_to <= known, g.valid_to <= valid)
    query = (
        sa.select(*(g[name] for name in GoldenVersion._fields))
        .where(g.party_id == party_id, g.valid_from <= valid, g.recorded_from <= known)
        .where(sa.or_(g.recorded_to.is_(None), sa.not_(ended)))
        .order_by(g.version.desc())
        .limit(1)
    )
    row = db.execute(query).one_or_none()
    return None if row is None else GoldenVersion(*row)


class Period(NamedTuple):
    """A version with both its times."""

    version: int
    body: str
    valid_from: datetime
    valid_to: datetime | None
    recorded_from: datetime
    recorded_to: datetime | None


def golden_history(db: Connection, party_id: str, known: datetime) -> list[Period]:
    """Every version that was known at a time, in order; what came later is not told."""
    g = golden_record.c
    query = sa.select(*(g[name] for name in Period._fields)).where(
        g.party_id == party_id, g.recorded_from <= known
    )
    found = [Period(*row) for row in db.execute(query.order_by(g.version))]
    return [
        item._replace(valid_to=None, recorded_to=None)
        if item.recorded_to is not None and item.recorded_to > known
        else item
        for item in found
    ]
