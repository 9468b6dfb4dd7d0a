"""Match keys: short texts that two records of one customer are likely to share (blocking).

A key finds candidates and says nothing about how good a match is. One attribute alone is a key
where it is rare; two together where either is common. Keys that too many records share are left
out, so that none of them costs quadratic time. A mailbox, line or domain that too many records have
is nobody's own: that too is told by how many hold its key.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final

from hub.match.features import Features, in_order
from hub.match.phones import line_of
from hub.match.texts import sound

FREQUENT: Final = 100
"""A key that more distinct profiles hold than this finds no candidates."""
WIDE: Final = 20
"""The same of a key that strangers often share: one name, or a sound and a place."""
SHARED: Final = 12
"""A mailbox or line of more distinct profiles than this is nobody's own."""
SHARED_DOMAIN: Final = 4 * SHARED
"""A domain of more distinct profiles than this is a provider's."""
COUNTED: Final = "pd:"
"""Prefix of keys that find no candidates: persons of a domain are only counted."""
DOMAINS: Final = ("dm:", COUNTED)
"""Prefixes of keys that say how many share a domain."""
_CAPS: Final = MappingProxyType(
    {
        "em:": (SHARED, FREQUENT),
        "ph:": (SHARED, FREQUENT),
        "dm:": (SHARED_DOMAIN, FREQUENT),
        COUNTED: (SHARED_DOMAIN,),
        **dict.fromkeys(("fa:", "np:", "na:", "ne:", "ow:", "oa:", "os:", "hs:"), (WIDE,)),
    }
)
_USUAL_CAPS: Final = (FREQUENT,)
LEAST_CAP: Final = min(cap for caps in (*_CAPS.values(), _USUAL_CAPS) for cap in caps)
"""No key means anything else up to so many holders."""
_PERSON_KINDS = frozenset({"person", "open"})


def caps_of(key: str) -> tuple[int, ...]:
    """The numbers of holders above which a key means something else, the smallest first."""
    return _CAPS.get(key[:3], _USUAL_CAPS)


def most_holders(key: str) -> int:
    """A key that more distinct profiles hold finds no candidates."""
    return caps_of(key)[-1]


def most_holders_sql(prefix: str) -> str:
    """The same as an expression of a column with the keys' prefixes."""
    cases = " ".join(f"when '{prefix}' then {caps[-1]}" for prefix, caps in _CAPS.items())
    return f"case {prefix} {cases} else {FREQUENT} end"


def email_match_key(address: str) -> str:
    """The key of a standardised address."""
    return f"em:{address}"


def phone_match_key(number: str) -> str:
    """The key of a standardised number."""
    return f"ph:{line_of(number)}"


def contact_keys(row: Features) -> set[str]:
    """The keys whose holders say whether the record's contact points are its own."""
    keys: list[str] = []
    _add_each(keys, "em:", row.mailboxes)
    _add_each(keys, "em:", row.desks)
    _add_each(keys, "ph:", row.phones)
    _add_each(keys, "dm:", row.domains)
    _add_each(keys, COUNTED, row.domains)
    return set(keys)


def without_shared(row: Features, shared: AbstractSet[str]) -> Features:
    """The row with contact points of too many records, given by their keys, as nobody's own."""
    if shared.isdisjoint(contact_keys(row)):
        return row
    mailboxes, common_mailboxes = _split("em", row.mailboxes, shared)
    desks, common_desks = _split("em", row.desks, shared)
    phones, common_phones = _split("ph", row.phones, shared)
    given = (*(row.shared_mailboxes or ()), *common_mailboxes, *common_desks)
    return row._replace(
        mailboxes=mailboxes,
        desks=desks,
        shared_mailboxes=tuple(sorted(set(given))) or None,
        phones=phones,
        shared_phones=tuple(sorted({*(row.shared_phones or ()), *common_phones})) or None,
        domains=_split("dm", _split("pd", row.domains, shared)[0], shared)[0],
    )


def _split(
    prefix: str, values: tuple[str, ...] | None, common: AbstractSet[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Values that are the record's own, and those that are not."""
    own: list[str] = []
    shared: list[str] = []
    for value in values or ():
        (shared if f"{prefix}:{value}" in common else own).append(value)
    return tuple(own) or None, tuple(shared)


def match_keys(row: Features) -> frozenset[str]:
    """Every key of a record; plain loops, since this runs for every record."""
    keys: list[str] = []
    _add_each(keys, "id:", row.identifiers)
    if row.mailboxes:
        _add_each(keys, "em:", row.mailboxes)
    if row.phones:
        _add_each(keys, "ph:", row.phones)
    if row.houses:
        _add_each(keys, "ho:", row.houses)
    areas = [row.postcode] if row.postcode else []
    if row.city:
        areas.append(row.city[:8])
    if row.kind in _PERSON_KINDS:
        _add_person_keys(keys, row, areas)
    if row.kind != "person":
        _add_organisation_keys(keys, row, areas)
    return frozenset(keys)


def _add_each(keys: list[str], prefix: str, values: Iterable[str] | None) -> None:
    """None is asked for before, where it is frequent: a call costs more than the asking."""
    if values:
        for value in values:
            keys.append(prefix + value)  # noqa: PERF401  # a comprehension costs more for one


def _add_person_keys(keys: list[str], row: Features, areas: list[str]) -> None:
    if row.kind == "person":
        _add_each(keys, COUNTED, row.domains)
    if row.mail_names:
        keys += ["mn:" + name for name in row.mail_names if len(name) > 6]
    heard = _add_name_keys(keys, row)
    if areas:
        keys += [f"na:{name}:{area}" for name in heard for area in areas]
    if row.domains:
        keys += [f"nd:{name}:{domain}" for name in heard for domain in row.domains]
    if row.employer:
        keys += [f"ne:{name}:{_start_of(row.employer)}" for name in heard]
    if row.birth_date:
        _add_birth_keys(keys, row.birth_date, heard, areas)
    _add_house_keys(keys, row, heard, 1)


def _start_of(name: str) -> str:
    return name.replace(" ", "")[:8]


def _add_birth_keys(keys: list[str], born: str, heard: Iterable[str], areas: Iterable[str]) -> None:
    keys.append("bd:" + born)
    keys += [f"ba:{born}:{area}" for area in areas]
    keys += [f"nb:{name}:{born}" for name in heard]


def _add_name_keys(keys: list[str], row: Features) -> set[str]:
    """A name's own keys; gives how its parts sound, for keys with where or when one lives."""
    given, family = row.given or "", row.family or ""
    heard = {sound(given)} if len(given) > 1 else set()
    if len(family) > 1:
        keys.append("fa:" + family)
        heard.add(sound(family))
    if given and family:
        keys.append("nm:" + in_order(given, family))
        keys.append("np:" + in_order(given[:3], family[:4]))
    return heard


def _add_house_keys(keys: list[str], row: Features, heard: Iterable[str], letters: int) -> None:
    """A house in a street and how names in it start, wherever that is: the town may be wrong."""
    if row.street and row.house_number:
        marks = {name[:letters] for name in heard if name}
        _add_each(keys, f"hs:{row.house_number}:{row.street[:5]}:", marks)


def _add_organisation_keys(keys: list[str], row: Features, areas: list[str]) -> None:
    _add_each(keys, "dm:", row.domains)
    _add_each(keys, "em:", row.desks)
    if row.organisation:
        keys.append("on:" + row.organisation)
        keys.append("os:" + row.organisation.replace(" ", "")[:10])
    if not row.organisation_words:
        return
    heard = {sound(word) for word in row.organisation_words if len(word) > 2}
    for name in heard:
        keys.append("ow:" + name)
        _add_each(keys, f"oa:{name}:", areas)
    _add_house_keys(keys, row, heard, 2)
