"""The audit trail: who changed what, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, JsonValue

from hub.store.database import reading
from hub.store.listing import audit_page
from hub.web.api.desks import OverseerDesk
from hub.web.api.words import Listed, Paging, Text

router = APIRouter(tags=["audit"])


class Wanted(Paging):
    """Which entries to list."""

    action: Text | None = None


class Recorded(BaseModel):
    """An entry; ``detail`` names rows and customers by their ids."""

    id: int
    at: datetime
    actor: str
    action: str
    reason: str | None
    detail: Mapping[str, JsonValue]


class Trail(Listed):
    """Entries, the newest first."""

    entries: Sequence[Recorded]


@router.get("/audit", response_model=Trail)
def list_entries(desk: OverseerDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """What was decided and done, the newest first."""
    span = desk.span("audit", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = audit_page(db, span, action=wanted.action)
    found = [
        Recorded.model_validate({**row, "detail": orjson.loads(row["detail"])}) for row in page.rows
    ]
    return desk.answer(Trail(entries=found, next=desk.next("audit", page)))
