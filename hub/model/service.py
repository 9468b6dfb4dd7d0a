"""Service and marketing: interactions, tickets, opportunities, campaigns."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from hub.model.base import (
    Amount,
    CanonicalRecord,
    Currency,
    Model,
    Period,
    SourceRef,
    Text,
    UtcTime,
)


class Channel(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    MEETING = "meeting"
    WEB = "web"
    LETTER = "letter"
    OTHER = "other"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class TicketStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    OTHER = "other"


class OpportunityStage(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    OTHER = "other"


class Participant(Model):
    """Somebody in an interaction; ``party`` points at the record made from the same source."""

    contact_point: Text
    role: Text
    party: SourceRef | None = None


class Attachment(Model):
    name: Text | None = None
    size: int = Field(ge=0)
    content_type: Text | None = None
    sha256: Text | None = None


class Interaction(CanonicalRecord):
    """One touch: a mail, a call, a meeting. Bodies stay out unless asked for."""

    channel: Channel
    direction: Direction
    kind: Text = "message"
    at: UtcTime
    thread_id: Text | None = None
    message_id: Text | None = None
    participants: tuple[Participant, ...] = ()
    subject: Text | None = None
    body_ref: Text | None = None
    auto_kind: Text | None = None
    visibility: Text = "internal"
    attachments: tuple[Attachment, ...] = ()
    campaign: SourceRef | None = None
    ticket: SourceRef | None = None
    opportunity: SourceRef | None = None


class Ticket(CanonicalRecord):
    """A request for help; ``party`` is who asked."""

    number: Text
    party: SourceRef | None = None
    contact: SourceRef | None = None
    subject: Text | None = None
    status: TicketStatus
    status_raw: Text | None = None
    priority: Text | None = None
    queue: Text | None = None
    assignee: Text | None = None
    opened: UtcTime | None = None
    first_response: UtcTime | None = None
    resolved: UtcTime | None = None
    closed: UtcTime | None = None
    sla_due: UtcTime | None = None


class OpportunityLine(Model):
    product: Text
    quantity: Amount | None = None
    amount: Amount | None = None


class Opportunity(CanonicalRecord):
    """A possible sale."""

    name: Text | None = None
    party: SourceRef | None = None
    stage: OpportunityStage
    stage_raw: Text | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    close_date: date | None = None
    owner: Text | None = None
    lost_reason: Text | None = None
    campaign: SourceRef | None = None
    lines: tuple[OpportunityLine, ...] = ()


class Campaign(CanonicalRecord):
    code: Text
    name: Text | None = None
    cost: Amount | None = None
    currency: Currency | None = None
    period: Period | None = None


class CampaignMember(CanonicalRecord):
    campaign: SourceRef
    party: SourceRef
    sent_at: UtcTime | None = None
    arm: Text = Field(default="treatment", pattern="^(treatment|control)$")
    responded_at: UtcTime | None = None
