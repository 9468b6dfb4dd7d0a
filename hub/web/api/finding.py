"""Customers by what one types, and by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from hub.pipeline import search_customers
from hub.store.database import reading
from hub.store.listing import name_page
from hub.web.api.desks import ViewerDesk
from hub.web.api.words import After, Listed, Text

router = APIRouter(tags=["customers"])


class Search(BaseModel):
    """What to look for; in a body, since it is personal."""

    text: Annotated[
        Text, Field(min_length=1, description="Beginnings of words, an id, CONNECTION:TYPE:KEY.")
    ]
    limit: Annotated[int, Field(ge=1, le=100, strict=True)] = 20


class Names(BaseModel):
    """Whose names to list; in a body, since they are personal."""

    text: Text = Field(default="", description="Part of the name, in any case; all without it.")
    limit: Annotated[int, Field(ge=1, le=500, strict=True)] = 50
    after: After | None = None


class Hit(BaseModel):
    """A customer that was found."""

    party_id: UUID
    kind: str | None
    name: str | None


class Hits(Listed):
    """Customers by name."""

    customers: Sequence[Hit]


@router.post("/customers/search", response_model=Hits)
def search(desk: ViewerDesk, wanted: Search) -> Response:
    """Customers by names, addresses, numbers and towns, the best first, as one types."""
    found = search_customers.search(desk.work.engine, wanted.text, limit=wanted.limit)
    hits = [
        Hit(party_id=UUID(item.party_id), kind=item.golden.get("kind"), name=_name(item.golden))
        for item in found
    ]
    return desk.answer(Hits(customers=hits))


@router.post("/customers/by-name", response_model=Hits)
def list_names(desk: ViewerDesk, wanted: Names) -> Response:
    """Active customers in the order of their names, a page at a time."""
    span = desk.span("customers", limit=wanted.limit, after=wanted.after)
    with reading(desk.work.engine) as db:
        page = name_page(db, wanted.text.strip(), span)
    hits = [
        Hit(party_id=row["party_id"], kind=row["kind"], name=row["display_name"])
        for row in page.rows
    ]
    return desk.answer(Hits(customers=hits, next=desk.next("customers", page)))


def _name(golden: Mapping[str, Any]) -> str | None:
    name = golden.get("display_name")
    return None if name is None else str(name)
