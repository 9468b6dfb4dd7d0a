"""Evidence: rows exactly as they are held, hashes too, for who wants to compute them again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import (
    audit_entry,
    connection,
    metadata,
    raw_version,
    source_record,
    stream,
)

_SHOWN: Final = frozenset(
    {
        "audit_entry",
        "canonical_record",
        "decision",
        "erasure",
        "golden_record",
        "link",
        "mapping_version",
        "master_party",
        "party_fate",
        "raw_version",
        "rule_set",
    }
)
_CHUNK: Final = 500


def held_rows(
    db: Connection, table: str, column: str, ids: Collection[Any]
) -> list[dict[str, Any]]:
    """Rows whose column is one of the ids, in the order of their keys; texts are left unopened.

    Hashes are in hexadecimal, times in ISO 8601 with microseconds.
    """
    if table not in _SHOWN:
        raise ValueError(f"{table} is no evidence")
    found, items = metadata.tables[table], sorted(ids)
    rows: list[dict[str, Any]] = []
    for start in range(0, len(items), _CHUNK):
        wanted = found.c[column].in_(items[start : start + _CHUNK])
        rows += [_plain_row(row) for row in db.execute(sa.select(found).where(wanted)).mappings()]
    return sorted(rows, key=lambda row: tuple(row[part.name] for part in found.primary_key))


def held_payloads(
    db: Connection, versions: Collection[tuple[int, int]]
) -> dict[tuple[int, int], dict[str, Any]]:
    """Raw versions by record and number; one that is kept no longer is missing."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    items = sorted(versions)
    for start in range(0, len(items), _CHUNK):
        pair = sa.tuple_(raw_version.c.record_id, raw_version.c.version)
        query = sa.select(raw_version).where(pair.in_(items[start : start + _CHUNK]))
        for row in db.execute(query).mappings():
            found[row["record_id"], row["version"]] = _plain_row(row)
    return found


def versions_by(db: Connection, record_ids: Collection[int], known: datetime) -> dict[int, int]:
    """The newest raw version of each record that had been read at a time."""
    query = (
        sa.select(raw_version.c.record_id, sa.func.max(raw_version.c.version))
        .where(raw_version.c.record_id.in_(sorted(record_ids)))
        .where(raw_version.c.observed_at <= known)
        .group_by(raw_version.c.record_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def newest_entry(db: Connection) -> Mapping[str, Any] | None:
    """Number and hash of the audit entry that stands last; None in an empty trail."""
    query = sa.select(audit_entry.c.id, audit_entry.c.hash).order_by(audit_entry.c.id.desc())
    row = db.execute(query.limit(1)).one_or_none()
    return None if row is None else {"id": row[0], "hash": bytes(row[1]).hex()}


def _plain_row(row: sa.RowMapping) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


class RawPayload(NamedTuple):
    """What was last read of a record."""

    version: int
    observed_at: datetime
    payload: str


def current_payload(
    db: Connection, connection_name: str, stream_name: str, source_key: str
) -> RawPayload | None:
    """The raw payload of a record as it was last read; None where it is held no longer."""
    found = record_id(db, connection_name, stream_name, source_key)
    row = None if found is None else payload_of(db, found)
    return None if row is None else row[1]


def record_id(
    db: Connection, connection_name: str, stream_name: str, source_key: str
) -> int | None:
    """The row id of a source record; None where there is none."""
    query = (
        sa.select(source_record.c.id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(connection.c.name == connection_name, stream.c.name == stream_name)
        .where(source_record.c.source_key == source_key)
    )
    found: int | None = db.scalar(query)
    return found


def payload_of(db: Connection, record: int) -> tuple[tuple[str, str, str], RawPayload] | None:
    """Connection, type and key of a record with what was last read of it."""
    place = (connection.c.name, stream.c.name, source_record.c.source_key)
    query = (
        sa.select(*place, *(raw_version.c[name] for name in RawPayload._fields))
        .select_from(source_record)
        .join(
            raw_version,
            (source_record.c.id == raw_version.c.record_id)
            & (source_record.c.version == raw_version.c.version),
        )
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(source_record.c.id == record)
    )
    row = db.execute(query).one_or_none()
    return None if row is None else ((row[0], row[1], row[2]), RawPayload._make(row[3:]))
