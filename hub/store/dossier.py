"""A customer's records: sources linked to a party, and what refers to them (law 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.model.envelope import SourceKey
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    connection,
    document,
    link,
    source_record,
    stream,
)


class LinkedRecord(NamedTuple):
    """A source record that belongs to a party."""

    canonical_id: int
    source: SourceKey
    stream_id: int
    raw_version: int
    kind: str
    reason: str
    linked_at: datetime


class Referring(NamedTuple):
    """A record that refers to one of the party's; ``body`` is JSON."""

    canonical_id: int
    entity: str
    source: SourceKey
    body: str


class Posting(NamedTuple):
    """A document's figures: an order, an invoice, an account."""

    entity: str
    kind: str
    number: str
    date: str | None
    status: str
    currency: str | None
    gross: Decimal | None
    open_amount: Decimal | None
    source: SourceKey


_SOURCE = (connection.c.name, stream.c.name, source_record.c.source_key, canonical_record.c.part)


def find_record(db: Connection, source: SourceKey) -> int | None:
    """The canonical id of a source reference."""
    query = (
        sa.select(canonical_record.c.id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(
            connection.c.name == source.connection,
            stream.c.name == source.type,
            source_record.c.source_key == source.key,
            canonical_record.c.part == source.part,
        )
    )
    return db.scalar(query)


def linked_records(db: Connection, party_id: str) -> list[LinkedRecord]:
    """The party's records, in order of their source reference."""
    query = (
        sa.select(
            canonical_record.c.id,
            *_SOURCE,
            source_record.c.stream_id,
            canonical_record.c.raw_version,
            link.c.kind,
            link.c.reason,
            link.c.recorded_from,
        )
        .select_from(link)
        .join(canonical_record, canonical_record.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(link.c.party_id == party_id, sa.text("link.recorded_to IS NULL"))
    )
    found = [
        LinkedRecord(id_, SourceKey(name, type_, key, part), *rest)
        for id_, name, type_, key, part, *rest in db.execute(query)
    ]
    return sorted(found, key=lambda record: record.source)


def referring_records(
    db: Connection, records: Sequence[LinkedRecord], entities: Collection[str], *, limit: int
) -> list[Referring]:
    """Active records of the given entities that refer to the party's, the latest arrivals first."""
    found: dict[int, Referring] = {}
    for condition in _targets(records):
        query = (
            sa.select(
                canonical_record.c.id, canonical_record.c.entity, *_SOURCE, canonical_record.c.body
            )
            .select_from(canonical_ref)
            .join(canonical_record, canonical_record.c.id == canonical_ref.c.canonical_id)
            .join(source_record, source_record.c.id == canonical_record.c.record_id)
            .join(stream, stream.c.id == source_record.c.stream_id)
            .join(connection, connection.c.id == stream.c.connection_id)
            .where(condition, canonical_record.c.active)
            .where(canonical_record.c.entity.in_(sorted(entities)))
            .order_by(canonical_record.c.id.desc())
            .limit(limit)
        )
        for id_, entity, name, type_, key, part, body in db.execute(query):
            found[id_] = Referring(id_, entity, SourceKey(name, type_, key, part), body)
    return [found[id_] for id_ in sorted(found, reverse=True)[:limit]]


def postings(
    db: Connection, records: Sequence[LinkedRecord], entities: Collection[str]
) -> list[Posting]:
    """Documents of the party: those whose ``party`` is one of its records."""
    columns = (document.c[name] for name in Posting._fields if name != "source")
    chosen = sa.select(document.c.canonical_id, *columns, *_SOURCE)
    found: dict[int, Posting] = {}
    for condition in _targets(records):
        query = (
            chosen.select_from(canonical_ref)
            .join(document, document.c.canonical_id == canonical_ref.c.canonical_id)
            .join(canonical_record, canonical_record.c.id == document.c.canonical_id)
            .join(source_record, source_record.c.id == canonical_record.c.record_id)
            .join(stream, stream.c.id == source_record.c.stream_id)
            .join(connection, connection.c.id == stream.c.connection_id)
            .where(condition, canonical_ref.c.role == "party", canonical_record.c.active)
            .where(document.c.entity.in_(sorted(entities)))
        )
        for id_, *values, name, type_, key, part in db.execute(query):
            found[id_] = Posting._make((*values, SourceKey(name, type_, key, part)))
    return sorted(found.values(), key=lambda item: (item.date or "", item.number), reverse=True)


def _targets(records: Iterable[LinkedRecord]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on the reference's target, each served by its index."""
    keys: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for record in records:
        keys[record.stream_id, record.source.part].append(record.source.key)
    for (stream_id, part), found in sorted(keys.items()):
        for start in range(0, len(found), 500):
            yield sa.and_(
                canonical_ref.c.stream_id == stream_id,
                canonical_ref.c.source_key.in_(found[start : start + 500]),
                canonical_ref.c.part == part,
            )


def search_names(db: Connection, text: str, limit: int) -> list[tuple[str, str]]:
    """Active parties whose golden display name contains the text, in any case."""
    pattern = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = sa.text(
        "SELECT party_id, display_name FROM rpt_party_v1 "
        "WHERE LOWER(display_name) LIKE :pattern ESCAPE '\\' "
        "ORDER BY display_name, seq LIMIT :limit"
    )
    rows = db.execute(query, {"pattern": f"%{pattern}%", "limit": limit})
    return [(str(UUID(str(row.party_id))), row.display_name) for row in rows]
