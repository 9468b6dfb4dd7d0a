"""Export: everything that the hub holds about one person, as one JSON with its provenance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from hub.errors import StoreError
from hub.pipeline.survey import DOCUMENTS, PARTY, Fate, Ours, Survey, survey
from hub.store import searching
from hub.store.audit import entries_about
from hub.store.database import Connection, Engine, reading
from hub.store.footprint import Footprint, Part
from hub.store.match_look_ups import load_profiles
from hub.store.overview import known_streams
from hub.store.parties import resolve_party
from hub.store.portrait import rows_about
from hub.store.relationships import load_relationships

FORMAT: Final = "customer-hub export, version 1"
_SECTIONS: Final = {"interaction": "interactions", "ticket": "tickets"}


def export_party(engine: Engine, party_id: str, ours: Ours) -> dict[str, Any]:
    """All about a party and what was led into it; the same store gives the same text.

    Of records that speak of others too, only what was translated is shown. Raises StoreError where
    there is no such party.
    """
    with reading(engine) as db:
        party = resolve_party(db, party_id)
        if party is None:
            raise StoreError(f"there is no party {party_id}")
        return _Portrait(db, survey(db, party.id, ours, hold=True)).draw(party_id, party.status)


def to_text(portrait: Mapping[str, Any]) -> bytes:
    """The export as it is written to a file."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(portrait, option=options)


class _Portrait:
    """Collects the parts of an export."""

    def __init__(self, db: Connection, found: Survey) -> None:
        self._db = db
        self._found = found
        self._streams = known_streams(db)
        self._sources = {
            part.id: self._source(record, part)
            for record in found.records.values()
            for part in record.parts
            if part.id in found.mine
        }

    def draw(self, asked: str, status: str) -> dict[str, Any]:
        """The whole export."""
        found = self._found
        own = [record for record in found.records.values() if self._is_own(record)]
        return {
            "format": FORMAT,
            "asked_for": asked,
            "party_id": found.parties[0],
            "status": status,
            "parties": rows_about(self._db, "master_party", "id", found.parties),
            "fates": rows_about(self._db, "party_fate", "party_id", found.parties),
            "audit": rows_about(
                self._db, "audit_entry", "id", entries_about(self._db, found.parties)
            ),
            "erasure": rows_about(self._db, "erasure", "party_id", found.parties),
            "golden": rows_about(self._db, "golden_record", "party_id", found.parties),
            "consents": [item for record in own for item in self._consents(record)],
            "sources": [self._record(record) for record in own],
            **self._referring(),
            "links": self._named(rows_about(self._db, "link", "party_id", found.parties)),
            "decisions": self._pairs("decision"),
            "review_cases": self._pairs("review_case"),
            "relationships": self._relationships(),
            "events": rows_about(self._db, "party_event", "party_id", found.parties),
            "deliveries": self._deliveries(),
            "quarantine": self._quarantine(),
            "breaks": self._breaks(),
        }

    def _is_own(self, record: Footprint) -> bool:
        return any(part.id in self._found.mine for part in record.parts)

    def _source(self, record: Footprint, part: Part) -> str:
        stream_id, key = record.place
        return ":".join((*self._streams[stream_id], key)) + (f"#{part.part}" if part.part else "")

    def _record(self, record: Footprint) -> dict[str, Any]:
        """A source record; the system's own words only where it is about nobody else."""
        alone = self._found.fates[record.id] is not Fate.CLEAN
        connection, type_ = self._streams[record.place[0]]
        shown = [part for part in record.parts if alone or self._is_shown(part)]
        return {
            "connection": connection,
            "type": type_,
            "key": record.place[1],
            "record": rows_about(self._db, "source_record", "id", [record.id])[0],
            "versions": rows_about(self._db, "raw_version", "record_id", [record.id])
            if alone
            else [],
            "translated": [self._translated(part) for part in shown],
        }

    def _is_shown(self, part: Part) -> bool:
        return part.id in self._found.mine or part.entity != PARTY

    def _translated(self, part: Part) -> dict[str, Any]:
        return {
            "part": part.part,
            "entity": part.entity,
            "active": part.active,
            "body": orjson.loads(part.body),
        }

    def _consents(self, record: Footprint) -> list[dict[str, Any]]:
        return [
            {"source": self._sources[part.id], **consent}
            for part in record.parts
            if part.id in self._found.mine
            for consent in orjson.loads(part.body).get("consents", ())
        ]

    def _referring(self) -> dict[str, list[dict[str, Any]]]:
        """Records that speak of the person, by what they are."""
        sections: dict[str, list[dict[str, Any]]] = {
            name: [] for name in (*_SECTIONS.values(), "documents", "other_records")
        }
        for record in self._found.records.values():
            for entity in sorted({part.entity for part in record.parts}):
                if self._is_own(record) and entity in (PARTY, "relationship"):
                    continue
                sections[_section(entity)].append(self._record(record))
        return sections

    def _named(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "source": self._sources.get(row["canonical_id"])} for row in rows]

    def _pairs(self, table: str) -> list[dict[str, Any]]:
        """Decisions on pairs; the record of somebody else is not named."""
        found: dict[str, dict[str, Any]] = {}
        for side in ("left_id", "right_id"):
            for row in rows_about(self._db, table, side, self._found.mine):
                pair = [self._sources.get(row.pop(name)) for name in ("left_id", "right_id")]
                found[row["id"]] = {**row, "records": [name or "another record" for name in pair]}
        return [found[id_] for id_ in sorted(found)]

    def _relationships(self) -> list[dict[str, Any]]:
        """What matching takes the person to be to others, who are not named."""
        profiles = load_profiles(self._db, self._found.mine)
        found = load_relationships(self._db, set(profiles.values()))
        return [
            {
                **item._asdict(),
                "evidence": orjson.loads(item.evidence),
                "source": self._sources[record],
                "to": "another record",
            }
            for record, profile in sorted(profiles.items())
            for pair, item in sorted(found.items())
            if profile in pair
        ]

    def _deliveries(self) -> list[dict[str, Any]]:
        deliveries = rows_about(self._db, "delivery", "party_id", self._found.parties)
        ids = [row["id"] for row in deliveries]
        receipts = {
            row["delivery_id"]: row for row in rows_about(self._db, "receipt", "delivery_id", ids)
        }
        whole = rows_about(self._db, "record_delivery", "party_id", self._found.parties)
        told = [{**row, "receipt": receipts.get(row["id"])} for row in deliveries]
        return [*told, *whole]

    def _quarantine(self) -> list[dict[str, Any]]:
        return rows_about(self._db, "quarantine", "record_id", self._own_ids())

    def _own_ids(self) -> Collection[int]:
        return [record.id for record in self._found.records.values() if self._is_own(record)]

    def _breaks(self) -> list[dict[str, Any]]:
        hits = searching.search(self._db, "report_break", "detail", self._found.parties)
        return rows_about(self._db, "report_break", "id", [hit.key["id"] for hit in hits])


def _section(entity: str) -> str:
    return "documents" if entity in DOCUMENTS else _SECTIONS.get(entity, "other_records")
