"""Customers: search, the golden record with the origin of each value, and its business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from hub.pipeline.customer import CustomerView, customer_view
from hub.store.database import reading
from hub.store.listing import name_page
from hub.store.parties import resolve_party
from hub.web.api.business import Contact, Document, OpenTicket, Relationship
from hub.web.api.desks import Desk, ViewerDesk
from hub.web.api.golden_values import GoldenValue, golden_values
from hub.web.api.words import After, Listed, Reference, RowNumber, Text, not_found

router = APIRouter(tags=["customers"])


class Search(BaseModel):
    """What to look for; in a body, since it is personal."""

    text: Annotated[Text, Field(min_length=1, description="Part of a name.")]
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    after: After | None = None


class Hit(BaseModel):
    """A customer that was found."""

    party_id: UUID
    kind: str | None
    name: str | None


class Hits(Listed):
    """Customers by name."""

    customers: Sequence[Hit]


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


@router.post("/customers/search", response_model=Hits)
def search(desk: ViewerDesk, wanted: Search) -> Response:
    """Active customers whose name contains a text, in any case."""
    span = desk.span("customers", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = name_page(db, wanted.text.strip(), span)
    hits = [
        Hit(party_id=row["party_id"], kind=row["kind"], name=row["display_name"])
        for row in page.rows
    ]
    return desk.answer(Hits(customers=hits, next=desk.next("customers", page)))


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
