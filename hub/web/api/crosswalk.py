"""A source reference in, the keys of the same customer in other systems out.

In the manner of IHE PIX for mobile, transaction ITI-83 (https://profiles.ihe.net/ITI/PIXm/): an
unknown reference is 404, an unknown target system 403. Unlike there the question is a body, since
keys may be addresses, and must not stand in a log of addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from hub.pipeline.customer import find_customer
from hub.store.database import reading
from hub.store.dossier import linked_records
from hub.web.api.desks import ViewerDesk
from hub.web.api.words import Reference, Text

router = APIRouter(tags=["crosswalk"])


class Question(BaseModel):
    """Whose keys are wanted, and in which connections; in all without any."""

    source: Reference
    targets: Annotated[list[Text], Field(max_length=100)] = Field(default_factory=list)


class Identity(BaseModel):
    """The customer, and its records in the connections that were asked for."""

    party_id: UUID
    references: Sequence[Reference]


@router.post("/crosswalk", response_model=Identity)
def cross(desk: ViewerDesk, question: Question) -> Response:
    """The keys of the customer to whom a source reference belongs, without the reference itself."""
    work = desk.work
    if set(question.targets) - work.config.connections.keys():
        raise HTTPException(403, "targets: one of them is no connection here")
    asked = question.source.as_key()
    party = find_customer(work.engine, str(asked))
    if party is None:
        raise HTTPException(404, "source: no customer has such a record")
    with reading(work.engine) as db:
        records = linked_records(db, party)
    wanted = question.targets or {row.source.connection for row in records}
    found = [
        Reference.of(row.source)
        for row in records
        if row.source.connection in wanted and row.source != asked
    ]
    return desk.answer(Identity(party_id=UUID(party), references=found))
