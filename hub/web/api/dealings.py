"""A customer's dealings in one line of time, and how it stands with the ledgers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from hub.pipeline.timeline import Account, Event, read_dealings
from hub.web.api.customers import require_customer
from hub.web.api.desks import ViewerDesk
from hub.web.api.words import Reference

router = APIRouter(tags=["customers"])
Limit = Annotated[int, Query(ge=1, le=500, description="How many events; the newest first.")]


class Happening(BaseModel):
    """A mail, ticket, opportunity, order, invoice or payment."""

    at: str
    kind: str
    title: str
    status: str
    amount: Decimal | None
    currency: str
    source: Reference


class Standing(BaseModel):
    """A customer's account in one ledger."""

    ledger: str
    number: str
    balance: Decimal | None
    currency: str
    credit_limit: Decimal | None
    hold: bool
    source: Reference


class Overdue(BaseModel):
    """Open money by how long it is overdue."""

    name: str
    amount: Decimal


class Timeline(BaseModel):
    """The line of time; ``more`` says that there is more than was asked for."""

    events: Sequence[Happening]
    more: bool
    accounts: Sequence[Standing]
    ageing: Mapping[str, Sequence[Overdue]]


@router.get("/customers/{party_id:uuid}/timeline", response_model=Timeline)
def timeline(desk: ViewerDesk, party_id: UUID, limit: Limit = 100) -> Response:
    """Every interaction, ticket, opportunity, order, invoice and payment; balance and ageing."""
    party, today = require_customer(desk, party_id), datetime.now(UTC).date().isoformat()
    found = read_dealings(desk.work.engine, party, today=today, limit=limit)
    content = Timeline(
        events=[_event(event) for event in found.events],
        more=found.more,
        accounts=[_account(account) for account in found.accounts],
        ageing={
            currency: [Overdue(**bucket._asdict()) for bucket in buckets]
            for currency, buckets in found.ageing.items()
        },
    )
    return desk.answer(content)


def _event(event: Event) -> Happening:
    same = ("at", "kind", "title", "status", "amount", "currency")
    fields = {name: getattr(event, name) for name in same}
    return Happening(source=Reference.of(event.source), **fields)


def _account(account: Account) -> Standing:
    fields = {name: getattr(account, name) for name in Account.__slots__ if name != "source"}
    return Standing(source=Reference.of(account.source), **fields)
