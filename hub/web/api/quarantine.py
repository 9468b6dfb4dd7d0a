"""Quarantine: what can't be read or mapped, with its reason, and its replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from hub.pipeline.quarantine_desk import replay_entries
from hub.store.database import reading
from hub.store.listing import quarantine_page
from hub.web.api.desks import StewardDesk
from hub.web.api.words import Done, Listed, Paged, RowNumber, Why

router = APIRouter(tags=["quarantine"])


class Waiting(BaseModel):
    """An entry; its payload is not shown."""

    id: int
    connection: str
    stream: str
    stage: str
    error: str
    message: str
    created_at: datetime


class Quarantine(Listed):
    """What waits, the oldest first."""

    entries: Sequence[Waiting]


class Replay(Why):
    """Which entries to map again; all without any."""

    ids: Annotated[list[RowNumber], Field(max_length=500)] | None = None


@router.get("/quarantine", response_model=Quarantine)
def list_entries(desk: StewardDesk, paging: Paged) -> Response:
    """What waits in quarantine, the oldest first."""
    span = desk.span("quarantine", limit=paging.limit, after=paging.after)
    with reading(desk.work.engine) as db:
        page = quarantine_page(db, span)
    found = [Waiting.model_validate(row) for row in page.rows]
    return desk.answer(Quarantine(entries=found, next=desk.next("quarantine", page)))


@router.post("/quarantine/replay", response_model=Done)
def replay(desk: StewardDesk, wanted: Replay) -> Response:
    """Map records again, after the mapping or the source was mended."""
    counts = replay_entries(desk.work, wanted.ids, desk.act(wanted.reason))
    if wanted.ids and not counts["queued"]:
        raise HTTPException(404, "no entry with such an id waits in quarantine")
    return desk.answer(Done(counts=counts))
