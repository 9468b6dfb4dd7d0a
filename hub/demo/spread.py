"""Which systems know which customer, and what their clerks typed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.demo.customers import Address, Customer
from hub.demo.noise import (
    abbreviate_street,
    change_case,
    misspell,
    shorten_given,
    smudge,
    vary_legal_form,
)
from hub.demo.numbers import write_phone

SHOP_LIMIT: Final = 500
"""The second ERP takes no more third parties than this."""

_NO_ERP_SHARE: Final = 0.05
_NO_SFA_SHARE: Final = 0.04
_FORMER_IN_SFA_SHARE: Final = 0.5
_REMARK_SHARE: Final = 0.015
_REMARKS: Final = (
    "{} (alt)",
    "{} - gesperrt!",
    "{} *** siehe Notiz",
    "Fa. {}",
    "{} z.Hd. Buchhaltung",
)


class Standing(StrEnum):
    """What a customer is to the company."""

    CUSTOMER = "customer"
    PROSPECT = "prospect"
    FORMER = "former"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Footprint:
    """The connections that know a customer; ``lead`` means only as a lead in the sales system."""

    standing: Standing
    connections: frozenset[str]
    lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one clerk typed about one customer; anything may be empty or wrong."""

    name: str
    given: str
    family: str
    email: str
    phone: str
    mobile: str
    address: Address
    vat: str


def spread(rng: random.Random, customers: Iterable[Customer]) -> dict[str, Footprint]:
    """The footprint of each customer by id; every customer is known somewhere."""
    footprints: dict[str, Footprint] = {}
    room = SHOP_LIMIT * 9 // 10
    for customer in customers:
        employer = footprints.get(customer.employer)
        footprint = (
            _contact(rng, employer) if employer else _account(rng, customer, shop_open=room > 0)
        )
        room -= "shop" in footprint.connections
        footprints[customer.id] = footprint
    return footprints


def _contact(rng: random.Random, employer: Footprint) -> Footprint:
    found = {name for name, share in _CONTACT_SHARES.items() if rng.random() < share}
    # A company that sales does not know has no contacts there either, else R2 would have no breaks.
    found = found if "sfa" in employer.connections else found - {"sfa"}
    lead = employer.lead or rng.random() < 0.08
    return Footprint(Standing.CONTACT, frozenset(found or {"helpdesk"}), lead=lead)


_CONTACT_SHARES: Final[Mapping[str, float]] = {"sfa": 0.85, "helpdesk": 0.45, "mail": 0.38}
_TOUCH_SHARES: Final[Mapping[str, float]] = {"helpdesk": 0.25, "mail": 0.3, "partners": 0.08}


def _account(rng: random.Random, customer: Customer, *, shop_open: bool) -> Footprint:
    shares = [0.62, 0.26, 0.12] if not customer.is_person else [0.68, 0.24, 0.08]
    standing = rng.choices([Standing.CUSTOMER, Standing.PROSPECT, Standing.FORMER], shares)[0]
    touched = {name for name, share in _TOUCH_SHARES.items() if rng.random() < share}
    if standing is Standing.PROSPECT:
        return Footprint(standing, frozenset(touched | {"sfa"}), lead=rng.random() < 0.4)
    if standing is Standing.FORMER:
        known = {"sfa"} if rng.random() < _FORMER_IN_SFA_SHARE else set()
        return Footprint(standing, frozenset(known | {_ledgers(rng, shop_open=shop_open)[0]}))
    known = _known_by(rng, rng.random(), customer, shop_open=shop_open)
    return Footprint(standing, frozenset(touched | known))


def _known_by(rng: random.Random, draw: float, customer: Customer, *, shop_open: bool) -> set[str]:
    """Sales alone, a ledger alone, or most often both."""
    if draw < _NO_ERP_SHARE and not customer.is_person:
        return {"sfa"}
    ledgers = set(_ledgers(rng, shop_open=shop_open))
    return ledgers | {"sfa"} if draw < 1 - _NO_SFA_SHARE else ledgers


def _ledgers(rng: random.Random, *, shop_open: bool) -> tuple[str, ...]:
    draw = rng.random()
    if draw < 0.7 or not shop_open:
        return ("erp",)
    return ("shop",) if draw < 0.9 else ("erp", "shop")


def enter(rng: random.Random, customer: Customer, noise: float = 0.1) -> Entry:
    """One clerk's entry; ``noise`` is the share of names that come out wrong."""
    given, family = _names(rng, customer, noise)
    name = customer.name
    if name:
        name = vary_legal_form(rng, name, customer.country) if rng.random() < 0.3 else name
        name = smudge(rng, name, noise)
        name = rng.choice(_REMARKS).format(name) if rng.random() < _REMARK_SHARE else name
    style = rng.randrange(6)
    return Entry(
        name=name or f"{given} {family}",
        given=given,
        family=family,
        email=_email(rng, customer),
        phone=write_phone(customer.landline, style) if customer.landline else "",
        mobile=write_phone(customer.mobile, style) if customer.mobile else "",
        address=_address(rng, customer, noise),
        vat=customer.vat or "",
    )


def _names(rng: random.Random, customer: Customer, noise: float) -> tuple[str, str]:
    if not customer.is_person:
        return "", ""
    given, family = customer.given, smudge(rng, customer.family, noise)
    if rng.random() < 0.18:
        given = shorten_given(rng, given, customer.country)
    elif rng.random() < 0.04:
        given = f"{given[0]}."
    else:
        given = smudge(rng, given, noise / 2)
    return (family, given) if rng.random() < 0.02 else (given, family)


def _email(rng: random.Random, customer: Customer) -> str:
    email = customer.email
    if customer.second_email and rng.random() < 0.5:
        email = customer.second_email
    draw = rng.random()
    if draw < 0.03:
        return email.title()
    if draw < 0.05:
        local, _, domain = email.partition("@")
        return f"{misspell(rng, local)}@{domain}"
    return email


def _address(rng: random.Random, customer: Customer, noise: float) -> Address:
    old = customer.former is not None and rng.random() < 0.4
    street, town, postcode, country = (customer.former if old else None) or customer.address
    if rng.random() < 0.35:
        street = abbreviate_street(street)
    if rng.random() < noise / 2:
        town = change_case(rng, town)
    return Address(smudge(rng, street, noise), smudge(rng, town, noise / 2), postcode, country)
