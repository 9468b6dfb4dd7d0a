"""How a party can be reached, where it lives, and what it agreed to."""

from __future__ import annotations

from enum import StrEnum

from hub.model.base import Country, Model, Period, Text, UtcTime


class ContactKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    WEB = "web"
    SOCIAL = "social"


class ContactStatus(StrEnum):
    OK = "ok"
    BOUNCED = "bounced"
    INVALID = "invalid"


class ConsentState(StrEnum):
    IN = "in"
    OUT = "out"
    PENDING = "pending"
    UNKNOWN = "unknown"


class ContactPoint(Model):
    """An address that reaches a party; ``value`` is as the source wrote it.

    The normalised value is computed when match keys are, never by a mapping.
    ``rank`` 1 is the source's first choice. ``shared`` marks an address of several people.
    """

    kind: ContactKind
    value: Text
    purpose: tuple[Text, ...] = ()
    rank: int = 1
    status: ContactStatus = ContactStatus.OK
    shared: bool = False
    verified_at: UtcTime | None = None
    period: Period | None = None


class PostalAddress(Model):
    """A postal address; its parts survive together, never mixed from two sources."""

    lines: tuple[Text, ...] = ()
    locality: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    country: Country | None = None
    country_raw: Text | None = None
    purpose: tuple[Text, ...] = ()
    rank: int = 1
    period: Period | None = None


class Consent(Model):
    """What a party allows, for one purpose on one channel."""

    purpose: Text
    channel: Text
    state: ConsentState
    contact_point: Text | None = None
    legal_basis: Text | None = None
    captured_at: UtcTime | None = None
    period: Period | None = None
