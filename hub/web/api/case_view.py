"""A review case as the API writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from hub.pipeline.cases import CaseView, case_view
from hub.store.database import reading
from hub.store.review import get_case
from hub.web.api.desks import Desk
from hub.web.api.words import not_found


class Case(BaseModel):
    """A doubtful match; ``bits`` is the match weight."""

    case_id: UUID
    grade: str
    bits: float
    reason: str
    state: str
    assignee: str | None
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class Compared(BaseModel):
    """One field of both records; null where a record says nothing."""

    name: str
    left: str | None
    right: str | None
    same: bool


class Evidence(BaseModel):
    """What one field says, in tenths of a bit."""

    field: str
    outcome: str
    weight: int


class CaseInFull(Case):
    """A case with its two records side by side."""

    left: str
    right: str
    left_party: UUID | None
    right_party: UUID | None
    fields: Sequence[Compared]
    evidence: Sequence[Evidence]


def look_at(desk: Desk, case_id: UUID) -> CaseInFull:
    """A case as it is now; 404 where there is none."""
    row = require_case(desk, case_id)
    return _in_full(row, case_view(desk.work.engine, str(case_id)))


def require_case(desk: Desk, case_id: UUID) -> Mapping[str, Any]:
    """The stored case; 404 where there is none."""
    with reading(desk.work.engine) as db:
        row = get_case(db, str(case_id))
    if row is None:
        raise not_found("review case")
    return dict(row)


def case_of(row: Mapping[str, Any]) -> Case:
    """A case as it stands in lists."""
    same = ("grade", "reason", "state", "assignee", "opened_at", "settled_at", "settled_by")
    fields = {name: row[name] for name in same}
    return Case(case_id=row["id"], bits=row["weight"] / 10, **fields)


def _in_full(row: Mapping[str, Any], view: CaseView) -> CaseInFull:
    return CaseInFull(
        **case_of(row).model_dump(),
        left=view.line.left,
        right=view.line.right,
        left_party=view.left_party and UUID(view.left_party),
        right_party=view.right_party and UUID(view.right_party),
        fields=[Compared(**field._asdict()) for field in view.fields],
        evidence=[Evidence.model_validate(item) for item in view.evidence],
    )
