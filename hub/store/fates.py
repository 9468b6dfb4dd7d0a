"""What became of parties and when: merged, gone, revived; and which id an id stood for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import driver_uuid
from hub.store.columns import to_micros
from hub.store.ids import insert_numbered
from hub.store.tables import master_party, party_fate


class Fate(NamedTuple):
    """A party's state from a time on; ``replaced_by`` is the survivor of a merged one."""

    party_id: str
    status: str
    replaced_by: str | None
    recorded_at: datetime


_FATE = tuple(party_fate.c[name] for name in Fate._fields)


def add_fates(
    db: Connection, changes: Mapping[str, str], survivors: Mapping[str, str], now: datetime
) -> None:
    """Record the parties' new states; nothing is ever changed or removed."""
    if not changes:
        return
    at = to_micros(now)
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, party),
            status,
            driver_uuid(db, survivors[party]) if party in survivors else None,
            at,
        )
        for party, status in sorted(changes.items())
    ]
    columns = ("id", "party_id", "status", "replaced_by", "recorded_at")
    insert_numbered(db, party_fate, columns, rows)


def party_fates(db: Connection, party_id: str) -> list[Fate]:
    """What became of a party, in order."""
    query = sa.select(*_FATE).where(party_fate.c.party_id == party_id).order_by(party_fate.c.id)
    return [Fate._make(row) for row in db.execute(query)]


def absorbed(db: Connection, party_id: str) -> list[Fate]:
    """The parties that were led into this one, in order."""
    query = sa.select(*_FATE).where(party_fate.c.replaced_by == party_id).order_by(party_fate.c.id)
    return [Fate._make(row) for row in db.execute(query)]


def party_as_of(db: Connection, party_id: str, known: datetime) -> Fate | None:
    """The party that an id stood for at a time, with its state then; None before it was created."""
    seen: set[str] = set()
    current: Fate | None = _state(db, party_id, known)
    while current is not None and current.replaced_by is not None and party_id not in seen:
        seen.add(party_id)
        party_id = current.replaced_by
        current = _state(db, party_id, known)
    return current


def _state(db: Connection, party_id: str, known: datetime) -> Fate | None:
    """A party without a fate is active since it was created."""
    query = (
        sa.select(*_FATE)
        .where(party_fate.c.party_id == party_id, party_fate.c.recorded_at <= known)
        .order_by(party_fate.c.id.desc())
        .limit(1)
    )
    row = db.execute(query).one_or_none()
    if row is not None:
        return Fate._make(row)
    created = sa.select(master_party.c.created_at).where(master_party.c.id == party_id)
    at = db.scalar(created)
    return None if at is None or at > known else Fate(party_id, "active", None, at)
