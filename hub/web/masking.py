"""What of a customer each role sees: contact data only who works with them needs.

A steward compares addresses, and a controller reads payments; those two see all. A viewer and an
administrator see names, numbers and business, but no e-mail address, telephone number, postal
address, date of birth or number of a register.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from hub.roles import Role
from hub.web.access import Person

MASK: Final = "•••"
_SEEING: Final = frozenset({Role.STEWARD, Role.CONTROLLER})
_PERSONAL: Final = frozenset(
    {
        *("email", "emails", "phone", "phones", "fax", "web", "webs", "social", "contact_points"),
        *("address", "addresses", "postal", "lines", "street", "name_and_place"),
        "birth_date",
        *(
            "birth",
            "born",
            "identifier",
            "identifiers",
            "eu_vat",
            "lei",
            "duns",
            "registry",
            "national_id",
            "tax_id",
            "iban",
        ),
        *("value_raw", "value_norm"),
    }
)
_WITHHELD: Final = "payload"
"""What a system said is shown as a whole or not at all."""
_KEPT: Final = frozenset({"connection", "type", "key", "part", "rule", "kind", "scheme", "country"})
"""What says where a value comes from and what it is, beside it."""
_NAMERS: Final = ("field", "name", "attribute")
_SAID: Final = frozenset(
    {"left", "right", "value", "before", "found", "held", "origins", "losers", "claims"}
)
"""Beside the name of a field, what stands in it."""
_ADDRESS: Final = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+")


def sees_personal(person: Person) -> bool:
    """Whether one of the person's own roles works with contact data."""
    return bool(person.roles & _SEEING)


def masked(content: Any, person: Person) -> Any:
    """Content as JSON holds it, as the person may see it."""
    return content if sees_personal(person) else _masked(content)


def masked_text(text: str) -> str:
    """A text without the e-mail addresses in it: a source key may be one."""
    return _ADDRESS.sub(MASK, text)


def _masked(content: Any) -> Any:
    if isinstance(content, str):
        return masked_text(content)
    if isinstance(content, list):
        return [_masked(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    hidden = any(_is_personal(content.get(name)) for name in _NAMERS)
    return {name: _shown(name, value, hidden=hidden) for name, value in content.items()}


def _shown(name: str, value: Any, *, hidden: bool) -> Any:
    if name == _WITHHELD:
        return None
    personal = name in _PERSONAL or (hidden and name in _SAID)
    return _hidden(value) if personal else _masked(value)


def _is_personal(name: object) -> bool:
    """A field may be named by its path (organisation.identifiers), or as people write it."""
    if not isinstance(name, str):
        return False
    path = re.split(r"[.\[\]]", name.replace(" ", "_"))
    return not _PERSONAL.isdisjoint(path)


def _hidden(content: Any) -> Any:
    if isinstance(content, list):
        return [_hidden(item) for item in content]
    if isinstance(content, Mapping):
        return {
            name: _masked(value) if name in _KEPT else _hidden(value)
            for name, value in content.items()
        }
    return MASK if isinstance(content, str) else None if content is None else content
