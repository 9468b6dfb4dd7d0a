"""The steward's queue: which cases matter most, and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from hub.pipeline.desk import read_figures
from hub.pipeline.queue import Side, Waiting, read_queue
from hub.store.review import CaseFilter
from hub.web.api.desks import StewardDesk
from hub.web.api.words import Text

router = APIRouter(tags=["review"])


class CaseSide(BaseModel):
    """One of the two customers of a case, with the largest of its sums."""

    record: int
    party_id: UUID | None
    name: str
    amount: Decimal
    currency: str
    what: str


class Urgent(BaseModel):
    """A case in the queue; ``priority`` is its weight and its money, in bits."""

    case_id: UUID
    grade: str
    bits: float
    priority: float
    reason: str
    assignee: str | None
    left: CaseSide
    right: CaseSide


class Queue(BaseModel):
    """The most urgent cases; the 200 most certain are looked through."""

    cases: Sequence[Urgent]


class Wanted(BaseModel):
    """Which cases stand in the queue."""

    grade: Literal["probable", "possible"] | None = None
    assignee: Text | None = Field(default=None, description="Whose; empty for nobody's.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Figures(BaseModel):
    """What is open by grade, and what was decided in the last 30 days by whom."""

    open: Mapping[str, int]
    oldest: datetime | None
    decided: Mapping[str, Mapping[str, int]]


@router.get("/queue", response_model=Queue)
def show_queue(desk: StewardDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """Open cases, those first that matter most and are nearest to certain."""
    chosen = CaseFilter(grade=wanted.grade, assignee=wanted.assignee)
    found = read_queue(desk.work.engine, chosen, limit=wanted.limit)
    return desk.answer(Queue(cases=[urgent(item) for item in found]))


@router.get("/queue/figures", response_model=Figures)
def show_figures(desk: StewardDesk) -> Response:
    """How many cases wait, and who has decided how many."""
    tally = read_figures(desk.work).tally
    return desk.answer(Figures(open=tally.open, oldest=tally.oldest, decided=tally.decided))


def urgent(item: Waiting) -> Urgent:
    """A case of the queue, as the API writes it."""
    same = ("grade", "bits", "priority", "reason", "assignee")
    return Urgent(
        case_id=UUID(item.case),
        left=_customer(item.left),
        right=_customer(item.right),
        **{name: getattr(item, name) for name in same},
    )


def _customer(side: Side) -> CaseSide:
    party = UUID(side.party_id) if side.party_id else None
    money = side.money._asdict()
    return CaseSide(record=side.record, party_id=party, name=side.name, **money)
