"""How streams fare: their latest runs and what waits, read through indexes alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.store.database import Connection
from hub.store.quarantine import OPEN
from hub.store.tables import (
    ASKS_DELIVERY,
    OPEN_DELIVERY,
    connection,
    delivery,
    master_party,
    quarantine,
    record_delivery,
    review_case,
    run,
    source_record,
    stream,
)
from hub.store.whole import OPEN_WHOLE

_READING = ("extract", "keyscan")


class Run(NamedTuple):
    """One reading of a stream; ``read`` and ``changed`` are records."""

    state: str
    started_at: datetime
    ended_at: datetime | None
    read: int
    changed: int
    error: str | None


class StreamHealth(NamedTuple):
    """A stream with its latest runs, the newest first; ``last_good`` may be older than they are."""

    connection: str
    connector: str
    office: str
    stream: str
    paused: bool
    working: bool
    last_good: datetime | None
    waiting: int
    quarantined: int
    runs: Sequence[Run]


def stream_health(db: Connection, *, runs: int = 24) -> list[StreamHealth]:
    """Every stream that was ever read, by connection and name."""
    query = (
        sa.select(
            connection.c.name,
            connection.c.connector,
            connection.c.office,
            connection.c.paused_at,
            stream.c.id,
            stream.c.name.label("stream"),
            stream.c.lease_until,
        )
        .join(connection, connection.c.id == stream.c.connection_id)
        .order_by(connection.c.name, stream.c.name)
    )
    waiting, rejected, now = _waiting(db), _rejected(db), datetime.now(UTC)
    return [
        StreamHealth(
            connection=row.name,
            connector=row.connector,
            office=row.office,
            stream=row.stream,
            paused=row.paused_at is not None,
            working=row.lease_until is not None and row.lease_until > now,
            last_good=_last_good(db, row.id),
            waiting=waiting[row.id],
            quarantined=rejected[row.id],
            runs=_latest(db, row.id, runs),
        )
        for row in db.execute(query).all()
    ]


def _latest(db: Connection, stream_id: int, limit: int) -> list[Run]:
    query = (
        sa.select(run.c.state, run.c.started_at, run.c.ended_at, run.c.counts, run.c.error)
        .where(run.c.stream_id == stream_id, run.c.step.in_(_READING))
        .order_by(run.c.started_at.desc())
        .limit(limit)
    )
    return [
        Run(state, started, ended, *_figures(orjson.loads(counts)), error)
        for state, started, ended, counts, error in db.execute(query)
    ]


def _figures(counts: dict[str, Any]) -> tuple[int, int]:
    changed = sum(int(counts.get(name) or 0) for name in ("new", "changed", "tombstones"))
    return int(counts.get("read") or 0), changed


def _last_good(db: Connection, stream_id: int) -> datetime | None:
    query = (
        sa.select(run.c.ended_at)
        .where(run.c.stream_id == stream_id, run.c.step.in_(_READING), run.c.state == "ok")
        .order_by(run.c.started_at.desc())
        .limit(1)
    )
    return db.scalar(query)


def _waiting(db: Connection) -> defaultdict[int, int]:
    """Records that wait to be translated; read through the partial index of those alone."""
    query = (
        sa.select(source_record.c.stream_id, sa.func.count())
        .where(sa.text("pending"))
        .group_by(source_record.c.stream_id)
    )
    return _by_stream(db, query)


def _rejected(db: Connection) -> defaultdict[int, int]:
    query = (
        sa.select(quarantine.c.stream_id, sa.func.count())
        .where(sa.text(f"state = '{OPEN}'"))
        .group_by(quarantine.c.stream_id)
    )
    return _by_stream(db, query)


def _by_stream(db: Connection, query: sa.Select[Any]) -> defaultdict[int, int]:
    found: defaultdict[int, int] = defaultdict(int)
    found.update({row[0]: row[1] for row in db.execute(query)})
    return found


class Waiting(NamedTuple):
    """What waits for people or for the next run, beside the streams."""

    cases: int
    parties: int
    golden: int
    deliveries: dict[str, int]


def what_waits(db: Connection) -> Waiting:
    """Counts that are read through indexes of what waits; none grows with what is stored.

    SQLite is told which index: by itself it reads every party record for the few that wait.
    """
    index = " INDEXED BY ix_canonical_record_pending" if db.dialect.name == "sqlite" else ""
    parties = sa.text(
        f"SELECT COUNT(*) FROM canonical_record{index} WHERE pending AND entity = 'party'"
    )
    golden = sa.select(sa.func.count()).select_from(master_party).where(sa.text("golden_pending"))
    cases = sa.select(sa.func.count()).select_from(review_case).where(sa.text("state = 'open'"))
    states: defaultdict[str, int] = defaultdict(int)
    for table, standing in (
        (delivery, ASKS_DELIVERY),
        (delivery, f"{OPEN_DELIVERY} AND state = 'planned'"),
        (record_delivery, f"{OPEN_WHOLE} OR state = 'rejected'"),
    ):
        query = sa.select(table.c.state, sa.func.count()).where(sa.text(standing))
        for state, count in db.execute(query.group_by(table.c.state)):
            states[state] += count
    return Waiting(
        db.scalar(cases) or 0, db.scalar(parties) or 0, db.scalar(golden) or 0, dict(states)
    )
