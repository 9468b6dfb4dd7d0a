"""Review cases: the list, and one case in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from hub.store.database import reading
from hub.store.listing import case_page
from hub.store.review import CaseFilter
from hub.web.api.case_view import Case, CaseInFull, case_of, look_at
from hub.web.api.desks import StewardDesk
from hub.web.api.words import Listed, Paging, Text

router = APIRouter(tags=["review"])


class Wanted(Paging):
    """Which cases to list."""

    state: Literal["open", "accepted", "rejected", "obsolete"] = "open"
    grade: Literal["probable", "possible"] | None = None
    assignee: Text | None = Field(default=None, description="Whose; empty for nobody's.")
    older_than_days: Annotated[float, Field(ge=0, le=36_500)] | None = None


class Cases(Listed):
    """Cases, the most certain first."""

    cases: Sequence[Case]


@router.get("/cases", response_model=Cases)
def list_cases(desk: StewardDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """The cases wanted, the most certain first."""
    span = desk.span("cases", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = case_page(db, _filter(wanted), span)
    cases = [case_of(row) for row in page.rows]
    return desk.answer(Cases(cases=cases, next=desk.next("cases", page)))


@router.get("/cases/{case_id:uuid}", response_model=CaseInFull)
def show(desk: StewardDesk, case_id: UUID) -> Response:
    """One case, with both records field by field and the evidence."""
    return desk.answer(look_at(desk, case_id))


def _filter(wanted: Wanted) -> CaseFilter:
    days = wanted.older_than_days
    before = None if days is None else datetime.now(UTC) - timedelta(days=days)
    return CaseFilter(wanted.state, wanted.grade, wanted.assignee, before)
