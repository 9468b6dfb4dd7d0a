"""Customers: found as one types, and each in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from hub.errors import StoreError
from hub.pipeline.explain import explain_pair
from hub.pipeline.explain_page import page_of
from hub.pipeline.past import read_then, read_turns
from hub.pipeline.profile import read_profile
from hub.pipeline.search_customers import latest_customers, search
from hub.pipeline.timeline import KINDS, read_dealings
from hub.reports.waterfall import drawing_of, signed
from hub.web.access import web_of
from hub.web.pages.view import Viewer, is_fragment, page

router = APIRouter()
_SHOWN = 30
Asked = Annotated[str, Form(max_length=200)]


@router.get("/customers", name="page_customers")
def customers(request: Request, _person: Viewer) -> HTMLResponse:
    """The search, and who changed last."""
    found = latest_customers(web_of(request).work.engine, limit=_SHOWN)
    return page(request, "customers/search.html", found=found, text="", full=False)


@router.post("/customers/search", name="page_search")
def find(request: Request, _person: Viewer, text: Asked = "") -> HTMLResponse:
    """What was typed: by POST, so that no name stands in an address or a log."""
    engine = web_of(request).work.engine
    if text.strip():
        found = search(engine, text, limit=_SHOWN)
    else:
        found = latest_customers(engine, limit=_SHOWN)
    template = "customers/found.html" if is_fragment(request) else "customers/search.html"
    return page(request, template, found=found, text=text.strip(), full=len(found) == _SHOWN)


@router.get("/customers/{party_id}", name="page_customer")
def customer(
    request: Request, _person: Viewer, party_id: UUID, limit: Annotated[int, Query(ge=1)] = 50
) -> HTMLResponse:
    """Everything about a customer."""
    engine = web_of(request).work.engine
    found = _found(lambda: read_profile(engine, str(party_id)))
    dealings = read_dealings(engine, found.party.id, today=_today(), limit=min(limit, 500))
    return page(
        request, "customers/customer.html", found=found, dealings=dealings, limit=limit, kinds=KINDS
    )


@router.get("/customers/{party_id}/past", name="page_past")
def past(
    request: Request, _person: Viewer, party_id: UUID, turn: Annotated[int, Query(ge=0)] = 10**6
) -> HTMLResponse:
    """What the hub knew of a customer at a turn of its past."""
    engine = web_of(request).work.engine
    turns = _found(lambda: read_turns(engine, str(party_id)))
    at = min(turn, len(turns) - 1)
    then = read_then(engine, str(party_id), turns[at].at) if turns else None
    return page(
        request, "customers/past.html", party_id=str(party_id), turns=turns, at=at, then=then
    )


@router.post("/customers/{party_id}/compare", name="page_why")
def why(
    request: Request, _person: Viewer, party_id: UUID, pair: Annotated[list[int], Form()]
) -> HTMLResponse:
    """Why two records are one customer, or are not."""
    work = web_of(request).work
    held = _found(lambda: read_profile(work.engine, str(party_id))).records
    names = {record.canonical_id: str(record.source) for record in held}
    if len(set(pair) & names.keys()) != 2:
        raise HTTPException(422, "name two different records of the customer")
    one, other = (names[id_] for id_ in pair)
    told = page_of(explain_pair(work.engine, one, other, country=work.config.hub.country))
    drawing = drawing_of(told.waterfall) if told.waterfall else None
    return page(
        request,
        "customers/why.html",
        party_id=str(party_id),
        told=told,
        drawing=drawing,
        signed=signed,
    )


def _found(read: Any) -> Any:
    """404 for a customer that there is not."""
    try:
        return read()
    except StoreError as error:
        raise HTTPException(404, str(error)) from error


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
