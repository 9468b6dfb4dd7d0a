"""The partner list: a table that somebody keeps by hand and exports as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from hub.demo.customers import Customer
from hub.demo.places import COUNTRIES
from hub.demo.register import Ref, Register
from hub.demo.spread import Footprint, enter

COLUMNS: Final = (
    "id", "name", "kind", "email", "phone", "street", "city", "postcode", "country",
)  # fmt: skip

_NOISE: Final = 0.25
"""A list kept by hand has more slips than a system with forms."""


def write_partners(
    register: Register, customers: Sequence[Customer], footprints: Mapping[str, Footprint]
) -> None:
    """Write the rows of the partner list."""
    known = [c for c in customers if "partners" in footprints[c.id].connections]
    for number, customer in enumerate(known, 1):
        entry = enter(register.rng, customer, _NOISE)
        key = f"P-{number:04d}"
        register.partners.append(
            {
                "id": key,
                "name": entry.name,
                "kind": "person" if customer.is_person else "organisation",
                "email": entry.email,
                "phone": entry.phone,
                "street": entry.address.street,
                "city": entry.address.town,
                "postcode": entry.address.postcode,
                "country": _country(register, customer),
            }
        )
        register.identify(Ref("partners", "customers", key), customer)


def _country(register: Register, customer: Customer) -> str:
    return register.rng.choice((customer.country, *COUNTRIES[customer.country]))


def render_csv(register: Register) -> str:
    """The partner list as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(register.partners)
    return text.getvalue()
