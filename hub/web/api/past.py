"""What a customer was at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field, JsonValue

from hub.errors import StoreError
from hub.pipeline.history import customer_as_of, customer_history
from hub.web.api.customers import require_customer
from hub.web.api.desks import ViewerDesk
from hub.web.api.words import Time

router = APIRouter(tags=["customers"])
Known = Annotated[Time | None, Query(description="What the hub knew at that time; now without it.")]


class Moment(BaseModel):
    """Something that happened; ``actor`` is "hub" where no person asked for it."""

    at: datetime
    what: str
    actor: str
    reason: str
    detail: Mapping[str, Any]


class History(BaseModel):
    """All that happened to a customer, in order."""

    party_id: UUID
    moments: Sequence[Moment]


class PastCustomer(BaseModel):
    """A customer at a time: its id then, its values, and the records it was made of."""

    party_id: UUID
    status: str
    version: int | None
    golden: Mapping[str, JsonValue] | None
    records: Sequence[str]


class Times(BaseModel):
    """The two times of the past (docs/adr/0009-valid-and-recorded-time.md)."""

    valid: Time | None = Field(default=None, description="When it held; now without it.")
    known: Time | None = Field(
        default=None, description="What the hub knew at that time; now without it."
    )


@router.get("/customers/{party_id:uuid}/history", response_model=History)
def history(desk: ViewerDesk, party_id: UUID, known: Known = None) -> Response:
    """All that happened to an id, in order; a merged id tells its own story."""
    require_customer(desk, party_id)
    found = customer_history(desk.work.engine, str(party_id), known=known)
    moments = [Moment.model_validate(moment._asdict()) for moment in found]
    return desk.answer(History(party_id=party_id, moments=moments))


@router.get("/customers/{party_id:uuid}/as-of", response_model=PastCustomer)
def as_of(desk: ViewerDesk, party_id: UUID, times: Annotated[Times, Query()]) -> Response:
    """What an id stood for at a time, by what was known at another."""
    require_customer(desk, party_id)
    valid, known = times.valid, times.known
    try:
        found = customer_as_of(desk.work.engine, str(party_id), valid=valid, known=known)
    except StoreError as error:
        raise HTTPException(404, "the hub knew of no such customer at that time") from error
    return desk.answer(PastCustomer.model_validate(found, from_attributes=True))
