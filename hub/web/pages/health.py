"""Health: what is broken first, and what mends it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from hub.pipeline.health import State, read_health
from hub.pipeline.writeback import resume
from hub.web.access import web_of
from hub.web.pages.drawing import sparkline
from hub.web.pages.view import Steward, Viewer, go, page

router = APIRouter()


@router.get("/", name="start")
def health(request: Request, _person: Viewer) -> HTMLResponse:
    """How the connections fare, the worst first."""
    return page(
        request,
        "health.html",
        health=read_health(web_of(request).work),
        states=State,
        sparkline=sparkline,
    )


@router.post("/health/resume", name="page_resume")
def resume_writing(
    request: Request, person: Steward, connection: Annotated[str, Form()]
) -> Response:
    """Let writes to a paused system go on."""
    resume(web_of(request).work, connection, actor=person.actor, reason="resumed on the pages")
    return go(request, "start")
