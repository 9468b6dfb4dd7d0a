"""Deliveries and conflicts: what was to be written and waits for a person."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from hub.errors import ConfigError
from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery
from hub.pipeline.delivery_list import ASKING, read_deliveries
from hub.store.audit import new_act
from hub.web.access import web_of
from hub.web.pages.view import Steward, Worker, go, page

router = APIRouter()
STATES: Final = (*ASKING, "planned", "sending", "acknowledged", "superseded", "abandoned")


@router.get("/deliveries", name="page_deliveries")
def deliveries(
    request: Request,
    _person: Worker,
    state: Annotated[str, Query()] = "",
    connection: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """What waits for a person, or what is in the state asked for."""
    work = web_of(request).work
    states = (state,) if state in STATES else ASKING
    lines = read_deliveries(work.engine, states=states, connection=connection or None)
    return page(
        request,
        "deliveries.html",
        lines=lines,
        states=STATES,
        state_picked=state if state in STATES else "",
        connection=connection,
        connections=sorted(work.config.connections),
    )


@router.post("/deliveries/{delivery_id}/{verb}", name="page_deliver")
def decide(
    request: Request,
    person: Steward,
    delivery_id: str,
    verb: str,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Plan it anew (a conflict goes over what was found), or give it up."""
    verbs = {"retry": retry_delivery, "abandon": abandon_delivery}
    if verb not in verbs:
        raise ConfigError(f"there is no such decision on a delivery: {', '.join(verbs)}")
    verbs[verb](web_of(request).work.engine, delivery_id, new_act(person.actor, reason))
    return go(request, "page_deliveries")
