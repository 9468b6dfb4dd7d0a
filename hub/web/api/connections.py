"""How the connections fare: what is broken first, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import BaseModel, Field

from hub.pipeline.health import ConnectionHealth, StreamLine, read_health
from hub.pipeline.writeback import pause, resume
from hub.web.api.desks import Desk, StewardDesk, ViewerDesk
from hub.web.api.words import Why

router = APIRouter(tags=["connections"])
Name = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,100}$")]


class StreamState(BaseModel):
    """One stream of a connection; ``failures`` are those in a row up to now."""

    stream: str
    last_good: datetime | None
    waiting: int = Field(description="Records that wait to be translated.")
    quarantined: int
    failures: int
    error: str | None


class Remedy(BaseModel):
    """What a person can do, and a command where one does it."""

    text: str
    command: str


class ConnectionState(BaseModel):
    """A connection; ``read`` and ``changed`` are the records of the latest run of each stream."""

    connection: str
    connector: str
    office: str
    state: str = Field(description="broken, troubled, late, unread, paused, working or good.")
    last_good: datetime | None
    read: int
    changed: int
    waiting: int
    quarantined: int
    failures: int
    error: str | None
    remedy: Remedy | None
    streams: Sequence[StreamState]


class Connections(BaseModel):
    """Every connection, the worst first, and what waits for people or the next run."""

    connections: Sequence[ConnectionState]
    cases: int
    parties: int
    golden: int
    deliveries: Mapping[str, int]


@router.get("/connections", response_model=Connections)
def list_connections(desk: ViewerDesk) -> Response:
    """The state of every connection and stream, the worst first."""
    return desk.answer(_all(desk))


@router.post("/connections/{connection}/pause", response_model=Connections)
def pause_writing(desk: StewardDesk, connection: Name, why: Why) -> Response:
    """Stop writing to a system; reading goes on."""
    _require(desk, connection)
    pause(desk.work, connection, actor=desk.person.actor, reason=why.reason)
    return desk.answer(_all(desk))


@router.post("/connections/{connection}/resume", response_model=Connections)
def resume_writing(desk: StewardDesk, connection: Name, why: Why) -> Response:
    """Let writes to a paused system go on."""
    _require(desk, connection)
    resume(desk.work, connection, actor=desk.person.actor, reason=why.reason)
    return desk.answer(_all(desk))


def _require(desk: Desk, name: str) -> None:
    if name not in desk.work.config.connections:
        raise HTTPException(404, "there is no such connection; list them")


def _all(desk: Desk) -> Connections:
    health = read_health(desk.work)
    return Connections(
        connections=[_connection(item) for item in health.connections],
        cases=health.waiting.cases,
        parties=health.waiting.parties,
        golden=health.waiting.golden,
        deliveries=health.waiting.deliveries,
    )


def _connection(health: ConnectionHealth) -> ConnectionState:
    same = ("connector", "office", "last_good", "read", "changed", "waiting", "quarantined")
    remedy = health.remedy
    return ConnectionState(
        connection=health.name,
        state=health.state.name.lower(),
        failures=health.failures,
        error=health.error,
        remedy=Remedy(**remedy._asdict()) if remedy else None,
        streams=[_stream(line) for line in health.streams],
        **{name: getattr(health, name) for name in same},
    )


def _stream(line: StreamLine) -> StreamState:
    same = ("stream", "last_good", "waiting", "quarantined")
    fields = {name: getattr(line.health, name) for name in same}
    return StreamState(failures=line.failures, error=line.error, **fields)
