"""What a steward decides of a case; each decision stands in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Response

from hub.pipeline.desk import settle, steward_for
from hub.pipeline.steward import Steward
from hub.web.api.case_view import CaseInFull, look_at, require_case
from hub.web.api.desks import Desk, StewardDesk
from hub.web.api.words import Done, Text, Why

router = APIRouter(tags=["review"])


class Assignment(Why):
    """Who is to decide; empty for nobody."""

    assignee: Text


@router.post("/cases/{case_id:uuid}/accept", response_model=Done)
def accept(desk: StewardDesk, case_id: UUID, why: Why) -> Response:
    """The two records are one customer: merge them; no later run takes that back."""
    desk.require_match(lambda: look_at(desk, case_id))
    require_case(desk, case_id)
    return decided(desk, steward_of(desk).accept(str(case_id), reason=why.reason))


@router.post("/cases/{case_id:uuid}/reject", response_model=Done)
def reject(desk: StewardDesk, case_id: UUID, why: Why) -> Response:
    """The two records are different customers: no later run links them."""
    desk.require_match(lambda: look_at(desk, case_id))
    require_case(desk, case_id)
    return decided(desk, steward_of(desk).reject(str(case_id), reason=why.reason))


@router.post("/cases/{case_id:uuid}/assign", response_model=CaseInFull)
def assign(desk: StewardDesk, case_id: UUID, wanted: Assignment) -> Response:
    """Give an open case to a person to decide."""
    desk.require_match(lambda: look_at(desk, case_id))
    require_case(desk, case_id)
    steward_of(desk).assign(str(case_id), wanted.assignee, reason=wanted.reason)
    return desk.answer(look_at(desk, case_id))


@router.post("/cases/{case_id:uuid}/undo", response_model=Done)
def undo(desk: StewardDesk, case_id: UUID, why: Why) -> Response:
    """Take back what was decided of a case, and ask again."""
    desk.require_match(lambda: look_at(desk, case_id))
    require_case(desk, case_id)
    return decided(desk, steward_of(desk).undo(str(case_id), reason=why.reason))


def steward_of(desk: Desk) -> Steward:
    """The person at the desk, at work on the ledger."""
    return steward_for(desk.work, desk.person.actor)


def decided(desk: Desk, counts: Mapping[str, int]) -> Response:
    """Have golden records and search follow a decision, and say what it did."""
    return desk.answer(Done(counts={**counts, **settle(desk.work)}))
