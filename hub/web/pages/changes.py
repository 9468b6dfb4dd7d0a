"""What a steward changes on a customer's page: merge with another, take records out."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from hub.errors import StoreError
from hub.pipeline.customer import find_customer
from hub.pipeline.desk import settle, steward_for
from hub.pipeline.profile import read_profile, readable, told_twice
from hub.pipeline.workplace import Workplace
from hub.web.access import web_of
from hub.web.pages.view import Steward, go, page

router = APIRouter()
Reason = Annotated[str, Form(min_length=1, max_length=500)]


@router.post("/customers/{party_id}/merge/preview", name="page_merge_preview")
def look_at_both(
    request: Request,
    _person: Steward,
    party_id: UUID,
    other: Annotated[str, Form(min_length=1, max_length=300)],
) -> HTMLResponse:
    """Both customers side by side, before they are merged."""
    work = web_of(request).work
    sides = [_customer(work, text) for text in (str(party_id), other.strip())]
    if sides[0] == sides[1]:
        raise HTTPException(409, "the two are one customer already")
    both = [read_profile(work.engine, side) for side in sides]
    names = dict.fromkeys(
        name for side in both for name in side.golden if not told_twice(side.golden, name)
    )
    return page(request, "customers/merge.html", both=both, names=names, text=_text)


@router.post("/customers/{party_id}/merge", name="page_merge")
def merge(
    request: Request,
    person: Steward,
    party_id: UUID,
    other: Annotated[UUID, Form()],
    reason: Reason,
) -> Response:
    """Merge two customers for ever; the older id stays."""
    work = web_of(request).work
    steward_for(work, person.actor).merge(str(party_id), str(other), reason=reason)
    settle(work)
    return go(request, "page_customer", party_id=_customer(work, str(party_id)))


@router.post("/customers/{party_id}/unmerge", name="page_unmerge")
def unmerge(
    request: Request,
    person: Steward,
    party_id: UUID,
    reason: Reason,
    record: Annotated[list[int], Form()] = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """Take records out of a customer for ever."""
    work = web_of(request).work
    if not record:
        raise HTTPException(422, "choose the records that leave")
    steward_for(work, person.actor).unmerge(str(party_id), set(record), reason=reason)
    settle(work)
    return go(request, "page_customer", party_id=str(party_id))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(readable, value))
    return "" if value is None else readable(value)


def _customer(work: Workplace, text: str) -> str:
    found = find_customer(work.engine, text)
    if found is None:
        raise StoreError("no customer has such an id or record; look for it on the customers' page")
    return found
