"""A proof bundle's ledger: links, fates, people's decisions and the audit entries about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hub.store.audit import entries_about
from hub.store.database import Connection
from hub.store.evidence import held_rows, newest_entry
from hub.store.fates import absorbed
from hub.store.party_records import load_records

Rows = list[dict[str, Any]]


def known_by(rows: Rows, known: str) -> Rows:
    """Rows with a recorded period that were known at a time; what came later is not told."""
    return [
        _unless_later(row, known, "recorded_to", "valid_to")
        for row in rows
        if row["recorded_from"] <= known
    ]


def _unless_later(row: dict[str, Any], known: str, *ends: str) -> dict[str, Any]:
    later = row[ends[0]] is not None and row[ends[0]] > known
    return {**row, **dict.fromkeys(ends)} if later else row


def collect_links(db: Connection, party_id: str, known: str) -> Rows:
    """Every link to the customer that was known by then, with the name of its record."""
    rows = known_by(held_rows(db, "link", "party_id", [party_id]), known)
    records = load_records(db, {row["canonical_id"] for row in rows})
    return [
        {**row, "record": str(records[row["canonical_id"]].source)}
        for row in sorted(rows, key=lambda row: (row["recorded_from"], row["id"]))
    ]


def collect_fates(db: Connection, parties: Sequence[str], known: str) -> Rows:
    """What became of the customer's id, and of those that were led into it."""
    rows = held_rows(db, "party_fate", "party_id", parties)
    return [row for row in rows if row["recorded_at"] <= known]


def collect_decisions(db: Connection, records: Collection[int], known: str) -> Rows:
    """What people decided on the records; one of another customer stays a row id."""
    found = {
        row["id"]: _unless_later(row, known, "revoked_at")
        for side in ("left_id", "right_id")
        for row in held_rows(db, "decision", side, records)
        if row["decided_at"] <= known
    }
    names = {id_: str(record.source) for id_, record in load_records(db, records).items()}
    told = [
        {**row, "records": [names.get(row[side]) for side in ("left_id", "right_id")]}
        for row in found.values()
    ]
    return sorted(told, key=lambda row: (row["decided_at"], row["id"]))


def collect_audit(db: Connection, parties: Collection[str], known: str) -> Mapping[str, Any]:
    """The entries about the customers, and the newest of the whole chain."""
    rows = held_rows(db, "audit_entry", "id", entries_about(db, parties))
    entries = [row for row in rows if row["at"] <= known]
    return {"entries": entries, "head": newest_entry(db)}


def family_of(db: Connection, party_id: str) -> list[str]:
    """The customer's id and all that were ever led into it, directly or by others."""
    found, waiting = {party_id}, [party_id]
    while waiting:
        for fate in absorbed(db, waiting.pop()):
            if fate.party_id not in found:
                found.add(fate.party_id)
                waiting.append(fate.party_id)
    return sorted(found)
