"""What golden records are made of: the parties that wait, their records, their mappings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.model.envelope import SourceKey
from hub.store import bulk
from hub.store.bulk import driver_uuid
from hub.store.tables import (
    canonical_record,
    connection,
    link,
    mapping_version,
    master_party,
    raw_version,
    source_record,
    stream,
)


class Material(NamedTuple):
    """A canonical record, as survivorship needs it; ``record_id`` is that of its raw versions."""

    canonical_id: int
    record_id: int
    source: SourceKey
    office: str
    body: str
    raw_version: int
    mapping_digest: str
    observed_at: datetime


def pending_parties(db: Connection, limit: int, *, lock: bool = False) -> list[str]:
    """Parties whose golden record is to be computed anew, oldest first.

    With ``lock`` whoever changes one meanwhile waits: his word that it is to be computed comes
    after the one that it is done.
    """
    query = (
        sa.select(master_party.c.id)
        .where(sa.text("golden_pending"))  # literally as in the partial index
        .order_by(master_party.c.seq)
        .limit(limit)
    )
    return list(db.scalars(query.with_for_update(key_share=True) if lock else query))


def load_party_material(db: Connection, party_ids: Collection[str]) -> list[tuple[str, Material]]:
    """Every active record linked to the parties, with its party."""
    query = (
        _joined(sa.select(link.c.party_id, *_MATERIAL).select_from(link))
        .where(link.c.party_id.in_(list(party_ids)), sa.text("link.recorded_to IS NULL"))
        .where(canonical_record.c.active)
    )
    return [(party, _material(row)) for party, *row in db.execute(query)]


def load_record_material(db: Connection, canonical_ids: Collection[int]) -> dict[int, Material]:
    """The active records among the given ones, by canonical id."""
    query = sa.select(*_MATERIAL).select_from(canonical_record)
    found: dict[int, Material] = {}
    ordered = sorted(canonical_ids)
    for start in range(0, len(ordered), _AT_ONCE):
        wanted = canonical_record.c.id.in_(ordered[start : start + _AT_ONCE])
        for row in db.execute(_sourced(query).where(wanted, canonical_record.c.active)):
            item = _material(row)
            found[item.canonical_id] = item
    return found


_AT_ONCE = 1_000
_MATERIAL = (
    canonical_record.c.id,
    canonical_record.c.record_id,
    connection.c.name,
    stream.c.name,
    source_record.c.source_key,
    canonical_record.c.part,
    connection.c.office,
    canonical_record.c.body,
    canonical_record.c.raw_version,
    canonical_record.c.mapping_digest,
    raw_version.c.observed_at,
)


def _joined(query: sa.Select[Any]) -> sa.Select[Any]:
    return _sourced(query.join(canonical_record, canonical_record.c.id == link.c.canonical_id))


def _sourced(query: sa.Select[Any]) -> sa.Select[Any]:
    return (
        query.join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .outerjoin(
            raw_version,
            sa.and_(
                raw_version.c.record_id == source_record.c.id,
                raw_version.c.version == canonical_record.c.raw_version,
            ),
        )
    )


def _material(row: Sequence[Any]) -> Material:
    canonical_id, record_id, *source, office, body, version, digest, observed = row
    key = SourceKey(*source)
    return Material(canonical_id, record_id, key, office, body, version, digest, observed)


def settle_parties(db: Connection, party_ids: Collection[str]) -> None:
    """The parties' golden records are computed."""
    rows: list[bulk.Row] = [(driver_uuid(db, party), False) for party in sorted(party_ids)]
    bulk.update(db, master_party, ("id", "golden_pending"), rows)


def mapping_texts(db: Connection, digests: Collection[str]) -> dict[str, str]:
    """Texts of the mappings that records were translated with."""
    query = sa.select(mapping_version.c.digest, mapping_version.c.text).where(
        mapping_version.c.digest.in_(list(digests))
    )
    return {row[0]: row[1] for row in db.execute(query)}


def load_payloads(
    db: Connection, versions: Collection[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Payloads of raw versions, by record and version; a version that is not kept is missing."""
    records = {record for record, _ in versions}
    query = sa.select(raw_version.c.record_id, raw_version.c.version, raw_version.c.payload).where(
        raw_version.c.record_id.in_(records)
    )
    found = {(record, version): text for record, version, text in db.execute(query)}
    return {key: found[key] for key in versions if key in found}
