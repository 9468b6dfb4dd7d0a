"""Canonical party records as resolution takes them: pending, loaded, settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.model.envelope import SourceKey
from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.tables import canonical_record, connection, source_record, stream


class PartyRecord(NamedTuple):
    """A canonical party record with its source reference, without its body."""

    id: int
    source: SourceKey
    body_hash: bytes
    active: bool
    pending: bool


_COLUMNS = ("id", "record_id", "part", "body_hash", "active", "pending", "entity")


def pending_ids(db: Connection, after: int, limit: int) -> list[int]:
    """Ids of party records that wait for resolution, in order of arrival."""
    query = f"SELECT id {_waiting(db)} AND id > :after ORDER BY id LIMIT :limit"
    return list(db.scalars(sa.text(query), {"after": after, "limit": limit}))


def pending_count(db: Connection) -> int:
    """How many party records wait for resolution."""
    return int(db.scalar(sa.text(f"SELECT count(id) {_waiting(db)}")) or 0)


def _waiting(db: Connection) -> str:
    """Read through the partial index, whose condition this is.

    SQLite is told to: by itself it reads every party record for the few that wait.
    """
    index = " INDEXED BY ix_canonical_record_pending" if db.dialect.name == "sqlite" else ""
    return f"FROM canonical_record{index} WHERE pending AND entity = 'party'"


def load_records(db: Connection, ids: Iterable[int]) -> dict[int, PartyRecord]:
    """The party records with the given ids."""
    rows = [
        row
        for row in bulk.look_up(db, canonical_record, _COLUMNS, LookUp("id", ids))
        if row.entity == "party"
    ]
    sources = _load_sources(db, {row.record_id for row in rows})
    return {
        row.id: PartyRecord(
            row.id,
            sources[row.record_id]._replace(part=row.part),
            bytes(row.body_hash),
            bool(row.active),
            bool(row.pending),
        )
        for row in rows
    }


def load_bodies(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The JSON bodies of active party records."""
    columns = ("id", "body", "active", "entity")
    rows = bulk.look_up(db, canonical_record, columns, LookUp("id", ids))
    return {row.id: row.body for row in rows if row.active and row.entity == "party"}


def _load_sources(db: Connection, record_ids: Iterable[int]) -> dict[int, SourceKey]:
    """Source references of the main parts of source records."""
    columns = ("id", "stream_id", "source_key")
    rows = bulk.look_up(db, source_record, columns, LookUp("id", record_ids))
    names = _stream_names(db, {row.stream_id for row in rows})
    return {row.id: SourceKey(*names[row.stream_id], row.source_key) for row in rows}


def _stream_names(db: Connection, ids: set[int]) -> Mapping[int, tuple[str, str]]:
    """Connection and name by stream.

    They never change, so a reader keeps them with its database connection; a writer may see streams
    that are taken back.
    """
    reads = db.get_execution_options().get("hub_read_only", False)
    known: dict[int, tuple[str, str]] = db.info.setdefault("stream_names", {}) if reads else {}
    if not ids <= known.keys():
        query = sa.select(
            stream.c.id, connection.c.name.label("connection"), stream.c.name.label("stream")
        ).join(connection, connection.c.id == stream.c.connection_id)
        known.update({row.id: (row.connection, row.stream) for row in db.execute(query)})
    return known


def touch_records(db: Connection, ids: Collection[int]) -> None:
    """Make records pending, so that the next run resolves them anew."""
    _set_pending(db, ids, pending=True)


def settle_records(db: Connection, ids: Collection[int]) -> None:
    """Records that a run has resolved wait no longer."""
    _set_pending(db, ids, pending=False)


def _set_pending(db: Connection, ids: Collection[int], *, pending: bool) -> None:
    rows = [(canonical_id, pending) for canonical_id in sorted(ids)]
    bulk.update(db, canonical_record, ("id", "pending"), rows)


def source_ids(db: Connection, ids: Iterable[int]) -> set[int]:
    """The source records that canonical records are parts of."""
    return {
        row.record_id
        for row in bulk.look_up(db, canonical_record, ("record_id",), LookUp("id", ids))
    }
