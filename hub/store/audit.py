"""The audit trail: who changed the ledger and why, in one chain of hashes over all runs.

An entry's hash covers the hash of the entry before, so that nothing in the middle can be changed,
added or taken out unnoticed; the newest hash, noted outside, guards the end. A reason is covered by
a salted hash of its own: erasing the text leaves the chain whole. Entries hold row ids and party
ids, never values (law 10).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import new_id, to_micros
from hub.store.ids import take_block
from hub.store.tables import audit_entry, audit_subject

_NAME = "audit_entry"
_COLUMNS = (
    *("id", "run_id", "at", "actor", "action", "reason", "reason_salt", "reason_hash", "detail"),
    *("previous", "hash"),
)


class Act(NamedTuple):
    """On whose word something is done, and why; ``run_id`` holds its entries together."""

    actor: str
    reason: str
    run_id: str


class Entry(NamedTuple):
    """One thing that was done; ``detail`` names rows and parties, ``parties`` are its subjects."""

    action: str
    detail: Mapping[str, Any]
    parties: Collection[str] = ()


class Trail(NamedTuple):
    """The chain as found: how many entries hold, the newest hash, and the first bad entry."""

    entries: int
    head: str
    broken: int | None


class AuditRow(NamedTuple):
    """An entry as stored; ``detail`` is JSON."""

    id: int
    run_id: str
    at: datetime
    actor: str
    action: str
    reason: str | None
    detail: str


def new_act(actor: str, reason: str) -> Act:
    """An act of its own run."""
    return Act(actor, reason, new_id())


def add_entries(db: Connection, act: Act, entries: Sequence[Entry], now: datetime) -> None:
    """Record what the act did, in the transaction that does it; call it last: it takes a lock."""
    if not entries:
        return
    first = take_block(db, _NAME, len(entries))
    previous = _hash_before(db, first)
    rows: list[dict[str, Any]] = []
    subjects: list[bulk.Row] = []
    for number, entry in enumerate(entries, first):
        row = _row(act, entry, now)
        row |= {"id": number, "previous": previous}
        previous = row["hash"] = _hash(row)
        rows.append(row)
        subjects += [(driver_uuid(db, party), number) for party in sorted(entry.parties)]
    stored = {"run_id": driver_uuid(db, act.run_id), "at": to_micros(now)}
    flat: list[bulk.Row] = [tuple((row | stored)[name] for name in _COLUMNS) for row in rows]
    bulk.insert(db, audit_entry, _COLUMNS, flat)
    bulk.insert(db, audit_subject, ("party_id", "entry_id"), subjects)


def _row(act: Act, entry: Entry, now: datetime) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    return {
        "run_id": act.run_id,
        "at": now,
        "actor": act.actor,
        "action": entry.action,
        "reason": act.reason,
        "reason_salt": salt,
        "reason_hash": _reason_hash(act.reason, salt),
        "detail": orjson.dumps(
            entry.detail, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
        ).decode(),
    }


def _hash_before(db: Connection, number: int) -> bytes:
    found = bulk.look_up(db, audit_entry, ("hash",), LookUp("id", [number - 1]))
    return bytes(found[0].hash) if found else b""


def _reason_hash(reason: str, salt: bytes) -> bytes:
    return blake2b(reason.encode(), key=salt, digest_size=32).digest()


def _hash(row: Mapping[str, Any] | sa.RowMapping) -> bytes:
    covered = [
        row["id"],
        row["run_id"],
        to_micros(row["at"]),
        row["actor"],
        row["action"],
        bytes(row["reason_hash"]).hex(),
        row["detail"],
        bytes(row["previous"]).hex(),
    ]
    return blake2b(orjson.dumps(covered), digest_size=32).digest()


def verify_trail(db: Connection, *, head: str = "") -> Trail:
    """Walk the chain from its start; ``head`` is a hash noted before that must be in it."""
    query = sa.select(audit_entry).order_by(audit_entry.c.id)
    count, previous, seen = 0, b"", not head
    for row in db.execute(query.execution_options(yield_per=1_000)).mappings():
        if row["id"] != count + 1 or not _holds(row, previous):
            return Trail(count, previous.hex(), count + 1)
        count, previous = count + 1, bytes(row["hash"])
        seen = seen or previous.hex() == head
    return Trail(count, previous.hex(), None if seen else count + 1)


def _holds(row: sa.RowMapping, previous: bytes) -> bool:
    if bytes(row["previous"]) != previous or bytes(row["hash"]) != _hash(row):
        return False
    if row["reason"] is None:
        return True
    salt = row["reason_salt"]
    return salt is not None and _reason_hash(row["reason"], bytes(salt)) == row["reason_hash"]


def list_entries(
    db: Connection, *, party_id: str | None = None, action: str | None = None, limit: int = 50
) -> list[AuditRow]:
    """Entries, the newest first; of one party or one action where asked."""
    query = sa.select(*(audit_entry.c[name] for name in AuditRow._fields))
    if party_id is not None:
        query = query.join(audit_subject, audit_subject.c.entry_id == audit_entry.c.id)
        query = query.where(audit_subject.c.party_id == party_id)
    if action is not None:
        query = query.where(audit_entry.c.action == action)
    rows = db.execute(query.order_by(audit_entry.c.id.desc()).limit(limit))
    return [AuditRow._make(row) for row in rows]


def entries_about(db: Connection, party_ids: Collection[str]) -> list[int]:
    """Entries that have one of the parties among their subjects, in order."""
    query = sa.select(audit_subject.c.entry_id).where(audit_subject.c.party_id.in_(list(party_ids)))
    return sorted(set(db.scalars(query)))


def erase_reasons(db: Connection, entry_ids: Collection[int]) -> int:
    """Remove what people wrote in entries; the chain holds without it."""
    return db.execute(
        sa.update(audit_entry)
        .where(audit_entry.c.id.in_(list(entry_ids)))
        .values(reason=None, reason_salt=None)
    ).rowcount
