"""Customers: search, the golden record with the origin of each value, and its business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from hub.pipeline.customer import CustomerView, customer_view
from hub.store.database import reading
from hub.store.parties import resolve_party
from hub.web.api.business import Contact, Document, OpenTicket, Relationship
from hub.web.api.desks import Desk, ViewerDesk
from hub.web.api.golden_values import GoldenValue, golden_values
from hub.web.api.words import Reference, RowNumber, not_found

router = APIRouter(tags=["customers"])


class Linked(BaseModel):
    """A source record of the customer; ``record`` names it in decisions."""

    record: RowNumber
    source: Reference
    raw_version: int
    link: str
    reason: str
    since: datetime


class Customer(BaseModel):
    """All that is known of one customer; a merged id shows its survivor."""

    party_id: UUID
    status: str
    golden: Sequence[GoldenValue]
    records: Sequence[Linked]
    tickets: Sequence[OpenTicket]
    contacts: Sequence[Contact]
    orders: Sequence[Document]
    invoices: Sequence[Document]
    balance: Mapping[str, Decimal]
    relationships: Sequence[Relationship]


@router.get("/customers/{party_id:uuid}", response_model=Customer)
def show(desk: ViewerDesk, party_id: UUID) -> Response:
    """One customer with the origin of each value, its records, open business and balance."""
    return desk.answer(look_at(desk, party_id))


def look_at(desk: Desk, party_id: UUID) -> Customer:
    """A customer as it is now; 404 where there never was one."""
    require_customer(desk, party_id)
    return _customer(customer_view(desk.work.engine, str(party_id)))


def require_customer(desk: Desk, party_id: UUID) -> str:
    """The id that stands for the customer today; 404 where there never was one."""
    with reading(desk.work.engine) as db:
        party = resolve_party(db, str(party_id))
    if party is None:
        raise not_found("customer")
    return party.id


def _customer(view: CustomerView) -> Customer:
    return Customer(
        party_id=UUID(view.party_id),
        status=view.status,
        golden=golden_values(view.golden, view.origin),
        records=[
            Linked(
                record=row.canonical_id,
                source=Reference.of(row.source),
                raw_version=row.raw_version,
                link=row.kind,
                reason=row.reason,
                since=row.linked_at,
            )
            for row in view.sources
        ],
        tickets=[OpenTicket.of(row) for row in view.tickets],
        contacts=[Contact.of(row) for row in view.touches],
        orders=[Document.of(row) for row in view.orders],
        invoices=[Document.of(row) for row in view.invoices],
        balance=view.balance,
        relationships=[Relationship.of(row) for row in view.relatives],
    )
