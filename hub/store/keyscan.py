"""Key scans: which records a system still has, noted set by set while its keys are read.

The notes are working storage: they are emptied when a scan begins and when it ends. Nothing here
touches cursor or epoch.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import run
from hub.store.landing import PageContext, vanish
from hub.store.tables import raw_version, scanned_record, source_record

_FOUND: Final = ("id",)


class Compared(NamedTuple):
    """What a finished scan says: how many live records it has not met, of how many."""

    missing: int
    live: int


class Scan(NamedTuple):
    """A scan of one stream, and when it began: what landed later is none of its business."""

    stream_id: int
    begun_at: int


def forget(connection: Connection, stream_id: int) -> None:
    """Empty the notes of a stream."""
    connection.execute(sa.delete(scanned_record).where(scanned_record.c.stream_id == stream_id))


def note_keys(connection: Connection, stream_id: int, keys: Collection[str]) -> tuple[int, int]:
    """Note the records of distinct keys; returns how many are known, how many of them first met."""
    where = bulk.LookUp("source_key", keys, fixed=("stream_id", stream_id))
    ids = [row[0] for row in bulk.look_up(connection, source_record, _FOUND, where)]
    return len(ids), _note(connection, stream_id, ids)


def _note(connection: Connection, stream_id: int, ids: list[int]) -> int:
    if connection.dialect.name == "sqlite":
        given, bound = "SELECT ?, value FROM json_each(?) WHERE true", orjson.dumps(ids).decode()
        return _noted(connection, given, (stream_id, bound))
    return _noted(connection, "SELECT %s, unnest(%s::bigint[])", (stream_id, ids))


def _noted(connection: Connection, given: str, bound: tuple[object, ...]) -> int:
    sql = f"INSERT INTO scanned_record (stream_id, record_id) {given} ON CONFLICT DO NOTHING"
    return run(connection, sql, bound)


def compare(connection: Connection, scan: Scan) -> Compared:
    """How many live records are gone from the system, and how many live ones there are."""
    live = sa.and_(source_record.c.stream_id == scan.stream_id, ~source_record.c.deleted)
    counted = sa.select(sa.func.count()).select_from(source_record)
    return Compared(
        connection.scalar(counted.where(_missing(scan))) or 0,
        connection.scalar(counted.where(live)) or 0,
    )


def bury_missing(connection: Connection, context: PageContext, scan: Scan) -> int:
    """Turn every live record that the scan has not met into a tombstone; returns how many."""
    return vanish(connection, context, _missing(scan))


def revive(connection: Connection, context: PageContext, scan: Scan) -> int:
    """Let deleted records live again that the scan has met, as they were; returns how many.

    One that was merged into another stays so: that the system said itself.
    """
    last = raw_version.alias("last")
    alive = raw_version.alias("alive")
    last_alive = (
        sa.select(sa.func.max(alive.c.version))
        .where(alive.c.record_id == source_record.c.id, ~alive.c.deleted)
        .scalar_subquery()
    )
    back = _reappeared(scan)
    rows = (
        sa.select(
            source_record.c.id,
            source_record.c.version + 1,
            last.c.payload,
            last.c.payload_hash,
            source_record.c.source_version,
            sa.false(),
            sa.literal(context.observed_at, sa.BigInteger),
            sa.literal(context.run_id, sa.Uuid(as_uuid=False)),
        )
        .select_from(source_record)
        .join(last, sa.and_(last.c.record_id == source_record.c.id, last.c.version == last_alive))
        .where(back)
    )
    connection.execute(sa.insert(raw_version).from_select(list(_RAW), rows))
    return _follow(connection, back)


_RAW: Final = (
    "record_id",
    "version",
    "payload",
    "payload_hash",
    "source_version",
    "deleted",
    "observed_at",
    "run_id",
)


def _follow(connection: Connection, back: sa.ColumnElement[bool]) -> int:
    """Point records to the version after their own, where there is one."""
    following = sa.and_(
        raw_version.c.record_id == source_record.c.id,
        raw_version.c.version == source_record.c.version + 1,
    )
    fresh = sa.select(raw_version.c.payload_hash).where(following).scalar_subquery()
    return connection.execute(
        sa.update(source_record)
        .where(back, sa.exists().where(following))
        .values(
            version=source_record.c.version + 1, payload_hash=fresh, deleted=False, pending=True
        )
    ).rowcount


def _missing(scan: Scan) -> sa.ColumnElement[bool]:
    return sa.and_(
        source_record.c.stream_id == scan.stream_id,
        ~source_record.c.deleted,
        ~_met(scan),
        _landed_before(scan),
    )


def _reappeared(scan: Scan) -> sa.ColumnElement[bool]:
    return sa.and_(
        source_record.c.stream_id == scan.stream_id,
        source_record.c.deleted,
        source_record.c.merged_into.is_(None),
        _met(scan),
        _landed_before(scan),
    )


def _met(scan: Scan) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        scanned_record.c.stream_id == scan.stream_id,
        scanned_record.c.record_id == source_record.c.id,
    )


def _landed_before(scan: Scan) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        raw_version.c.record_id == source_record.c.id,
        raw_version.c.version == source_record.c.version,
        sa.type_coerce(raw_version.c.observed_at, sa.BigInteger) < scan.begun_at,
    )
