"""The shipped model: what to expect of customer data before any of it has been seen.

Every number is a judgement about customer records in general, none is fitted to a file with known
answers. Training replaces the first two columns as far as the data speaks for itself.

Beside "one customer" (match) and "two strangers" (random) stand the people and companies who share
much without being one: a household's members share name, address and line, colleagues share domain
and switchboard, branches of a company its name and domain. A pair that they explain as well as a
match does is no match.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Chances(NamedTuple):
    """How often an outcome is seen among pairs of each relation; None where as among strangers."""

    match: float
    random: float
    kin: float | None = None
    colleagues: float | None = None


KIN: Final = MappingProxyType({"person": "household", "organisation": "branch"})
"""What the ``kin`` of a party are called, by kind."""

_PHONE: Final = {
    "same": Chances(0.60, 0.000005, 0.50, 0.30),
    "same, of several people": Chances(0.05, 0.0002, 0.10, 0.30),
    "different": Chances(0.35, 1.0, 0.40, 0.40),
}
_IDENTIFIER: Final = {
    "same": Chances(0.90, 0.000002, 0.001),
    "slip": Chances(0.07, 0.00001, 0.001),
    "different": Chances(0.03, 1.0, 1.0),
}

# Said of people and companies of one name: of any two, fewer would live in one country.
_COUNTRY: Final = {
    "same": Chances(0.97, 0.75, 0.97, 0.95),
    "different": Chances(0.03, 0.25, 0.03, 0.05),
}

_PERSON: Final[Mapping[str, Mapping[str, Chances]]] = {
    "given_name": {
        "same": Chances(0.65, 0.01, 0.015),
        "nickname or call name": Chances(0.14, 0.006, 0.01),
        "initial": Chances(0.06, 0.004, 0.05),
        "slip": Chances(0.06, 0.003, 0.004),
        "sounds alike": Chances(0.02, 0.004, 0.006),
        "similar": Chances(0.02, 0.006, 0.03),
        "different": Chances(0.05, 0.967, 0.885),
    },
    "family_name": {
        "same": Chances(0.75, 0.001, 0.80),
        "slip": Chances(0.09, 0.0007, 0.02),
        "one of several": Chances(0.03, 0.00005, 0.06),
        "another word of the name": Chances(0.03, 0.001, 0.02),
        "in the given name's place": Chances(0.01, 0.0003, 0.001),
        "similar": Chances(0.015, 0.003, 0.01),
        "different": Chances(0.055, 0.99, 0.09),
    },
    # The first three stand for both single names; a share of strangers replaces what is told here,
    # and to swap them says nothing: it is as common among strangers of one name. The others correct
    # what single names say.
    "full_name": {
        "same": Chances(0.5, 0.000003, 0.012),
        "swapped": Chances(0.45, 0.000003, 0.0001),
        "swapped, with a slip": Chances(0.05, 0.000006, 0.0001),
        "only the family name": Chances(0.1, 0.5),
        "not both different": Chances(0.5, 0.5),
        "different": Chances(0.3, 0.1),
    },
    "middle_name": {
        "same": Chances(0.60, 0.02),
        "initial": Chances(0.28, 0.08),
        "same letter": Chances(0.04, 0.05),
        "different": Chances(0.08, 0.85),
    },
    "generation": {"same": Chances(0.98, 0.4, 0.1), "different": Chances(0.02, 0.6, 0.9)},
    "birth_date": {
        "same": Chances(0.85, 0.00004, 0.01),
        "slip or day and month swapped": Chances(0.09, 0.001, 0.004),
        "two of three parts": Chances(0.02, 0.006, 0.01),
        "year": Chances(0.01, 0.012, 0.03),
        "different": Chances(0.03, 0.98, 0.946),
    },
    "email": {
        "same": Chances(0.60, 0.000003, 0.22, 0.02),
        "same, of several people": Chances(0.05, 0.0005, 0.05, 0.20),
        "same name elsewhere": Chances(0.03, 0.00001, 0.003, 0.001),
        "slip": Chances(0.02, 0.00005, 0.01, 0.005),
        "same company": Chances(0.05, 0.002, 0.04, 0.72),
        "different": Chances(0.25, 0.997, 0.747, 0.05),
    },
    "phone": _PHONE,
    "address": {
        "same house": Chances(0.40, 0.000005, 0.60, 0.40),
        "postcode and number": Chances(0.05, 0.00003, 0.03, 0.02),
        "street and number": Chances(0.05, 0.00003, 0.03, 0.02),
        "postcode and street": Chances(0.03, 0.0001, 0.02, 0.02),
        "postcode, no street known": Chances(0.10, 0.0005, 0.10, 0.10),
        "postcode, another street": Chances(0.03, 0.001, 0.02, 0.03),
        "street": Chances(0.02, 0.0005, 0.005, 0.01),
        "city, no more known": Chances(0.15, 0.005, 0.15, 0.13),
        "district": Chances(0.02, 0.004, 0.01, 0.03),
        "city, another address": Chances(0.04, 0.005, 0.02, 0.05),
        "similar city": Chances(0.02, 0.001, 0.005, 0.01),
        "different": Chances(0.09, 0.98, 0.01, 0.18),
    },
    "country": _COUNTRY,
    "employer": {
        "same": Chances(0.55, 0.0005, 0.05, 0.70),
        "similar": Chances(0.20, 0.0005, 0.02, 0.18),
        "one word": Chances(0.05, 0.01, 0.01, 0.04),
        "different": Chances(0.20, 0.989, 0.92, 0.08),
    },
    "identifier": _IDENTIFIER,
}
_ORGANISATION: Final[Mapping[str, Mapping[str, Chances]]] = {
    "organisation": {
        "same": Chances(0.59, 0.0001, 0.32),
        "another company of the name": Chances(0.004, 0.0002, 0.12),
        "one of several names": Chances(0.05, 0.0001, 0.04),
        "slip": Chances(0.08, 0.000005, 0.04),
        "slip in a short name": Chances(0.02, 0.00005, 0.01),
        "part of the other": Chances(0.10, 0.0003, 0.15),
        "two words": Chances(0.04, 0.0005, 0.10),
        "similar": Chances(0.02, 0.0005, 0.02),
        "one word": Chances(0.04, 0.01, 0.15),
        "different": Chances(0.03, 0.988, 0.20),
    },
    "legal_form": {"same": Chances(0.90, 0.25, 0.70), "different": Chances(0.10, 0.75, 0.30)},
    "email": {
        # Who writes from a company's box and names no company works there, as a rule.
        "same, but one may be a person's": Chances(0.03, 0.000003, 0.20),
        "same": Chances(0.50, 0.000003, 0.08),
        "same, of several people": Chances(0.05, 0.0005, 0.05),
        "same domain": Chances(0.25, 0.00003, 0.67),
        "slip": Chances(0.03, 0.00001, 0.01),
        "different": Chances(0.17, 1.0, 0.19),
    },
    "phone": _PHONE
    | {
        "same, but one may be a person's": Chances(0.03, 0.000003, 0.20, 0.20),
        "same": Chances(0.57, 0.000005, 0.30, 0.20),
        "same, of several people": Chances(0.05, 0.0002, 0.10, 0.20),
        "different": Chances(0.35, 1.0, 0.60, 0.60),
    },
    "address": {
        "same house": Chances(0.40, 0.000005, 0.15, 0.80),
        "postcode and number": Chances(0.05, 0.00003, 0.004, 0.05),
        "street and number": Chances(0.05, 0.00003, 0.004, 0.05),
        "postcode and street": Chances(0.03, 0.0001, 0.006, 0.02),
        "postcode, no street known": Chances(0.10, 0.0005, 0.03, 0.03),
        "postcode, another street": Chances(0.03, 0.001, 0.03, 0.01),
        "street": Chances(0.02, 0.0005, 0.003, 0.001),
        "city, no more known": Chances(0.17, 0.005, 0.06, 0.02),
        "district": Chances(0.02, 0.004, 0.05, 0.001),
        "city, another address": Chances(0.04, 0.005, 0.15, 0.001),
        "similar city": Chances(0.02, 0.001, 0.005, 0.001),
        "different": Chances(0.07, 0.98, 0.618, 0.017),
    },
    "name_and_place": {
        "same name in one house": Chances(0.5, 0.5, 0.005, 0.5),
        "different": Chances(0.5, 0.5, 0.53, 0.5),
    },
    "country": _COUNTRY,
    "identifier": {
        "same": Chances(0.90, 0.000002, 0.10),
        "slip": Chances(0.07, 0.00001, 0.02),
        "different": Chances(0.03, 1.0, 0.88),
    },
}

PRIOR: Final = MappingProxyType({"person": _PERSON, "organisation": _ORGANISATION})
"""Chances by kind of party, field and outcome."""
