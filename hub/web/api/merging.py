"""What a steward decides without a case: merge, unmerge, move, keep apart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from hub.store.database import reading
from hub.store.party_records import load_records
from hub.web.api.customers import look_at, require_customer
from hub.web.api.deciding import decided, steward_of
from hub.web.api.desks import Desk, StewardDesk
from hub.web.api.words import Done, RowNumber, Text

router = APIRouter(tags=["review"])
Records = Annotated[list[RowNumber], Field(min_length=1, max_length=500)]


class Reasoned(BaseModel):
    """A decision that has no case must say why."""

    reason: Annotated[Text, Field(min_length=1)]


class Merge(Reasoned):
    other: UUID


class Unmerge(Reasoned):
    records: Records


class Move(Reasoned):
    record: RowNumber


class Apart(Reasoned):
    """Records that stay apart from the others for ever."""

    ones: Records
    others: Records


@router.post("/customers/{party_id:uuid}/merge", response_model=Done)
def merge(desk: StewardDesk, party_id: UUID, wanted: Merge) -> Response:
    """Merge two customers for ever; the older id survives and the other leads to it."""
    one, other = require_customer(desk, party_id), require_customer(desk, wanted.other)
    desk.require_match(lambda: look_at(desk, party_id))
    return decided(desk, steward_of(desk).merge(one, other, reason=wanted.reason))


@router.post("/customers/{party_id:uuid}/unmerge", response_model=Done)
def unmerge(desk: StewardDesk, party_id: UUID, wanted: Unmerge) -> Response:
    """Take records out of a customer for ever; an id that was merged away comes back."""
    party = require_customer(desk, party_id)
    desk.require_match(lambda: look_at(desk, party_id))
    return decided(desk, steward_of(desk).unmerge(party, wanted.records, reason=wanted.reason))


@router.post("/customers/{party_id:uuid}/move", response_model=Done)
def move(desk: StewardDesk, party_id: UUID, wanted: Move) -> Response:
    """Move a record to this customer for ever."""
    party = require_customer(desk, party_id)
    _require_records(desk, [wanted.record])
    desk.require_match(lambda: look_at(desk, party_id))
    return decided(desk, steward_of(desk).move(wanted.record, party, reason=wanted.reason))


@router.post("/never-links", response_model=Done)
def keep_apart(desk: StewardDesk, wanted: Apart) -> Response:
    """Keep records apart from others for ever."""
    _require_records(desk, {*wanted.ones, *wanted.others})
    counts = steward_of(desk).keep_apart(wanted.ones, wanted.others, reason=wanted.reason)
    return decided(desk, counts)


def _require_records(desk: Desk, records: Collection[int]) -> None:
    with reading(desk.work.engine) as db:
        held = load_records(db, records)
    if not set(records) <= held.keys():
        raise HTTPException(404, "there is no record of one of the ids; a customer lists them")
