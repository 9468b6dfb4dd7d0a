"""A customer's open business, as the API writes it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from hub.pipeline.customer import Relative, Ticket, Touch
from hub.store.dossier import Posting
from hub.web.api.words import Reference


class OpenTicket(BaseModel):
    """A ticket that is not settled."""

    number: str
    subject: str | None
    status: str
    priority: str | None
    opened: str | None
    source: Reference

    @classmethod
    def of(cls, row: Ticket) -> Self:
        """As the use case has it."""
        return cls.model_validate(_fields(row))


class Contact(BaseModel):
    """A mail, call or meeting."""

    at: str
    channel: str
    direction: str
    subject: str | None
    source: Reference

    @classmethod
    def of(cls, row: Touch) -> Self:
        """As the use case has it."""
        return cls.model_validate(_fields(row))


class Document(BaseModel):
    """An order or an invoice that is open."""

    number: str
    kind: str
    date: str | None
    status: str
    currency: str | None
    gross: Decimal | None
    open_amount: Decimal | None
    source: Reference

    @classmethod
    def of(cls, row: Posting) -> Self:
        """As the use case has it."""
        fields = {name: value for name, value in row._asdict().items() if name in cls.model_fields}
        return cls.model_validate(fields | {"source": Reference.of(row.source)})


class Relationship(BaseModel):
    """Another customer of the same household, or a branch."""

    type: str
    party_id: UUID
    name: str | None
    bits: float
    shared: Sequence[str]

    @classmethod
    def of(cls, row: Relative) -> Self:
        """As the use case has it."""
        return cls.model_validate({name: getattr(row, name) for name in row.__slots__})


def _fields(row: Ticket | Touch) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in row.__slots__}
    return fields | {"source": Reference.of(row.source)}
