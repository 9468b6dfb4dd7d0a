"""The API under ``/api/v1``: all that the pages do, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from hub.roles import Role
from hub.web.api import (
    audit,
    breaks,
    cases,
    connections,
    crosswalk,
    customers,
    dealings,
    deciding,
    deliveries,
    explaining,
    finding,
    many,
    merging,
    past,
    quarantine,
    queue,
    reports,
    sign_offs,
)
from hub.web.api.desks import ViewerDesk
from hub.web.api.document import describe
from hub.web.problems import API

router = APIRouter(prefix=API)


class Me(BaseModel):
    """Who asks."""

    id: str
    name: str
    roles: Sequence[Role]


@router.get("/me", response_model=Me, tags=["access"])
def who_am_i(desk: ViewerDesk) -> Response:
    """Who asks, by name and roles."""
    person = desk.person
    return desk.answer(Me(id=person.id, name=person.name, roles=sorted(person.roles)))


@router.get("/openapi.json", include_in_schema=False)
def document(request: Request, _desk: ViewerDesk) -> JSONResponse:
    """The description of the API by OpenAPI 3.1."""
    described: dict[str, Any] = describe(request.app, request.scope.get("root_path", ""))
    return JSONResponse(described)


for part in (
    connections,
    finding,
    customers,
    past,
    dealings,
    explaining,
    cases,
    queue,
    many,
    deciding,
    merging,
    deliveries,
    quarantine,
    breaks,
    reports,
    sign_offs,
    crosswalk,
    audit,
):
    router.include_router(part.router)
