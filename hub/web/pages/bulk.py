"""Many cases at once: looked at first, then decided one by one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse

from hub.pipeline.desk import decide_all, preview
from hub.web.access import web_of
from hub.web.pages.view import Steward, page

router = APIRouter()
Verb = Annotated[str, Form(pattern="^(accept|reject)$")]
Cases = Annotated[list[str], Form(max_length=200)]


@router.post("/review-bulk/preview", name="page_bulk_preview")
def look(request: Request, _person: Steward, verb: Verb, case: Cases = []) -> HTMLResponse:  # noqa: B006  # FastAPI copies it
    """What deciding these cases would come to."""
    if not case:
        raise HTTPException(422, "choose cases first: x, or the box before each")
    return page(
        request, "review/bulk.html", told=preview(web_of(request).work, verb, case), done=None
    )


@router.post("/review-bulk", name="page_bulk")
def decide_many(
    request: Request,
    person: Steward,
    verb: Verb,
    case: Cases,
    reason: Annotated[str, Form(min_length=1, max_length=500)],
) -> HTMLResponse:
    """Decide them all, each for itself."""
    work = web_of(request).work
    done = decide_all(work, person.actor, verb, case, reason=reason)
    return page(request, "review/bulk.html", told=preview(work, verb, case), done=done)
