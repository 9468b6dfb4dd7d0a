"""Match keys: short texts that two records of one customer are likely to share (blocking).

A key finds candidates and says nothing about how good a match is. One attribute alone is a key
where it is rare; two together where either is common. Keys that too many records share are left
out, so that none of them costs quadratic time. A mailbox, line or domain that too many records have
is nobody's own: that too is told by how many hold its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Final

from hub.match.features import Features
from hub.match.texts import sound

FREQUENT: Final = 100
"""A key that more distinct profiles hold than this finds no candidates."""
SHARED: Final = 12
"""A mailbox or line of more distinct profiles than this is nobody's own."""
SHARED_DOMAIN: Final = 4 * SHARED
"""A domain of more distinct profiles than this is a provider's."""
COUNTED: Final = "pd:"
"""Prefix of keys that find no candidates: persons of a domain are only counted."""
_CAPS: Final = MappingProxyType(
    {
        "em:": (SHARED, FREQUENT),
        "ph:": (SHARED, FREQUENT),
        "dm:": (SHARED_DOMAIN, FREQUENT),
        COUNTED: (SHARED_DOMAIN,),
    }
)
_USUAL_CAPS: Final = (FREQUENT,)
_PERSON_KINDS = frozenset({"person", "open"})


def caps_of(key: str) -> tuple[int, ...]:
    """The numbers of holders above which a key means something else, the smallest first."""
    return _CAPS.get(key[:3], _USUAL_CAPS)


def email_match_key(address: str) -> str:
    """The key of a standardised address."""
    return f"em:{address}"


def phone_match_key(number: str) -> str:
    """The key of a standardised number."""
    return f"ph:{number}"


def contact_keys(row: Features) -> set[str]:
    """The keys whose holders say whether the record's contact points are its own."""
    return {
        *_each("em", row.mailboxes),
        *_each("em", row.desks),
        *_each("ph", row.phones),
        *_each("dm", row.domains),
        *_each("pd", row.domains),
    }


def without_shared(row: Features, shared: Iterable[str]) -> Features:
    """The row with contact points of too many records, given by their keys, as nobody's own."""
    common = set(shared)
    mailboxes, common_mailboxes = _split("em", row.mailboxes, common)
    desks, common_desks = _split("em", row.desks, common)
    phones, common_phones = _split("ph", row.phones, common)
    given = (*(row.shared_mailboxes or ()), *common_mailboxes, *common_desks)
    return row._replace(
        mailboxes=mailboxes,
        desks=desks,
        shared_mailboxes=tuple(sorted(set(given))) or None,
        phones=phones,
        shared_phones=tuple(sorted({*(row.shared_phones or ()), *common_phones})) or None,
        domains=_split("dm", _split("pd", row.domains, common)[0], common)[0],
    )


def _split(
    prefix: str, values: tuple[str, ...] | None, common: set[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Values that are the record's own, and those that are not."""
    own = tuple(value for value in values or () if f"{prefix}:{value}" not in common)
    return own or None, tuple(value for value in values or () if value not in own)


def match_keys(row: Features) -> frozenset[str]:
    """Every key of a record."""
    keys = {key for key in _common_keys(row) if key}
    if row.kind in _PERSON_KINDS:
        keys.update(_person_keys(row))
    if row.kind != "person":
        keys.update(_organisation_keys(row))
    return frozenset(keys)


def _each(prefix: str, values: Iterable[str] | None) -> Iterator[str]:
    return (f"{prefix}:{value}" for value in values or ())


def _common_keys(row: Features) -> Iterator[str]:
    yield from _each("id", row.identifiers)
    yield from _each("em", row.mailboxes)
    yield from _each("ph", row.phones)
    yield from _each("ho", row.houses)


def _areas(row: Features) -> list[str]:
    return [area for area in (row.postcode, (row.city or "")[:8]) if area]


def _person_keys(row: Features) -> Iterator[str]:
    if row.kind == "person":
        yield from _each("pd", row.domains)
    yield from (f"mn:{name}" for name in row.mail_names or () if len(name) > 6)
    yield from _name_keys(row.given or "", row.family or "")
    yield from _heard_keys(row)


def _heard_keys(row: Features) -> Iterator[str]:
    """A name as it sounds, with where or when its bearer lives."""
    heard = {sound(word) for word in (row.given, row.family) if word and len(word) > 1}
    for name in heard:
        yield from (f"na:{name}:{area}" for area in _areas(row))
        yield from (f"nd:{name}:{domain}" for domain in row.domains or ())
    if row.birth_date:
        yield f"bd:{row.birth_date}"
        yield from (f"nb:{name}:{row.birth_date}" for name in heard)
        yield from (f"ba:{row.birth_date}:{area}" for area in _areas(row))
    yield from _house_keys(row, {name[0] for name in heard if name})


def _name_keys(given: str, family: str) -> Iterator[str]:
    if given and family:
        yield f"nm:{' '.join(sorted((given, family)))}"
        yield f"np:{' '.join(sorted((given[:3], family[:4])))}"
    if len(family) > 1:
        yield f"fa:{family}"


def _house_keys(row: Features, marks: Iterable[str]) -> Iterator[str]:
    """A house in a street, wherever that is: city and postcode may be wrong."""
    if row.street and row.house_number:
        yield from (f"hs:{row.house_number}:{row.street[:5]}:{mark}" for mark in marks)


def _organisation_keys(row: Features) -> Iterator[str]:
    yield from _each("dm", row.domains)
    yield from _each("em", row.desks)
    words = row.organisation_words or ()
    if row.organisation:
        yield f"on:{row.organisation}"
        yield f"os:{row.organisation.replace(' ', '')[:10]}"
    heard = {sound(word) for word in words if len(word) > 2}
    for name in heard:
        yield f"ow:{name}"
        yield from (f"oa:{name}:{area}" for area in _areas(row))
    yield from _house_keys(row, {name[:2] for name in heard})
