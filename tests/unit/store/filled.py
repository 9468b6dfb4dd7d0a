"""A small store with at least one row in every table; ``shift`` moves all surrogate ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from hub.store.database import Engine, writing
from hub.store.tables import metadata

_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
Row = dict[str, Any]


def uuid(name: str, shift: int) -> str:
    return str(uuid5(_SPACE, f"{name} {shift}"))


def numbered(number: int, shift: int) -> int:
    """Ids in the opposite order once they are shifted: the order must not matter either."""
    return shift - number if shift else number


def fill_store(engine: Engine, *, shift: int = 0) -> None:
    with writing(engine) as db:
        for table, rows in _rows(shift):
            db.execute(sa.insert(metadata.tables[table]), rows)


def _rows(shift: int) -> list[tuple[str, list[Row]]]:
    made = [*_sources(shift), *_mapped(shift), *_customers(shift), *_effects(shift)]
    return [*made, *_trail(shift)]


def _sources(shift: int) -> list[tuple[str, list[Row]]]:
    now = _now(shift)
    stream = {
        "id": numbered(1, shift),
        "connection_id": uuid("connection", shift),
        "name": "person",
        "cursor": '{"page":1}',
        "commit_seq": shift,
        "epoch": shift,
        "lease_holder": str(shift),
    }
    records = [
        {
            "id": numbered(number, shift),
            "stream_id": numbered(1, shift),
            "source_key": f"k{number}",
            "version": 1,
            "payload_hash": b"h",
            "epoch": shift,
            "pending": False,
        }
        for number in (1, 2, 3)
    ]
    raw = {
        "record_id": numbered(1, shift),
        "version": 1,
        "payload": "{}",
        "payload_hash": b"h",
        "observed_at": now,
        "run_id": uuid("run", shift),
    }
    run = {"id": uuid("run", shift), "step": "extract", "started_at": now, "state": "ok"}
    connection = {"id": uuid("connection", shift), "name": "toy", "connector": "toy"}
    return [
        ("connection", [{**connection, "office": "front", "created_at": now}]),
        ("stream", [stream]),
        ("run", [run]),
        ("id_block", [{"name": "source_record", "next": shift + 1}]),
        ("source_record", records),
        ("raw_version", [raw]),
        ("scanned_record", [{"stream_id": stream["id"], "record_id": records[0]["id"]}]),
        ("push_delivery", [_pushed(shift)]),
        ("token", [{"connection": "toy", "name": "oauth", "sealed": b"s"}]),
    ]


def _pushed(shift: int) -> Row:
    return {
        "id": uuid("pushed", shift),
        "connection_id": uuid("connection", shift),
        "delivery_id": "d1",
        "received_at": _now(shift),
        "headers": "{}",
        "body": b"b",
        "state": "failed",
        "reason": "r",
        "settled_at": _now(shift),
    }


def _mapped(shift: int) -> list[tuple[str, list[Row]]]:
    now = _now(shift)
    canonical = [
        {
            "id": numbered(number, shift),
            "record_id": numbered(number, shift),
            "part": "",
            "entity": "party",
            "body": "{}",
            "body_hash": b"h",
            "raw_version": 1,
            "mapping_digest": "m",
            "active": True,
            "pending": False,
        }
        for number in (1, 2, 3)
    ]
    first, stream = {"canonical_id": numbered(1, shift)}, {"stream_id": numbered(1, shift)}
    document = {"entity": "order", "kind": "order", "number": "N", "status": "open", "checksum": 1}
    catalogue = {"type": "string", "pii": "none", "owner": "o", "description": "d", "lineage": "[]"}
    waiting = {"stage": "extract", "error": "E", "message": "m", "state": "open"}
    return [
        ("canonical_record", canonical),
        ("canonical_ref", [{**first, **stream, "role": "party", "source_key": "k", "part": ""}]),
        ("document", [{**first, **document}]),
        ("mapping_version", [{"digest": "m", "system": "toy", "text": "t", "recorded_at": now}]),
        ("mapping_gap", [{**stream, "path": "p", "value": "v", "seen": 1}]),
        ("field_catalogue", [{"system": "toy", "name": "toy.x", **catalogue}]),
        (
            "quarantine",
            [
                {
                    "id": numbered(1, shift),
                    "record_id": numbered(1, shift),
                    "fingerprint": "f",
                    "created_at": now,
                    **stream,
                    **waiting,
                }
            ],
        ),
        ("match_profile", [{**first, "profile": "p"}]),
        ("match_key", [{"profile": "p", "key": "k"}]),
        ("match_content", [{"profile": "p", "features": "[]"}]),
        (
            "derived_relationship",
            [
                {
                    "left_profile": "p",
                    "right_profile": "q",
                    "type": "household_member",
                    "weight": 99,
                    "evidence": "[]",
                }
            ],
        ),
        ("frequent_key", [{"key": "k", "over": 12}]),
        (
            "match_model",
            [
                {
                    "version": "v",
                    "body": "{}",
                    "records": 1,
                    "trained_at": _now(shift),
                    "adopted_at": _now(shift),
                    "in_force": True,
                }
            ],
        ),
        (
            "match_frequency",
            [{"version": "v", "term": "family:berg", "holders": 9, "share": 0.5}],
        ),
    ]


def _customers(shift: int) -> list[tuple[str, list[Row]]]:
    now = _now(shift)
    parties = [
        {
            "id": uuid(f"party-{number}", shift),
            "seq": shift + number,
            "founding_id": numbered(number, shift),
            "status": "active",
            "created_at": now,
            "golden_pending": False,
        }
        for number in (1, 2)
    ]
    merged = {
        **parties[0],
        "id": uuid("party-3", shift),
        "seq": shift + 3,
        "founding_id": numbered(3, shift),
        "status": "merged",
        "replaced_by": uuid("party-1", shift),
    }
    pair = {"left_id": min(numbered(1, shift), numbered(2, shift))}
    pair["right_id"] = max(numbered(1, shift), numbered(2, shift))
    decision = {"id": uuid("decision", shift), "kind": "never_link", "actor": "a", "reason": "r"}
    case = {"id": uuid("case", shift), "grade": "possible", "weight": 1, "evidence": "[]"}
    return [
        ("master_party", [*parties, merged]),
        ("link", [_link(number, shift) for number in (1, 2)]),
        ("decision", [{**decision, **pair, "decided_at": now}]),
        ("review_case", [{**case, **pair, "reason": "r", "state": "open", "opened_at": now}]),
    ]


def _link(number: int, shift: int) -> Row:
    return {
        "id": numbered(number, shift),
        "canonical_id": numbered(number, shift),
        "party_id": uuid(f"party-{number}", shift),
        "kind": "auto",
        "reason": f"joined {uuid(f'party-{number}', shift)}",
        "valid_from": _now(shift),
        "recorded_from": _now(shift),
    }


def _effects(shift: int) -> list[tuple[str, list[Row]]]:
    now, party = _now(shift), {"party_id": uuid("party-1", shift)}
    golden = {
        "id": numbered(1, shift),
        "version": 1,
        "body": "{}",
        "provenance": "{}",
        "body_hash": b"h",
        "rules_digest": "d",
        "valid_from": now,
        "recorded_from": now,
    }
    event = {"id": uuid("event", shift), "seq": shift + 1, "kind": "merged", "pending": False}
    event["fields"] = f'{{"other":"{uuid("party-3", shift)}"}}'
    delivery = {"id": uuid("delivery", shift), "seq": shift + 1, "attribute": "a", "field": "f"}
    delivery |= {"record_id": numbered(1, shift), "value": "v", "state": "planned"}
    found = {"id": "b", "report": "R1", "subject": "s", "cause": "c", "detail": "d"}
    return [
        ("golden_record", [{**golden, **party}]),
        ("ended_session", [{"mark": "m", "until": now}]),
        ("search_term", [{"golden_id": golden["id"], "term": "berg"}]),
        ("party_event", [{**event, **party, "created_at": now}]),
        ("delivery", [{**delivery, **party, "planned_at": now}]),
        ("record_delivery", [{**_whole(shift), **party, "planned_at": now}]),
        ("receipt", [{"delivery_id": uuid("delivery", shift), "received_at": now}]),
        ("report_break", [{**found, "state": "open", "first_seen": now, "last_seen": now}]),
        ("break_note", [{**_note(shift), "at": now}]),
        ("sign_off", [{**_signed(shift), "cut_off": now, "prepared_at": now}]),
        ("report_figure", [{"report": "R1", "name": "breaks", "day": 20_000, "value": 1}]),
        ("report_line", [{"id": "l", "report": "R1", "part": "totals", "subject": "{}"}]),
        ("suppression", [{"kind": "email", "mark": b"m", "added_at": now}]),
        ("erasure", [{**_erasure(shift), "erased_at": now}]),
    ]


def _trail(shift: int) -> list[tuple[str, list[Row]]]:
    now, party = _now(shift), {"party_id": uuid("party-3", shift)}
    entry = {"id": numbered(1, shift), "run_id": uuid("run", shift), "at": now, "detail": "{}"}
    entry |= {"actor": "a", "action": "merge", "reason_hash": b"r", "previous": b"", "hash": b"h"}
    fate = {"id": numbered(1, shift), "status": "merged", "replaced_by": uuid("party-1", shift)}
    rules = {"id": numbered(1, shift), "digest": "d", "stated": "[]", "adopted_at": now}
    return [
        ("audit_entry", [entry]),
        ("audit_subject", [{**party, "entry_id": entry["id"]}]),
        ("party_fate", [{**fate, **party, "recorded_at": now}]),
        ("rule_set", [rules]),
    ]


def _note(shift: int) -> Row:
    return {"id": numbered(1, shift), "break_id": "b", "actor": "a", "kind": "comment", "text": "t"}


def _signed(shift: int) -> Row:
    hashes = {"data_hash": "d", "rules_hash": "r", "totals": "{}", "program": "0.1.0"}
    return {"id": uuid("sign-off", shift), "period": "2026-10", "prepared_by": "p", **hashes}


def _whole(shift: int) -> Row:
    row = {"id": uuid("record_delivery", shift), "seq": shift + 1_000, "kind": "create"}
    return row | {"stream_id": numbered(1, shift), "fields": "{}", "state": "planned"}


def _erasure(shift: int) -> Row:
    row = {"party_id": uuid("party-2", shift), "state": "cleaning", "counts": "{}"}
    return {**row, "actor": "a", "reason": "r"}


def _now(shift: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=shift)
