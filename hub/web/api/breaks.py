"""Breaks that the reports found: list them, look at them, say something of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, JsonValue

from hub.errors import StoreError
from hub.pipeline.break_desk import OPEN, Word, break_view, speak
from hub.pipeline.figure_desk import reports_of
from hub.reports.definition import Cause
from hub.store.database import reading
from hub.store.listing import break_page
from hub.web.api.desks import ControllerDesk, Desk
from hub.web.api.words import Listed, Paging, Text, not_found

router = APIRouter(tags=["reports"])
BreakId = Annotated[str, Path(pattern="^[0-9A-Za-z_.-]{1,100}$")]


class Wanted(Paging):
    """Which breaks to list."""

    report: Text | None = None
    state: Literal["open", "reopened", "assigned", "explained", "force_closed", "closed"] = "open"


class Break(BaseModel):
    """A break; ``amount`` is what it is about, where it is about money."""

    id: str
    report: str
    check_id: str
    row_class: str
    state: str
    owner: str | None
    cause: str
    amount: Decimal | None
    currency: str | None
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None


class Breaks(Listed):
    """Breaks, the oldest first."""

    breaks: Sequence[Break]


class Note(BaseModel):
    """What a person did to a break."""

    at: datetime
    actor: str
    kind: str
    text: str


class SourceBehind(BaseModel):
    """A source record behind a break, as it was last read."""

    connection: str
    type: str
    key: str
    version: int
    observed_at: datetime
    payload: JsonValue


class BreakInFull(Break):
    """A break down to the records behind it."""

    figures: Mapping[str, JsonValue]
    notes: Sequence[Note]
    sources: Sequence[SourceBehind]
    made_of: Sequence[Mapping[str, JsonValue]] = Field(
        description="What a sum was made of, where the break stands for more than one record."
    )


class Said(BaseModel):
    """What a person says of a break."""

    kind: Literal["assign", "explain", "comment", "close"]
    reason: Annotated[Text, Field(min_length=1, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
    owner: Annotated[Text, Field(min_length=1)] | None = Field(
        default=None, description="Who takes it, with assign."
    )
    cause: Cause | None = None


@router.get("/breaks", response_model=Breaks)
def list_breaks(desk: ControllerDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """Breaks, the oldest first; ``open`` stands for all that are not settled."""
    states = OPEN if wanted.state == "open" else (wanted.state,)
    span = desk.span("breaks", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = break_page(db, span, report=wanted.report, states=states)
    found = [Break.model_validate(row) for row in page.rows]
    return desk.answer(Breaks(breaks=found, next=desk.next("breaks", page)))


@router.get("/breaks/{break_id}", response_model=BreakInFull)
def show(desk: ControllerDesk, break_id: BreakId) -> Response:
    """A break down to the source records and their raw payloads."""
    return desk.answer(_look_at(desk, break_id))


@router.post("/breaks/{break_id}/notes", response_model=BreakInFull)
def say(desk: ControllerDesk, break_id: BreakId, said: Said) -> Response:
    """Assign, explain, comment or close; a word holds as long as the figures stay."""
    desk.require_match(lambda: _look_at(desk, break_id))
    _look_at(desk, break_id)
    owner = said.owner if said.kind == "assign" else None
    cause = said.cause if said.kind == "explain" else None
    word = Word(kind=said.kind, act=desk.act(said.reason), owner=owner, cause=cause)
    speak(desk.work.engine, break_id, word)
    return desk.answer(_look_at(desk, break_id))


def _look_at(desk: Desk, break_id: str) -> BreakInFull:
    try:
        view = break_view(desk.work.engine, break_id, reports_of(desk.work))
    except StoreError as error:
        raise not_found("break") from error
    return BreakInFull(
        **Break.model_validate(view.stored).model_dump(),
        figures=view.figures,
        notes=[Note(**note._asdict()) for note in view.notes],
        sources=[SourceBehind(**source._asdict()) for source in view.sources],
        made_of=[_plain(row) for row in view.rows],
    )


def _plain(row: Mapping[str, Any]) -> dict[str, JsonValue]:
    """A row without our row ids; amounts as exact texts."""
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
        if name != "record_id"
    }
