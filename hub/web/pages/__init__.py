"""The pages that people work in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from hub.roles import Role
from hub.web.access import Person, allow
from hub.web.rendering import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/", name="start")
def start(
    request: Request, _person: Annotated[Person, Depends(allow(Role.VIEWER))]
) -> HTMLResponse:
    """The first page."""
    return render(request, "start.html")
