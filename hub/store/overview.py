"""Figures about the whole store, for status pages and for measuring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.model.envelope import SourceKey
from hub.store.database import Connection
from hub.store.quarantine import OPEN
from hub.store.tables import (
    canonical_record,
    connection,
    delivery,
    golden_record,
    link,
    master_party,
    quarantine,
    record_delivery,
    review_case,
    run,
    source_record,
    stream,
)


class LinkedSource(NamedTuple):
    """A canonical party record and the party it is linked to."""

    source: SourceKey
    party_id: str


def linked_sources(db: Connection) -> Iterator[LinkedSource]:
    """Every active link, in the order of the records' landing."""
    query = (
        sa.select(
            connection.c.name,
            stream.c.name,
            source_record.c.source_key,
            canonical_record.c.part,
            link.c.party_id,
        )
        .select_from(link)
        .join(canonical_record, canonical_record.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == canonical_record.c.record_id)
        .join(stream, stream.c.id == source_record.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(link.c.recorded_to.is_(None))
        .order_by(link.c.canonical_id)
    )
    for *source, party_id in db.execute(query):
        yield LinkedSource(SourceKey(*source), party_id)


def known_streams(db: Connection) -> dict[int, tuple[str, str]]:
    """Connection and name of every stream that was ever read, by row id."""
    query = (
        sa.select(stream.c.id, connection.c.name, stream.c.name)
        .join(connection, connection.c.id == stream.c.connection_id)
        .order_by(connection.c.name, stream.c.name)
    )
    return {row[0]: (row[1], row[2]) for row in db.execute(query)}


def stream_status(db: Connection) -> list[dict[str, Any]]:
    """Per stream: records held, waiting, in quarantine, and how its last read ended."""
    query = (
        sa.select(
            stream.c.id,
            connection.c.name.label("connection"),
            stream.c.name.label("stream"),
            sa.func.count(source_record.c.id).label("records"),
            _count_if(source_record.c.deleted).label("deleted"),
            _count_if(source_record.c.pending).label("waiting"),
        )
        .select_from(stream)
        .join(connection, connection.c.id == stream.c.connection_id)
        .outerjoin(source_record, source_record.c.stream_id == stream.c.id)
        .group_by(stream.c.id, connection.c.name, stream.c.name)
        .order_by(connection.c.name, stream.c.name)
    )
    waiting = _open_quarantine(db)
    return [
        {
            "connection": row["connection"],
            "stream": row["stream"],
            "records": row["records"],
            "deleted": row["deleted"],
            "waiting": row["waiting"],
            "quarantine": waiting.get(row["id"], 0),
            **_last_read(db, row["id"]),
        }
        for row in db.execute(query).mappings()
    ]


def _count_if(flag: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((flag, 1), else_=0)), 0)


def _open_quarantine(db: Connection) -> dict[int, int]:
    query = (
        sa.select(quarantine.c.stream_id, sa.func.count())
        .where(quarantine.c.state == OPEN)
        .group_by(quarantine.c.stream_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def _last_read(db: Connection, stream_id: int) -> dict[str, Any]:
    query = (
        sa.select(run.c.state, run.c.ended_at, run.c.error, run.c.counts)
        .where(run.c.stream_id == stream_id, run.c.step == "extract")
        .order_by(run.c.started_at.desc())
        .limit(1)
    )
    row = db.execute(query).one_or_none()
    if row is None:
        return {"last read": "never", "rows": None, "ended": None, "error": None}
    read = orjson.loads(row.counts).get("read")
    return {"last read": row.state, "rows": read, "ended": row.ended_at, "error": row.error}


def store_totals(db: Connection) -> dict[str, int]:
    """How much there is of what people ask about."""
    counted = {
        "customers": sa.select(sa.func.count())
        .select_from(master_party)
        .where(master_party.c.status == "active"),
        "golden records": sa.select(sa.func.count())
        .select_from(golden_record)
        .where(golden_record.c.recorded_to.is_(None)),
        "linked records": sa.select(sa.func.count())
        .select_from(link)
        .where(link.c.recorded_to.is_(None)),
        "records to resolve": sa.select(sa.func.count())
        .select_from(canonical_record)
        .where(sa.text("pending AND entity = 'party'")),
        "open review cases": sa.select(sa.func.count())
        .select_from(review_case)
        .where(review_case.c.state == "open"),
        "quarantined": sa.select(sa.func.count())
        .select_from(quarantine)
        .where(quarantine.c.state == OPEN),
    }
    totals = {name: db.scalar(query) or 0 for name, query in counted.items()}
    states = Counter[str]()
    for table in (delivery, record_delivery):
        by_state = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        states.update({row[0]: row[1] for row in db.execute(by_state)})
    return totals | {f"deliveries {state}": n for state, n in sorted(states.items())}
