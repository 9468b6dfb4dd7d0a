"""What golden records are made of: the parties that wait, their records, their mappings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

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
    """One linked record of a party, as survivorship needs it."""

    party_id: str
    source: SourceKey
    office: str
    body: str
    raw_version: int
    mapping_digest: str
    observed_at: datetime


def pending_parties(db: Connection, limit: int) -> list[str]:
    """Parties whose golden record is to be computed anew, oldest first."""
    query = (
        sa.select(master_party.c.id)
        .where(sa.text("golden_pending"))  # literally as in the partial index
        .order_by(master_party.c.seq)
        .limit(limit)
    )
    return list(db.scalars(query))


def load_material(db: Connection, party_ids: Collection[str]) -> list[Material]:
    """Every active record linked to the parties."""
    query = (
        sa.select(
            link.c.party_id,
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
        .join(canonical_record, canonical_record.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .outerjoin(
            raw_version,
            sa.and_(
                raw_version.c.record_id == source_record.c.id,
                raw_version.c.version == canonical_record.c.raw_version,
            ),
        )
        .where(link.c.party_id.in_(list(party_ids)), sa.text("link.recorded_to IS NULL"))
        .where(canonical_record.c.active)
    )
    return [
        Material(party, SourceKey(*source), office, body, version, digest, observed)
        for party, *source, office, body, version, digest, observed in db.execute(query)
    ]


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
