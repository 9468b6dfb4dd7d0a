"""Quarantine: what could not be read or mapped, with its reason, until settled or replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hub.store import bulk
from hub.store.columns import to_micros
from hub.store.ids import IdSource
from hub.store.tables import quarantine, source_record

OPEN = "open"
READING = "extract"
MAPPING = "canonicalise"
_COLUMNS = (
    "id",
    "stream_id",
    "record_id",
    "version",
    "epoch",
    "fingerprint",
    "stage",
    "error",
    "message",
    "raw",
    "state",
    "created_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Something that can't be used as it is; ``raw`` may hold payload, the message never."""

    fingerprint: str
    stage: str
    error: str
    message: str
    record_id: int | None = None
    version: int | None = None
    epoch: int | None = None
    raw: str | None = None


def fingerprint(*parts: object) -> str:
    """Names one reason to quarantine by its content, so that meeting it again adds nothing."""
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def quarantine_records(
    connection: Connection, stream_id: int, *, rejected: Sequence[Rejected], ids: IdSource
) -> None:
    """Keep them; what is already there is opened again and takes the newer reason."""
    if not rejected:
        return
    unique = {item.fingerprint: item for item in rejected}
    where = bulk.LookUp("fingerprint", unique, fixed=("stream_id", stream_id))
    held = dict(map(tuple, bulk.look_up(connection, quarantine, ("fingerprint", "id"), where)))
    fresh = [item for mark, item in unique.items() if mark not in held]
    _add(connection, stream_id, fresh, ids.take(len(fresh)))
    _reopen(connection, [(held[mark], unique[mark]) for mark in held])


def open_records(connection: Connection, stream_id: int, stage: str) -> set[int]:
    """Row ids of the source records that wait in quarantine at this stage."""
    rows = connection.scalars(
        sa.select(quarantine.c.record_id).where(
            quarantine.c.stream_id == stream_id,
            quarantine.c.state == OPEN,
            quarantine.c.stage == stage,
            quarantine.c.record_id.is_not(None),
        )
    )
    return {row for row in rows if row is not None}


def settle_records(
    connection: Connection, record_ids: Sequence[int], *, stage: str, state: str
) -> None:
    """Close what is open about these records: they were read or mapped since."""
    if not record_ids:
        return
    connection.execute(
        sa.update(quarantine)
        .where(
            quarantine.c.record_id.in_(record_ids),
            quarantine.c.state == OPEN,
            quarantine.c.stage == stage,
        )
        .values(state=state, settled_at=datetime.now(UTC))
    )


def list_quarantine(
    connection: Connection, *, stream_id: int | None = None, state: str = OPEN, limit: int = 100
) -> list[RowMapping]:
    """Entries, oldest first, without their raw text."""
    shown = [column for column in quarantine.c if column.name != "raw"]
    entries = sa.select(*shown).where(quarantine.c.state == state)
    if stream_id is not None:
        entries = entries.where(quarantine.c.stream_id == stream_id)
    return list(connection.execute(entries.order_by(quarantine.c.id).limit(limit)).mappings())


def replay_quarantine(connection: Connection, ids: Sequence[int] | None = None) -> int:
    """Queue the records of open entries (of these, or of all) to be mapped again; returns how many.

    An entry is closed when its record has been mapped, and stays open where it fails again.
    """
    chosen = sa.select(quarantine.c.record_id).where(
        quarantine.c.state == OPEN, quarantine.c.record_id.is_not(None)
    )
    if ids is not None:
        chosen = chosen.where(quarantine.c.id.in_(ids))
    return connection.execute(
        sa.update(source_record)
        .where(source_record.c.id.in_(chosen), ~source_record.c.deleted)
        .values(pending=True)
    ).rowcount


def _add(
    connection: Connection, stream_id: int, rejected: Sequence[Rejected], ids: Sequence[int]
) -> None:
    now = to_micros(datetime.now(UTC))
    rows: list[tuple[Any, ...]] = [
        (
            id_,
            stream_id,
            item.record_id,
            item.version,
            item.epoch,
            item.fingerprint,
            item.stage,
            item.error,
            item.message,
            item.raw,
            OPEN,
            now,
        )
        for id_, item in zip(ids, rejected, strict=True)
    ]
    bulk.insert(connection, quarantine, _COLUMNS, rows)


def _reopen(connection: Connection, again: Sequence[tuple[int, Rejected]]) -> None:
    for id_, item in again:
        connection.execute(
            sa.update(quarantine)
            .where(quarantine.c.id == id_)
            .values(
                state=OPEN,
                epoch=item.epoch,
                error=item.error,
                message=item.message,
                record_id=item.record_id,
                settled_at=None,
            )
        )
