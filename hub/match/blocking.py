"""Match keys: short texts that two records of one customer are likely to share (blocking).

A key finds candidates and says nothing about how good a match is. One attribute alone is a key
where it is rare; two together where either is common. Keys that too many records share are left
out, so that none of them costs quadratic time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.match.features import Features
from hub.match.texts import sound

FREQUENT = 100
"""A key that more distinct profiles hold than this finds no candidates."""
SHARED = 12
"""A mailbox, line or domain of more distinct profiles than this is nobody's own."""

_PERSON_KINDS = frozenset({"person", "open"})


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
