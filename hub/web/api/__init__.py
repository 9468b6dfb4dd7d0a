"""The API under ``/api/v1``: all that the pages do, for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.roles import Role
from hub.web.access import Person, allow
from hub.web.problems import API

router = APIRouter(prefix=API)


@router.get("/me")
def who_am_i(person: Annotated[Person, Depends(allow(Role.VIEWER))]) -> dict[str, object]:
    """Who asks, by name and roles."""
    return {"id": person.id, "name": person.name, "roles": sorted(person.roles)}
