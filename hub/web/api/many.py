"""Many cases at once: looked at first, then decided one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from hub.pipeline.desk import MOST, decide_all, preview
from hub.web.api.desks import StewardDesk
from hub.web.api.queue import Urgent, urgent
from hub.web.api.words import Done, Text

router = APIRouter(tags=["review"])


class Many(BaseModel):
    """Cases to be decided alike."""

    verb: Literal["accept", "reject"]
    cases: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class ManyReasoned(Many):
    """Many decisions need a reason."""

    reason: Annotated[Text, Field(min_length=1)]


class Preview(BaseModel):
    """What a decision on many cases comes to; ``gone`` are no longer open."""

    cases: Sequence[Urgent]
    gone: int
    customers: int
    merged: int


@router.post("/queue/preview", response_model=Preview)
def look_at_many(desk: StewardDesk, wanted: Many) -> Response:
    """What deciding these cases would come to; nothing is changed."""
    found = preview(desk.work, wanted.verb, [str(case) for case in wanted.cases])
    content = Preview(
        cases=[urgent(item) for item in found.cases],
        gone=found.gone,
        customers=found.customers,
        merged=found.merged,
    )
    return desk.answer(content)


@router.post("/queue/decide", response_model=Done)
def decide_many(desk: StewardDesk, wanted: ManyReasoned) -> Response:
    """Decide them all, each for itself, to be taken back alone."""
    cases = [str(case) for case in wanted.cases]
    done = decide_all(desk.work, desk.person.actor, wanted.verb, cases, reason=wanted.reason)
    return desk.answer(Done(counts={"decided": done.decided, "gone": done.gone}))
