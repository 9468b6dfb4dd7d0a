"""A profile as one flat row: what the matching model compares, on DuckDB, on Spark and in Python.

Texts are folded, lists sorted; what is not known is None, never empty. ``given`` and ``family`` are
the fullest form of a person's name, the lists hold every form that was stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from hub.match.given import root_names
from hub.match.names import PersonName
from hub.match.organisations import OrganisationName
from hub.match.places import Place
from hub.match.profile import Identifier, Profile
from hub.match.texts import sound

_Texts = tuple[str, ...] | None


class Features(NamedTuple):
    """One record's row.

    ``desks`` are mailboxes like info@; ``shared_…`` are left empty for the contact points that turn
    out to be those of too many records.
    """

    kind: str
    given: str | None = None
    given_sound: str | None = None
    given_forms: _Texts = None
    family: str | None = None
    family_words: _Texts = None
    other_words: _Texts = None
    generation: str | None = None
    birth_date: str | None = None
    organisation: str | None = None
    organisation_words: _Texts = None
    legal_form: str | None = None
    mailbox: str | None = None
    mailboxes: _Texts = None
    mail_names: _Texts = None
    desks: _Texts = None
    shared_mailboxes: _Texts = None
    domains: _Texts = None
    phones: _Texts = None
    shared_phones: _Texts = None
    houses: _Texts = None
    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    identifiers: _Texts = None
    identifier: str | None = None
    issuers: _Texts = None


LISTS: Final = frozenset(
    [
        "given_forms",
        "family_words",
        "other_words",
        "organisation_words",
        "mailboxes",
        "mail_names",
        "desks",
        "shared_mailboxes",
        "domains",
        "phones",
        "shared_phones",
        "houses",
        "identifiers",
        "issuers",
    ]
)
"""Columns that hold a list of texts; the others hold one text."""


def build_features(profile: Profile) -> Features:
    """The row of a profile."""
    name = max(profile.people, key=_fullness, default=None)
    company = max(profile.organisations, key=_length, default=None)
    place = max(profile.places, key=_known_parts, default=None)
    return Features(
        kind=profile.kind,
        **_name_features(name, profile.people),
        birth_date=profile.birth_date,
        organisation=" ".join(sorted(company.words)) if company else None,
        organisation_words=_list(w for item in profile.organisations for w in item.words),
        legal_form=(company.form or None) if company else None,
        **_reach_features(profile),
        **_place_features(place, profile.places),
        **_identifier_features(profile.identifiers),
    )


def _fullness(name: PersonName) -> tuple[int, PersonName]:
    return sum(map(len, name.given)) + sum(map(len, name.family)), name


def _length(name: OrganisationName) -> tuple[int, OrganisationName]:
    return sum(map(len, name.words)), name


def _known_parts(place: Place) -> tuple[int, Place]:
    return sum(map(bool, place)), place


def _list(values: Iterable[str]) -> _Texts:
    return tuple(sorted({value for value in values if value})) or None


def _name_features(name: PersonName | None, names: Iterable[PersonName]) -> dict[str, Any]:
    if name is None:
        return {}
    given = name.given[0] if name.given else ""
    first = [word for item in names for word in item.given if len(word) > 1]
    return {
        "given": given or None,
        "given_sound": sound(given) if len(given) > 1 else None,
        "given_forms": _list([*first, *(root for word in first for root in root_names(word))]),
        "family": "".join(name.family) or None,
        "family_words": _list(word for item in names for word in item.family),
        "other_words": _list(word for item in names for word in _other_words(item)),
        "generation": name.generation or None,
    }


def _other_words(name: PersonName) -> Iterable[str]:
    words = (*name.given[1:], *name.family)
    return (word for word in words if len(word) > 2 and word not in name.given[:1])


def _reach_features(profile: Profile) -> dict[str, Any]:
    return {
        "mailbox": min(profile.mailboxes, default=None),
        "mailboxes": _list(profile.mailboxes),
        "mail_names": _list(filter(_is_telling, (_local(a) for a in profile.mailboxes))),
        "desks": _list(profile.desks),
        "domains": _list(profile.domains),
        "phones": _list(profile.phones),
        "shared_phones": _list(profile.switchboards),
    }


def _local(address: str) -> str:
    return address.partition("@")[0]


def _is_telling(local: str) -> bool:
    """A name with a number is somebody's choice; a bare name says what the name says already."""
    return len(local) > 5 and any(char.isdigit() for char in local)


def _place_features(place: Place | None, places: Iterable[Place]) -> dict[str, Any]:
    if place is None:
        return {}
    known = {name: value or None for name, value in place._asdict().items()}
    return {
        "houses": _list(map(_house, places)),
        "street": known["street"],
        "house_number": known["number"],
        "postcode": known["postcode"],
        "city": known["city"],
        "country": known["country"],
    }


def _house(place: Place) -> str:
    if not (place.street and place.number):
        return ""
    return f"{place.street}|{place.number}|{place.postcode or place.city}"


def _identifier_features(identifiers: Iterable[Identifier]) -> dict[str, Any]:
    stated = _list(f"{item.scheme}:{item.issuer}:{item.value}" for item in identifiers)
    return {
        "identifiers": stated,
        "identifier": stated[0] if stated else None,
        "issuers": _list(
            f"{item.scheme}:{item.issuer}"
            for item in identifiers
            if item.scheme != "customer_no"  # one customer may well have two accounts
        ),
    }
