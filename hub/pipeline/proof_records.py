"""A proof bundle's records: the raw version, the canonical body and the mapping of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hub.model.envelope import SourceKey
from hub.pipeline.proof_replay import translate_again
from hub.pipeline.redaction import PLACEHOLDER
from hub.reports.proof_hashes import body_hash, payload_hash
from hub.store.database import Connection
from hub.store.dossier import find_record
from hub.store.evidence import held_payloads, held_rows, versions_by
from hub.store.landing import GONE
from hub.store.material import load_record_material, mapping_texts
from hub.store.party_records import load_records


class Named(NamedTuple):
    """The raw version and the mapping by which an older golden version names a record."""

    raw_version: int
    mapping_digest: str


def collect_records(db: Connection, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Records by canonical id, as they stand."""
    wanted = set(ids)
    names = {id_: record.source for id_, record in load_records(db, wanted).items()}
    material = load_record_material(db, wanted)
    rows = [row for row in held_rows(db, "canonical_record", "id", wanted) if row["id"] in names]
    records = []
    for row in rows:
        office = material[row["id"]].office if row["id"] in material else None
        kept = {name: row[name] for name in ("raw_version", "mapping_digest", "active")}
        body = {name: row[name] if row["active"] else None for name in ("body", "body_hash")}
        records.append({**_head(row, names[row["id"]]), "office": office, **kept, **body})
    return _with_payloads(db, records)


def collect_past_records(
    db: Connection, ids: Iterable[int], named: Mapping[SourceKey, Named], known: datetime
) -> list[dict[str, Any]]:
    """Records as an older golden version took them, translated again by the mapping it names.

    A record that gave no value is shown as it had been read by then.
    """
    found = {source: find_record(db, source) for source in named}
    records = collect_records(db, {*ids, *(id_ for id_ in found.values() if id_ is not None)})
    newest = versions_by(db, {record["source_row"] for record in records}, known)
    by_id = {found[source]: item for source, item in named.items()}
    for record in records:
        item = by_id.get(record["row"])
        version = item.raw_version if item else newest.get(record["source_row"])
        digest = item.mapping_digest if item else None
        now = (record["raw_version"], record["mapping_digest"])
        if (version, digest) != now:
            record.update(raw_version=version, mapping_digest=digest, body=None, body_hash=None)
    return _translated(db, _with_payloads(db, records))


def _head(row: Mapping[str, Any], source: SourceKey) -> dict[str, Any]:
    return {
        "name": str(source),
        **source._asdict(),
        "row": row["id"],
        "source_row": row["record_id"],
    }


def _with_payloads(db: Connection, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = {(r["source_row"], r["raw_version"]) for r in records if r["raw_version"] is not None}
    payloads = held_payloads(db, wanted)
    texts = mapping_texts(db, {r["mapping_digest"] for r in records if r["mapping_digest"]})
    for record in records:
        held = payloads.get((record["source_row"], record["raw_version"]), {})
        names = ("payload", "payload_hash", "source_version", "observed_at")
        record.update((name, held.get(name)) for name in names)
        record["payload_state"] = _state(held)
        record["translation"] = _translation(record, texts)
    return records


def _state(held: Mapping[str, Any]) -> str:
    """Whether the payload is what the system said; erasures keep the hash of what was (ADR 11)."""
    if not held:
        return "kept no longer"
    if held["payload"] == GONE:
        return "deleted at the source" if held["deleted"] else "erased"
    if payload_hash(held["payload"]) != held["payload_hash"] and PLACEHOLDER in held["payload"]:
        return "cleaned by an erasure"
    return "whole"


def _translation(record: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Whether the mapping makes the body of the payload.

    It does not where the hub's own writes are left out of it, or an erased person.
    """
    if record["body"] is None or record["payload_state"] != "whole":
        return "not possible"
    text = texts.get(record["mapping_digest"])
    if text is None:
        return "not possible"
    return "agrees" if _again(record, text) == record["body"] else "differs"


def _again(record: Mapping[str, Any], text: str) -> str | None:
    source = SourceKey(*(record[name] for name in ("connection", "type", "key", "part")))
    return translate_again(text, source, record["payload"])


def _translated(db: Connection, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the bodies that are kept no longer, made again."""
    texts = mapping_texts(db, {r["mapping_digest"] for r in records if r["mapping_digest"]})
    for record in records:
        text = texts.get(record["mapping_digest"] or "")
        if record["body"] is None and text is not None and record["payload_state"] == "whole":
            body = _again(record, text)
            if body is not None:
                record.update(body=body, body_hash=body_hash(body), translation="agrees")
    return list(records)
