"""Events of parties, recorded in the transaction that makes them true; the outbox reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import driver_uuid
from hub.store.columns import new_id, to_micros
from hub.store.ids import insert_numbered
from hub.store.tables import master_party, party_event


class PartyEvent(NamedTuple):
    """What happened to a party, for whoever publishes it."""

    party_id: str
    kind: str
    fields: Any


def add_events(db: Connection, events: Sequence[PartyEvent], now: datetime) -> None:
    """Record events in the caller's transaction, in order."""
    if not events:
        return
    at = to_micros(now)
    columns = ("seq", "id", "party_id", "kind", "fields", "created_at", "pending")
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, new_id()),
            driver_uuid(db, event.party_id),
            event.kind,
            orjson.dumps(event.fields, option=orjson.OPT_SORT_KEYS).decode(),
            at,
            True,
        )
        for event in events
    ]
    insert_numbered(db, party_event, columns, rows)


def requeue_events(db: Connection, party_ids: Collection[str] | None = None) -> int:
    """Have deliveries computed anew for active parties, all of them or those that are named.

    Each party's newest event waits again; returns how many were not waiting.
    """
    chosen = master_party.c.status == "active"
    if party_ids is not None:
        chosen = chosen & master_party.c.id.in_(list(party_ids))
    return _requeue(db, chosen)


def requeue_touched(db: Connection) -> int:
    """The same for the parties whose golden records wait: one that stays the same has no event.

    So a value that was changed at a subscriber is seen, though the golden value is what it was.
    """
    return _requeue(db, sa.text("golden_pending") & (master_party.c.status == "active"))


def _requeue(db: Connection, chosen: sa.ColumnElement[bool]) -> int:
    newest = (
        sa.select(sa.func.max(party_event.c.seq))
        .where(party_event.c.party_id == master_party.c.id)
        .scalar_subquery()
    )
    waiting = party_event.c.seq.in_(sa.select(newest).where(chosen)) & sa.not_(
        party_event.c.pending
    )
    return db.execute(sa.update(party_event).where(waiting).values(pending=True)).rowcount
