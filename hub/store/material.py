"""What golden records are made of: the parties that wait, their records, their mappings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.model.envelope import SourceKey
from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import from_micros
from hub.store.driver import ask, fetch, no_rows
from hub.store.standing import as_uuid
from hub.store.tables import (
    canonical_record,
    connection,
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
    lite = db.dialect.name == "sqlite"
    query = "SELECT id FROM master_party WHERE golden_pending "  # as in the partial index
    query += "ORDER BY seq LIMIT " + ("?" if lite else "%s")
    if lock and not lite:
        query += " FOR NO KEY UPDATE"
    return [as_uuid(row.id) for row in fetch(db, query, (limit,), ("id",))]


def load_party_material(db: Connection, party_ids: Collection[str]) -> list[tuple[str, Material]]:
    """Every active record linked to the parties, with its party."""
    return ask_party_material(db, party_ids)()


def ask_party_material(
    db: Connection, party_ids: Collection[str]
) -> Callable[[], list[tuple[str, Material]]]:
    """The same, called for later."""
    if not party_ids:
        return no_rows
    ids = [driver_uuid(db, party) for party in party_ids]
    if db.dialect.name == "sqlite":
        given = "json_each(?) AS given CROSS JOIN link AS l ON l.party_id = given.value"
        bound: tuple[Any] = (orjson.dumps(ids).decode(),)
    else:
        given = "(SELECT * FROM link WHERE party_id = ANY(%s::uuid[])) AS l"
        bound = (ids,)
    rows = ask(db, _LINKED.format(given=given), bound, ("party_id", *_NAMES))
    return lambda: [(as_uuid(row[0]), _material((*row[1:-1], _moment(row[-1])))) for row in rows()]


_NAMES: Final = (
    *("canonical_id", "record_id", "connection", "stream", "source_key", "part", "office"),
    *("body", "raw_version", "mapping_digest", "observed_at"),
)
_LINKED: Final = """
    SELECT l.party_id, c.id, c.record_id, k.name, s.name, r.source_key, c.part, k.office,
           c.body, c.raw_version, c.mapping_digest, raw.observed_at
    FROM {given}
    JOIN canonical_record AS c ON c.id = l.canonical_id AND c.active
    JOIN source_record AS r ON r.id = c.record_id
    JOIN stream AS s ON s.id = r.stream_id
    JOIN connection AS k ON k.id = s.connection_id
    LEFT JOIN raw_version AS raw ON raw.record_id = r.id AND raw.version = c.raw_version
    WHERE l.recorded_to IS NULL"""


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


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
    rows = bulk.look_up(db, mapping_version, ("digest", "text"), LookUp("digest", digests))
    return {row.digest: row.text for row in rows}


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
