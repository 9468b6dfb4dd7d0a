"""Control totals: what the store holds of a stream beside what its system counted when asked.

An ask is a run of the step ``count``; what came of it stands in its counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.store.columns import from_scaled
from hub.store.database import Connection
from hub.store.quarantine import OPEN, READING
from hub.store.suppression import PSEUDONYM
from hub.store.tables import quarantine, raw_version, run, source_record

STEP: Final = "count"
_NUMBER: Final = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
"""A number as systems write it, Oracle's ``.5`` among them."""


class Held(NamedTuple):
    """What the store holds of a stream: records that live or wait unread, and those erased."""

    records: int
    erased: int
    sums: Mapping[str, Decimal]


def held_total(db: Connection, stream_id: int, fields: Sequence[str]) -> Held:
    """Count what is held, and sum fields of the payloads, to four decimals."""
    own = source_record.c.stream_id == stream_id
    live = ~source_record.c.deleted
    unread = (
        sa.select(sa.func.count())
        .select_from(quarantine)
        .where(
            quarantine.c.stream_id == stream_id,
            quarantine.c.state == OPEN,
            quarantine.c.stage == READING,
            quarantine.c.record_id.is_(None),
            quarantine.c.fingerprint.startswith("key:"),
        )
    )
    erased = own & source_record.c.source_key.startswith(PSEUDONYM)
    return Held(
        _count(db, own & live) + (db.scalar(unread) or 0),
        _count(db, erased),
        {name: _sum(db, own & live, name) for name in fields},
    )


def _count(db: Connection, condition: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(source_record).where(condition)
    return db.scalar(query) or 0


def _sum(db: Connection, condition: sa.ColumnElement[bool], name: str) -> Decimal:
    """In ten-thousandths, so that no sum depends on an order; what is no number adds nothing."""
    payload = raw_version.c.payload
    scaled: sa.ColumnElement[Any]
    if db.dialect.name == "sqlite":
        value = sa.func.json_extract(payload, f'$."{name}"')
        scaled = sa.cast(sa.func.round(value * 10_000), sa.BigInteger())
    else:
        text = sa.cast(payload, sa.dialects.postgresql.JSONB)[name].astext
        number = sa.case((text.regexp_match(_NUMBER), text))
        scaled = sa.func.round(sa.cast(number, sa.Numeric()) * 10_000)
    same = (raw_version.c.record_id == source_record.c.id) & (
        raw_version.c.version == source_record.c.version
    )
    query = sa.select(sa.func.sum(scaled)).select_from(source_record).join(raw_version, same)
    return from_scaled(int(db.scalar(query.where(condition)) or 0))


def last_ask(db: Connection, stream_id: int) -> Mapping[str, Any]:
    """The counts of the last ask that was answered; empty where none was."""
    query = (
        sa.select(run.c.counts)
        .where(run.c.stream_id == stream_id, run.c.step == STEP, run.c.state == "ok")
        .order_by(run.c.started_at.desc(), run.c.id.desc())
        .limit(1)
    )
    found = db.scalar(query)
    counts: Mapping[str, Any] = orjson.loads(found) if found else {}
    return counts


def last_read(db: Connection, stream_id: int) -> datetime | None:
    """When the last reading that ended well began."""
    query = sa.select(sa.func.max(run.c.started_at)).where(
        run.c.stream_id == stream_id, run.c.step == "extract", run.c.state == "ok"
    )
    found: datetime | None = db.scalar(query)
    return found
