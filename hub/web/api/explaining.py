"""Why a golden value is what it is, and why two are one customer or are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import BaseModel, JsonValue

from hub.errors import StoreError
from hub.pipeline.customer import find_records
from hub.pipeline.explain import explain_pair
from hub.pipeline.explain_page import page_of
from hub.pipeline.planning import rule_set
from hub.pipeline.values import explain_value
from hub.web.api.customers import require_customer
from hub.web.api.desks import StewardDesk, ViewerDesk
from hub.web.api.words import Reference, not_found

router = APIRouter(tags=["customers"])
Field_ = Annotated[str, Path(pattern="^[a-z][a-z_]{0,40}$", description="As in the golden record.")]


class Candidate(BaseModel):
    """One record's value for a field, and why it won or lost."""

    source: str
    value: JsonValue
    wins: bool
    why: str
    trust: int
    updated: str
    raw_version: int
    mapping_line: int | None


class Story(BaseModel):
    """Why a golden value is what it is."""

    party_id: UUID
    field: str
    value: JsonValue
    held: JsonValue
    rules_digest: str
    trust: Sequence[str]
    claims: Sequence[Candidate]


class Pair(BaseModel):
    """Two customers or records to compare."""

    one: UUID | Reference
    other: UUID | Reference


class Weight(BaseModel):
    """What one field says, in bits."""

    name: str
    outcome: str
    bits: float
    left: str
    right: str


class Comparison(BaseModel):
    """Why two are one customer, or are not."""

    title: str
    answer: str
    reasons: Sequence[str]
    verdict: str | None
    thresholds: Mapping[str, float]
    steps: Sequence[Weight]


@router.get("/customers/{party_id:uuid}/values/{field}", response_model=Story)
def explain(desk: ViewerDesk, party_id: UUID, field: Field_) -> Response:
    """Why a golden value is what it is: every candidate, and what decided."""
    require_customer(desk, party_id)
    try:
        story = explain_value(desk.work.engine, str(party_id), field, rule_set(desk.work))
    except StoreError as error:
        raise HTTPException(404, "no record of this customer fills that field") from error
    return desk.answer(Story.model_validate(story, from_attributes=True))


@router.post("/customers/compare", response_model=Comparison)
def compare(desk: StewardDesk, pair: Pair) -> Response:
    """Why two customers or records are one customer, or are not."""
    engine = desk.work.engine
    one, other = (
        str(side.as_key()) if isinstance(side, Reference) else str(side)
        for side in (pair.one, pair.other)
    )
    if not find_records(engine, one) or not find_records(engine, other):
        raise not_found("customer or record")
    page = page_of(explain_pair(engine, one, other, country=desk.work.config.hub.country))
    chart = page.waterfall
    content = Comparison(
        title=page.title,
        answer=page.answer,
        reasons=page.reasons,
        verdict=chart.verdict if chart else None,
        thresholds={line.name: line.bits for line in chart.thresholds} if chart else {},
        steps=[Weight(**step._asdict()) for step in chart.steps] if chart else [],
    )
    return desk.answer(content)
