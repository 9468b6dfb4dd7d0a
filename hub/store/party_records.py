"""Canonical party records as resolution takes them: pending, loaded, settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.model.envelope import SourceKey
from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.driver import Answer, ask, no_rows
from hub.store.tables import canonical_record, connection, stream


class PartyRecord(NamedTuple):
    """A canonical party record with its source reference, without its body.

    ``profile`` is the digest of its indexed profile; records that are gone have none.
    """

    id: int
    source: SourceKey
    body_hash: bytes
    active: bool
    pending: bool
    profile: str | None = None


def load_records(db: Connection, ids: Iterable[int]) -> dict[int, PartyRecord]:
    """The party records with the given ids."""
    return ask_records(db, ids)()


def ask_records(db: Connection, ids: Iterable[int]) -> Callable[[], dict[int, PartyRecord]]:
    """The same, called for later."""
    rows = _rows(db, list(ids))
    return lambda: _records(db, [row for row in rows() if row.entity == "party"])


def _records(db: Connection, rows: list[Any]) -> dict[int, PartyRecord]:
    names = _stream_names(db, {row.stream_id for row in rows})
    return {
        row.id: PartyRecord(
            row.id,
            SourceKey(*names[row.stream_id], row.source_key, row.part),
            bytes(row.body_hash),
            bool(row.active),
            bool(row.pending),
            row.profile,
        )
        for row in rows
    }


_COLUMNS: Final = (
    *("held.id", "held.part", "held.body_hash", "held.active", "held.pending", "held.entity"),
    *("source.stream_id", "source.source_key", "indexed.profile"),
)


def _rows(db: Connection, ids: list[int]) -> Answer:
    """Canonical records with their source's key, driven from the ids (:mod:`hub.store.bulk`)."""
    if not ids:
        return no_rows
    wanted = ", ".join(_COLUMNS)
    names = [column.partition(".")[2] for column in _COLUMNS]
    indexed = "LEFT JOIN match_profile AS indexed ON indexed.canonical_id = held.id"
    if db.dialect.name == "sqlite":
        sql = (
            f"SELECT {wanted} FROM json_each(?) AS wanted CROSS JOIN canonical_record AS held "
            f"CROSS JOIN source_record AS source {indexed} "
            "WHERE held.id = wanted.value AND source.id = held.record_id"
        )
    else:
        sql = (
            f"SELECT {wanted} FROM canonical_record AS held "
            f"JOIN source_record AS source ON source.id = held.record_id {indexed} "
            "WHERE held.id = ANY(%s::bigint[])"
        )
    return ask(db, sql, bulk.bound_list(db, ids), names)


class Standing(NamedTuple):
    """What a party record says (by its digest), and whether it is there."""

    body_hash: bytes
    active: bool


def load_standing(db: Connection, ids: Iterable[int]) -> dict[int, Standing]:
    """How the party records with the given ids stand now."""
    return ask_standing(db, ids)()


def ask_standing(db: Connection, ids: Iterable[int]) -> Callable[[], dict[int, Standing]]:
    """The same, called for later."""
    columns = ("id", "body_hash", "active", "entity")
    rows = bulk.ask_for(db, canonical_record, columns, LookUp("id", ids))
    return lambda: {
        row.id: Standing(bytes(row.body_hash), bool(row.active))
        for row in rows()
        if row.entity == "party"
    }


def load_bodies(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The JSON bodies of active party records; those that are gone are left out."""
    rows = bulk.look_up(db, canonical_record, ("id", "body", "active", "entity"), LookUp("id", ids))
    return {row.id: row.body for row in rows if row.active and row.entity == "party"}


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


def source_ids(db: Connection, ids: Iterable[int]) -> set[int]:
    """The source records that canonical records are parts of."""
    return {
        row.record_id
        for row in bulk.look_up(db, canonical_record, ("record_id",), LookUp("id", ids))
    }
