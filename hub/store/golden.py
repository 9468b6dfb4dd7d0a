"""Golden records: append-only versions with valid and recorded periods, and their material."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import from_micros, to_micros
from hub.store.ids import insert_numbered
from hub.store.standing import ACTIVE_LINK, as_uuid, look_up_standing
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
    rules_digest: str
    valid_from: datetime


class LastVersion(NamedTuple):
    """A party's highest version, and the time after which alone a later one can have held."""

    version: int
    until: datetime | None


class NewVersion(NamedTuple):
    """A version to be appended; it holds since ``valid_from``."""

    party_id: str
    version: int
    body: str
    provenance: str
    body_hash: bytes
    valid_from: datetime


def current_versions(db: Connection, party_ids: Collection[str]) -> dict[str, GoldenVersion]:
    """The active golden record of each party that has one."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    rows = look_up_standing(
        db,
        golden_record,
        GoldenVersion._fields,
        where=LookUp("party_id", ids),
        condition=ACTIVE_LINK,
    )
    versions = (
        GoldenVersion(
            *(row.id, as_uuid(row.party_id), row.version, row.body, row.provenance),
            *(bytes(row.body_hash), row.rules_digest, from_micros(row.valid_from)),
        )
        for row in rows
    )
    return {version.party_id: version for version in versions}


def active_names(db: Connection, party_ids: Collection[str]) -> dict[str, str]:
    """What each party that has a golden record is called; empty where nothing says."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    rows = look_up_standing(
        db,
        golden_record,
        ("party_id", "body"),
        where=LookUp("party_id", ids),
        condition=ACTIVE_LINK,
    )
    bodies = {as_uuid(row.party_id): orjson.loads(row.body) for row in rows}
    return {party: str(body.get("display_name") or "") for party, body in bodies.items()}


def last_versions(db: Connection, party_ids: Collection[str]) -> dict[str, LastVersion]:
    """The highest version that each party has had."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    columns = ("party_id", "version", "valid_from", "valid_to")
    rows = bulk.look_up(db, golden_record, columns, LookUp("party_id", ids))
    last: dict[str, LastVersion] = {}
    for row in sorted(rows, key=lambda row: row.version):
        until = row.valid_from if row.valid_to is None else row.valid_to
        last[as_uuid(row.party_id)] = LastVersion(row.version, from_micros(until))
    return last


def close_versions(db: Connection, ends: Mapping[int, datetime], now: datetime) -> None:
    """End versions, each at the time until which it held; their rows stay."""
    rows: list[bulk.Row] = [
        (id_, to_micros(end), to_micros(now)) for id_, end in sorted(ends.items())
    ]
    bulk.update(db, golden_record, ("id", "valid_to", "recorded_to"), rows)


def add_versions(
    db: Connection, versions: Sequence[NewVersion], *, rules_digest: str, now: datetime
) -> None:
    """Append versions; the one before must be closed."""
    if not versions:
        return
    at = to_micros(now)
    columns = (
        "id", "party_id", "version", "body", "provenance", "body_hash", "rules_digest",
        "valid_from", "recorded_from",
    )  # fmt: skip
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, new.party_id), new.version, new.body, new.provenance,
            new.body_hash, rules_digest, to_micros(new.valid_from), at,
        )
        for new in versions
    ]  # fmt: skip
    insert_numbered(db, golden_record, columns, rows)


def refresh_versions(db: Connection, changes: Mapping[int, str], *, rules_digest: str) -> None:
    """The same values may come from elsewhere, or by other rules: that makes no new version."""
    rows: list[bulk.Row] = [(id_, origin, rules_digest) for id_, origin in sorted(changes.items())]
    bulk.update(db, golden_record, ("id", "provenance", "rules_digest"), rows)
