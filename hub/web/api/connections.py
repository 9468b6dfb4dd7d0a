"""How the connections fare: what was read last, what waits, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from hub.store import overview
from hub.store.database import reading
from hub.web.api.desks import ViewerDesk

router = APIRouter(tags=["connections"])


class StreamState(BaseModel):
    """One stream of a connection."""

    stream: str
    records: int
    deleted: int
    waiting: int = Field(description="Records that wait to be translated.")
    quarantined: int
    last_read: str = Field(description="How the last read ended: ok, failed …; never without one.")
    rows: int | None = Field(description="What the last read brought.")
    ended: datetime | None
    error: str | None


class ConnectionState(BaseModel):
    """A configured connection; without streams where it was never read."""

    connection: str
    connector: str
    office: str
    schedule: str | None
    streams: Sequence[StreamState]


class Connections(BaseModel):
    """Every connection, and how much there is in the store."""

    connections: Sequence[ConnectionState]
    totals: dict[str, int]


@router.get("/connections", response_model=Connections)
def list_connections(desk: ViewerDesk) -> Response:
    """The state of every connection and stream."""
    work = desk.work
    with reading(work.engine) as db:
        streams = overview.stream_status(db)
        totals = overview.store_totals(db)
    found = [
        ConnectionState(
            connection=name,
            connector=section.connector,
            office=section.office,
            schedule=section.schedule,
            streams=[_state(row) for row in streams if row["connection"] == name],
        )
        for name, section in work.config.connections.items()
    ]
    return desk.answer(Connections(connections=found, totals=totals))


def _state(row: dict[str, object]) -> StreamState:
    same = ("stream", "records", "deleted", "waiting", "rows", "ended", "error")
    other = {"quarantined": row["quarantine"], "last_read": row["last read"]}
    return StreamState.model_validate({name: row[name] for name in same} | other)
