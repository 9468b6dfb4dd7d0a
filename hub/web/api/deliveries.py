"""Deliveries and conflicts: what waits for a person, and what the person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, JsonValue

from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery
from hub.store.database import reading
from hub.store.delivery_desk import DeliveryFilter, get_delivery
from hub.store.listing import delivery_page
from hub.web.api.desks import Desk, StewardDesk
from hub.web.api.words import Listed, Paging, Text, Why, not_found

router = APIRouter(tags=["deliveries"])
State = Literal[
    "planned",
    "sending",
    "acknowledged",
    "conflict",
    "dead",
    "incomplete",
    "rejected",
    "unknown",
    "superseded",
    "abandoned",
]


class Wanted(Paging):
    """Which deliveries to list; without states, those that wait for a person."""

    state: Annotated[list[State], Field(max_length=10)] = Field(default_factory=list)
    connection: Text | None = None


class Delivery(BaseModel):
    """A write to a system, of one field or of a whole record."""

    delivery_id: UUID
    kind: str
    state: str
    party_id: UUID
    connection: str
    stream: str
    attribute: str
    field: str
    message: str | None
    attempts: int
    planned_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class Deliveries(Listed):
    """Deliveries, the newest first."""

    deliveries: Sequence[Delivery]


class DeliveryInFull(Delivery):
    """A delivery with its values: ours, what stood there, what was found instead."""

    value: JsonValue
    before: str | None
    found: str | None
    approved_at: datetime | None


@router.get("/deliveries", response_model=Deliveries)
def list_deliveries(desk: StewardDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """Deliveries, the newest first; ``state=conflict`` lists the conflicts."""
    chosen = DeliveryFilter(connection=wanted.connection)
    chosen = chosen._replace(states=wanted.state) if wanted.state else chosen
    span = desk.span("deliveries", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = delivery_page(db, chosen, span)
    found = [Delivery.model_validate(_fields(row)) for row in page.rows]
    return desk.answer(Deliveries(deliveries=found, next=desk.next("deliveries", page)))


@router.get("/deliveries/{delivery_id:uuid}", response_model=DeliveryInFull)
def show(desk: StewardDesk, delivery_id: UUID) -> Response:
    """One delivery with its values."""
    return desk.answer(_look_at(desk, delivery_id))


@router.post("/deliveries/{delivery_id:uuid}/retry", response_model=DeliveryInFull)
def retry(desk: StewardDesk, delivery_id: UUID, why: Why) -> Response:
    """Plan it anew with the next publish; a conflict goes over the value that was found.

    A new record of which nobody knows whether it was made is made: look at the system before.
    """
    desk.require_match(lambda: _look_at(desk, delivery_id))
    _look_at(desk, delivery_id)
    retry_delivery(desk.work.engine, str(delivery_id), desk.act(why.reason))
    return desk.answer(_look_at(desk, delivery_id))


@router.post("/deliveries/{delivery_id:uuid}/abandon", response_model=DeliveryInFull)
def abandon(desk: StewardDesk, delivery_id: UUID, why: Why) -> Response:
    """Give it up, a conflict in favour of the target; the same value is not sent again."""
    desk.require_match(lambda: _look_at(desk, delivery_id))
    _look_at(desk, delivery_id)
    abandon_delivery(desk.work.engine, str(delivery_id), desk.act(why.reason))
    return desk.answer(_look_at(desk, delivery_id))


def _look_at(desk: Desk, delivery_id: UUID) -> DeliveryInFull:
    with reading(desk.work.engine) as db:
        row = get_delivery(db, str(delivery_id))
    if row is None:
        raise not_found("delivery")
    whole = orjson.loads(row["fields"]) if "fields" in row else row["value"]
    more = {"value": whole, "before": row.get("before"), "found": row["found"]}
    return DeliveryInFull.model_validate(_fields(row) | more | {"approved_at": row["approved_at"]})


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in Delivery.model_fields if name != "delivery_id"]
    return {"delivery_id": row["id"]} | {name: row[name] for name in names}
