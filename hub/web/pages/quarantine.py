"""Quarantine: what could not be read or mapped, by its reason, and mapping it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from hub.pipeline.quarantine_desk import replay_entries
from hub.pipeline.rejections import read_reasons
from hub.store.audit import new_act
from hub.web.access import web_of
from hub.web.pages.view import Steward, Worker, page

router = APIRouter()


@router.get("/quarantine", name="page_quarantine")
def quarantine(
    request: Request, _person: Worker, connection: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """What waits, the commonest reason first."""
    reasons = read_reasons(web_of(request).work.engine, connection or None)
    return page(request, "quarantine.html", reasons=reasons, connection=connection, counts=None)


@router.post("/quarantine/replay", name="page_replay")
def map_again(
    request: Request,
    person: Steward,
    entry: Annotated[list[int], Form()] = [],  # noqa: B006  # FastAPI copies it
) -> HTMLResponse:
    """Map these entries again, or all of them."""
    work = web_of(request).work
    counts = replay_entries(work, entry or None, new_act(person.actor, "replayed on the pages"))
    reasons = read_reasons(work.engine)
    return page(request, "quarantine.html", reasons=reasons, connection="", counts=counts)
