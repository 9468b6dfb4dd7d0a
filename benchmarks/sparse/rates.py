"""How often everything happens: the one place where the difficulty of the data is set.

A name is ``group.what``; the marginals print each rate beside what came of it.
"""

from __future__ import annotations

from typing import Final

SYSTEMS: Final = ("sales", "helpdesk", "mailbox", "erp")

_WORLD: Final = {
    "private household": 0.42,  # of the units made, the rest are companies
    "middle name": 0.18,
    "double family name": 0.06,
    "married, took the other's name": 0.25,
    "moved": 0.15,
    "new mobile": 0.1,
    "new mail": 0.08,
    "second mail": 0.14,
    "has landline": 0.45,
    "mail says nothing of the name": 0.12,
    "trading name": 0.12,
    "trading name alone": 0.45,
    "company moved": 0.12,
    "tax number of a person": 0.4,
}
_HARD: Final = {
    "member is a customer": 0.16,
    "household has one mailbox": 0.12,
    "partner has another name": 0.2,
    "father and son of one name": 0.07,
    "twins": 0.05,
    "namesake in town": 0.03,
    "re-assigned phone": 0.012,
    "group of companies": 0.1,
    "branch of a company": 0.1,
    "shares the group's switchboard": 0.5,
    "shares the group's address": 0.2,
    "franchise": 0.04,
    "one-man business": 0.14,
    "direct dial": 0.45,
    "writes from the company's box": 0.08,
    "uses the company's address": 0.2,
    "shared desk phone": 0.4,
}
_IN: Final = {
    "sales": 0.55,
    "helpdesk": 0.4,
    "mailbox": 0.35,
    "erp": 0.5,
    "company sales": 0.62,
    "company helpdesk": 0.25,
    "company mailbox": 0.35,
    "company erp": 0.72,
}
_TWICE: Final = {
    "sales": 0.2,
    "helpdesk": 0.1,
    "mailbox": 0.1,
    "erp": 0.1,
    "third lead": 0.2,
}
_FILLED: Final = {
    "sales email": 0.85,
    "sales phone": 0.72,
    "sales organisation": 0.7,
    "sales city": 0.55,
    "sales street": 0.22,
    "sales country": 0.75,
    "sales birth_date": 0.1,
    "helpdesk email": 0.93,
    "helpdesk phone": 0.3,
    "helpdesk organisation": 0.25,
    "helpdesk country": 0.3,
    "mailbox name": 0.8,
    "erp street": 0.95,
    "erp region": 0.45,
    "erp phone": 0.64,
    "erp email": 0.45,
    "erp birth_date": 0.5,
    "erp organisation": 0.5,
    "company email": 0.6,
    "company phone": 0.7,
    "company city": 0.6,
    "company street": 0.3,
    "company tax_id": 0.68,
    "sales tax_id": 0.06,
}
_SLIPS: Final = {
    "record is old": 0.15,  # it tells the former address, name, phone, mail
    "typo": 0.035,
    "read wrongly": 0.02,
    "heard wrongly": 0.028,
    "without accents": 0.22,
    "nickname": 0.12,
    "initial only": 0.03,
    "given name only": 0.04,
    "with middle name": 0.3,
    "half a double name": 0.2,
    "parts swapped": 0.05,
    "family name first": 0.08,
    "capitals": 0.04,
    "erp capitals": 0.3,
    "erp parts swapped": 0.1,
    "erp in one field": 0.2,
    "title": 0.05,
    "mail mistyped": 0.025,
    "mail in capitals": 0.06,
    "digit of phone wrong": 0.025,
    "dummy phone": 0.02,
    "dummy mail": 0.006,
    "phone of home": 0.35,
    "private mail at work": 0.1,
    "legal form left out": 0.35,
    "legal form otherwise": 0.5,
    "company abbreviated": 0.08,
    "word left out": 0.05,
    "company's initials": 0.02,
    "day and month swapped": 0.04,
    "digit of date wrong": 0.025,
    "default date": 0.03,
    "street abbreviated": 0.4,
    "house number wrong": 0.03,
    "house number left out": 0.04,
    "other name of town": 0.15,
    "postcode wrong": 0.03,
    "digit of tax number wrong": 0.02,
    "tax number otherwise": 0.3,
}

_GROUPS: Final = {
    "world": _WORLD,
    "hard": _HARD,
    "in": _IN,
    "twice": _TWICE,
    "filled": _FILLED,
    "slip": _SLIPS,
}
RATES: Final = {
    f"{group}: {name}": rate for group, rates in _GROUPS.items() for name, rate in rates.items()
}
