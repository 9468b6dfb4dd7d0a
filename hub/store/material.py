"""What golden records are made of: the parties that wait, their records, their mappings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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
    mapping_version,
    master_party,
    raw_version,
)


class Material(NamedTuple):
    """A canonical record, as survivorship needs it; ``record_id`` is that of its raw versions.

    ``observed_at`` is None where the body says itself when it was changed, and where its raw
    version is kept no longer.
    """

    canonical_id: int
    record_id: int
    source: SourceKey
    office: str
    body: str
    raw_version: int
    mapping_digest: str
    observed_at: datetime | None


def pending_parties(db: Connection, limit: int, *, lock: bool = False) -> list[str]:
    """Parties whose golden record is to be computed anew, oldest first.

    With ``lock`` whoever changes one meanwhile waits: his word that it is to be computed comes
    after the one that it is done.
    """
    return ask_pending_parties(db, limit, lock=lock)()


def ask_pending_parties(
    db: Connection, limit: int, *, lock: bool = False
) -> Callable[[], list[str]]:
    """The same, called for later."""
    lite = db.dialect.name == "sqlite"
    query = "SELECT id FROM master_party WHERE golden_pending "  # as in the partial index
    query += "ORDER BY seq LIMIT " + ("?" if lite else "%s")
    if lock and not lite:
        query += " FOR NO KEY UPDATE"
    rows = ask(db, query, (limit,), ("id",))
    return lambda: [as_uuid(row.id) for row in rows()]


def load_party_material(db: Connection, party_ids: Collection[str]) -> list[tuple[str, Material]]:
    """Every active record linked to the parties, with its party."""
    return ask_party_material(db, party_ids)()


def ask_party_material(
    db: Connection, party_ids: Collection[str]
) -> Callable[[], list[tuple[str, Material]]]:
    """The same, called for later."""
    if not party_ids:
        return no_rows
    sql = f"""
        SELECT l.party_id, {_RECORD} FROM {_given(db, "link AS l", "party_id")}
        JOIN canonical_record AS c ON c.id = l.canonical_id {_SOURCED}
        WHERE l.recorded_to IS NULL AND c.active"""
    bound = bulk.bound_list(db, [driver_uuid(db, party) for party in party_ids])
    rows = ask(db, sql, bound, ("party_id", *_NAMES))

    def material() -> list[tuple[str, Material]]:
        found = rows()
        observed = _observed(db, found)
        return [(as_uuid(party), _material(row, observed)) for party, *row in found]

    return material


def load_record_material(db: Connection, canonical_ids: Collection[int]) -> dict[int, Material]:
    """The active records among the given ones, by canonical id."""
    sql = f"""
        SELECT {_RECORD} FROM {_given(db, "canonical_record AS c", "id")} {_SOURCED}
        WHERE c.active"""
    found: dict[int, Material] = {}
    ordered = sorted(canonical_ids)
    for start in range(0, len(ordered), _AT_ONCE):
        rows = fetch(db, sql, bulk.bound_list(db, ordered[start : start + _AT_ONCE]), _NAMES)
        observed = _observed(db, rows)
        found.update({row.canonical_id: _material(row, observed) for row in rows})
    return found


_AT_ONCE: Final = 1_000
_NAMES: Final = (
    *("canonical_id", "record_id", "connection", "stream", "source_key", "part", "office"),
    *("body", "raw_version", "mapping_digest"),
)
_RECORD: Final = """c.id, c.record_id, k.name, s.name, r.source_key, c.part, k.office, c.body,
    c.raw_version, c.mapping_digest"""
_SOURCED: Final = """
    JOIN source_record AS r ON r.id = c.record_id
    JOIN stream AS s ON s.id = r.stream_id
    JOIN connection AS k ON k.id = s.connection_id"""


def _given(db: Connection, table: str, column: str) -> str:
    """The rows of a table whose column holds a given value, driven from the values."""
    name, _, alias = table.partition(" AS ")
    if db.dialect.name == "sqlite":
        return f"json_each(?) AS given CROSS JOIN {table} ON {alias}.{column} = given.value"
    kind = "uuid" if column == "party_id" else "bigint"
    return f"(SELECT * FROM {name} WHERE {column} = ANY(%s::{kind}[])) AS {alias}"


def _observed(db: Connection, rows: Sequence[Any]) -> dict[int, datetime]:
    """When the raw versions were seen of records that don't say when they were changed.

    Most do, and a raw version is two more pages to read for each.
    """
    silent = [row.canonical_id for row in rows if not _says_when(row.body)]
    if not silent:
        return {}
    sql = f"""
        SELECT c.id, raw.observed_at FROM {_given(db, "canonical_record AS c", "id")}
        JOIN raw_version AS raw ON raw.record_id = c.record_id AND raw.version = c.raw_version"""
    found = fetch(db, sql, bulk.bound_list(db, silent), ("canonical_id", "observed_at"))
    return {row.canonical_id: from_micros(row.observed_at) for row in found}


def _says_when(body: str) -> bool:
    return '"updated_at"' in body and bool(orjson.loads(body).get("updated_at"))


def _material(row: Sequence[Any], observed: Mapping[int, datetime]) -> Material:
    canonical_id, record_id, *source, office, body, version, digest = row
    at = observed.get(canonical_id)
    key = SourceKey(*source)
    return Material(canonical_id, record_id, key, office, body, version, digest, at)


def settle_parties(db: Connection, party_ids: Collection[str]) -> None:
    """The parties' golden records are computed."""
    rows: list[bulk.Row] = [(driver_uuid(db, party), False) for party in sorted(party_ids)]
    bulk.update(db, master_party, ("id", "golden_pending"), rows)


def mapping_texts(db: Connection, digests: Collection[str]) -> dict[str, str]:
    """Texts of the mappings that records were translated with.

    A digest never means another text, so they are kept with the database connection.
    """
    known: dict[str, str] = db.info.setdefault("mapping_texts", {})
    missing = [digest for digest in digests if digest not in known]
    rows = bulk.look_up(db, mapping_version, ("digest", "text"), LookUp("digest", missing))
    known.update({row.digest: row.text for row in rows})
    return {digest: known[digest] for digest in digests if digest in known}


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
