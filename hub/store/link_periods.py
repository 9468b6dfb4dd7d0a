"""Links over time: which record belonged to which party when, by what was known when."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import link


class LinkPeriod(NamedTuple):
    """A link with both its times; an open end is still so."""

    canonical_id: int
    party_id: str
    kind: str
    reason: str
    valid_from: datetime
    valid_to: datetime | None
    recorded_from: datetime
    recorded_to: datetime | None


def link_history(db: Connection, party_id: str, known: datetime) -> list[LinkPeriod]:
    """Every link to a party that was known at a time, in order; what came later is not told."""
    found: list[LinkPeriod] = []
    for standing in ("recorded_to IS NULL", "recorded_to IS NOT NULL"):  # as in the indexes
        query = sa.select(*(link.c[name] for name in LinkPeriod._fields)).where(
            link.c.party_id == party_id, link.c.recorded_from <= known, sa.text(standing)
        )
        found += [LinkPeriod(*row) for row in db.execute(query)]
    told = [
        item._replace(valid_to=None, recorded_to=None)
        if item.recorded_to is not None and item.recorded_to > known
        else item
        for item in found
    ]
    return sorted(told, key=lambda item: (item.recorded_from, item.canonical_id))


def links_as_of(
    db: Connection, party_id: str, *, valid: datetime, known: datetime
) -> list[LinkPeriod]:
    """The links that held at ``valid`` by what we knew at ``known``."""
    return [
        item
        for item in link_history(db, party_id, known)
        if item.valid_from <= valid and (item.valid_to is None or item.valid_to > valid)
    ]
