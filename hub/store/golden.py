"""Golden records: append-only versions with valid and recorded periods, and their material."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import driver_uuid
from hub.store.columns import to_micros
from hub.store.ids import take_block
from hub.store.tables import (
    golden_record,
)


class GoldenVersion(NamedTuple):
    """A golden record as stored; ``body`` and ``provenance`` are JSON texts."""

    id: int
    party_id: str
    version: int
    body: str
    provenance: str
    body_hash: bytes
    valid_from: datetime


class NewVersion(NamedTuple):
    """A version to be appended."""

    party_id: str
    version: int
    body: str
    provenance: str
    body_hash: bytes


def current_versions(db: Connection, party_ids: Collection[str]) -> dict[str, GoldenVersion]:
    """The active golden record of each party that has one."""
    query = sa.select(*(golden_record.c[name] for name in GoldenVersion._fields)).where(
        golden_record.c.party_id.in_(list(party_ids)), sa.text("recorded_to IS NULL")
    )
    return {row.party_id: GoldenVersion(*row) for row in db.execute(query)}


def last_versions(db: Connection, party_ids: Collection[str]) -> dict[str, int]:
    """The highest version number that each party has had."""
    query = (
        sa.select(golden_record.c.party_id, sa.func.max(golden_record.c.version))
        .where(golden_record.c.party_id.in_(list(party_ids)))
        .group_by(golden_record.c.party_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def golden_as_of(
    db: Connection, party_id: str, *, valid: datetime, known: datetime
) -> GoldenVersion | None:
    """What held at ``valid`` by what we knew at ``known``."""
    g = golden_record.c
    query = (
        sa.select(*(g[name] for name in GoldenVersion._fields))
        .where(g.party_id == party_id, g.valid_from <= valid, g.recorded_from <= known)
        .where(sa.or_(g.valid_to.is_(None), g.valid_to > valid, g.recorded_to > known))
        .where(sa.or_(g.recorded_to.is_(None), g.recorded_to > known))
        .order_by(g.version.desc())
        .limit(1)
    )
    row = db.execute(query).one_or_none()
    return None if row is None else GoldenVersion(*row)


def close_versions(db: Connection, ids: Sequence[int], now: datetime) -> None:
    """End versions; their rows stay."""
    at = to_micros(now)
    rows: list[bulk.Row] = [(id_, at, at) for id_ in sorted(ids)]
    bulk.update(db, golden_record, ("id", "valid_to", "recorded_to"), rows)


def add_versions(
    db: Connection, versions: Sequence[NewVersion], *, rules_digest: str, now: datetime
) -> None:
    """Append versions; the one before must be closed."""
    if not versions:
        return
    first, at = take_block(db, "golden_record", len(versions)), to_micros(now)
    columns = (
        "id", "party_id", "version", "body", "provenance", "body_hash", "rules_digest",
        "valid_from", "recorded_from",
    )  # fmt: skip
    rows: list[bulk.Row] = [
        (
            first + n, driver_uuid(db, new.party_id), new.version, new.body, new.provenance,
            new.body_hash, rules_digest, at, at,
        )
        for n, new in enumerate(versions)
    ]  # fmt: skip
    bulk.insert(db, golden_record, columns, rows)


def refresh_provenance(db: Connection, changes: Mapping[int, str]) -> None:
    """The same values may come from elsewhere now: that makes no new version."""
    rows: list[bulk.Row] = sorted(changes.items())
    bulk.update(db, golden_record, ("id", "provenance"), rows)
