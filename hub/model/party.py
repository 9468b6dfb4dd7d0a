"""The party (person, organisation, household) with its roles, identifiers and relationships."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from hub.model.base import CanonicalRecord, Country, Model, Period, SourceRef, Text
from hub.model.contact import Consent, ContactPoint, PostalAddress


class PartyKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"
    HOUSEHOLD = "household"


class PartyStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    RESTRICTED = "restricted"


class Role(StrEnum):
    CUSTOMER = "customer"
    PROSPECT = "prospect"
    LEAD = "lead"
    CONTACT = "contact"
    PARTNER = "partner"
    SUPPLIER = "supplier"
    EMPLOYEE = "employee"
    OTHER = "other"


class RelationshipType(StrEnum):
    CONTACT_OF = "contact_of"
    HOUSEHOLD_MEMBER = "household_member"
    PARENT_COMPANY = "parent_company"
    ULTIMATE_PARENT = "ultimate_parent"
    BRANCH_OF = "branch_of"
    BILL_TO = "bill_to"
    SHIP_TO = "ship_to"
    PAYER = "payer"


class Person(Model):
    prefix: Text | None = None
    given: Text | None = None
    middle: Text | None = None
    family: Text | None = None
    suffix: Text | None = None
    preferred: Text | None = None
    birth_date: date | None = None


class Industry(Model):
    scheme: Text
    code: Text


class Organisation(Model):
    legal_name: Text | None = None
    trading_names: tuple[Text, ...] = ()
    legal_form: Text | None = None
    industry: Industry | None = None
    employees: int | None = Field(default=None, ge=0)


class PartyRole(Model):
    """What the party is to us; ``role_raw`` keeps the source's own word."""

    role: Role
    role_raw: Text | None = None
    lifecycle: Text | None = None
    owner: Text | None = None
    period: Period | None = None


class Identifier(Model):
    """A number that names the party: eu_vat, lei, duns, registry, customer_no …

    ``value`` is as the source wrote it. ``issuer`` says whose number it is: two
    customer numbers are comparable only under one issuer.
    """

    scheme: Text
    value: Text
    issuer: Text | None = None
    country: Country | None = None


class Party(CanonicalRecord):
    """One source record's statement about one party."""

    kind: PartyKind
    status: PartyStatus = PartyStatus.ACTIVE
    display_name: Text | None = None
    lang: Text | None = None
    tz: Text | None = None
    person: Person | None = None
    organisation: Organisation | None = None
    roles: tuple[PartyRole, ...] = ()
    contact_points: tuple[ContactPoint, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    consents: tuple[Consent, ...] = ()


class Relationship(CanonicalRecord):
    """Two parties and what one is to the other, read "from is <type> to"."""

    from_party: SourceRef
    to_party: SourceRef
    type: RelationshipType
    job_title: Text | None = None
    primary: bool = False
    period: Period | None = None
