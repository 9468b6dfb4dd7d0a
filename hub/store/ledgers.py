"""Streams whose records are accounts, of which a customer has one active one at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.driver import ask
from hub.store.tables import canonical_record, source_record, stream

Ledger = tuple[str, str]
"""The names of a connection and of its stream."""


def declared(db: Connection) -> list[tuple[int, Ledger, bool]]:
    """Every stream with its id, and whether it allows a customer one active account."""
    return ask_declared(db)()


def ask_declared(db: Connection) -> Callable[[], list[tuple[int, Ledger, bool]]]:
    """The same, called for later."""
    query = (
        "SELECT s.id, k.name, s.name, s.one_account "
        "FROM stream AS s JOIN connection AS k ON k.id = s.connection_id"
    )
    rows = ask(db, query, (), ("id", "connection", "stream", "one_account"))
    return lambda: [(r.id, (r.connection, r.stream), bool(r.one_account)) for r in rows()]


def declare(db: Connection, streams: Mapping[int, bool]) -> int:
    """Declare streams anew; their party records are resolved anew, and counted."""
    touched = 0
    for stream_id, one in sorted(streams.items()):
        db.execute(sa.update(stream).where(stream.c.id == stream_id).values(one_account=one))
        own = sa.select(source_record.c.id).where(source_record.c.stream_id == stream_id)
        touched += db.execute(
            sa.update(canonical_record)
            .where(
                canonical_record.c.record_id.in_(own),
                canonical_record.c.entity == "party",
                canonical_record.c.active,
            )
            .values(pending=True)
        ).rowcount
    return touched
