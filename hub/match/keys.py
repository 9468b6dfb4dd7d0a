"""Match keys: short texts that two records of one customer are likely to share (blocking)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from hub.match.given import root_names
from hub.match.names import PersonName
from hub.match.organisations import OrganisationName
from hub.match.places import Place
from hub.match.profile import OPEN, Identifier, Profile
from hub.match.texts import sound


def match_keys(profile: Profile) -> frozenset[str]:
    """Every key of the profile; a key says nothing about how good a match would be."""
    common = (
        *(key for item in profile.identifiers for key in _identifier_keys(item)),
        *map(email_match_key, _own_emails(profile)),
        *map(phone_match_key, profile.phones),
    )
    return frozenset((*common, *_person_keys(profile), *_organisation_keys(profile)))


def identifier_key(identifier: Identifier) -> str:
    """Keyed by scheme and issuer: customer numbers of two systems never meet."""
    return f"id:{identifier.scheme}:{identifier.issuer}:{identifier.value}"


def _identifier_keys(identifier: Identifier) -> Iterator[str]:
    """An issuer may be left out, but for numbers that mean nothing without."""
    yield identifier_key(identifier)
    if identifier.issuer and identifier.scheme != "customer_no":
        yield identifier_key(Identifier(identifier.scheme, "", identifier.value))


def email_match_key(address: str) -> str:
    return f"em:{address}"


def phone_match_key(number: str) -> str:
    return f"ph:{number}"


def domain_key(domain: str) -> str:
    return f"dm:{domain}"


def colleague_key(domain: str) -> str:
    """People with a mailbox at one domain; it becomes frequent where the domain is a provider's."""
    return f"pd:{domain}"


@lru_cache(maxsize=65_536)
def name_keys(name: PersonName) -> frozenset[str]:
    """Full name in any order, with each name that a short form may stand for."""
    if not (name.given and name.family):
        return frozenset()
    family = "".join(name.family)
    firsts = {root for word in name.given if len(word) > 1 for root in root_names(word)}
    return frozenset("nm:" + " ".join(sorted((first, family))) for first in firsts)


def organisation_key(name: OrganisationName) -> str:
    """The whole name without its legal form, words in any order."""
    return "on:" + " ".join(sorted(name.words))


def _own_emails(profile: Profile) -> frozenset[str]:
    """A desk's address is an organisation's own, and nobody's else."""
    return profile.mailboxes if profile.kind == "person" else profile.mailboxes | profile.desks


def _areas(places: Iterable[Place]) -> set[str]:
    return {area for place in places for area in (place.postcode, place.city[:8]) if area}


def _person_keys(profile: Profile) -> Iterator[str]:
    if profile.birth_date:
        born = profile.birth_date
        yield from (f"bh:{born}:{place.number}" for place in profile.places if place.number)
    if profile.kind in ("person", OPEN):
        yield from map(colleague_key, profile.domains)
    areas = _areas(profile.places)
    for name in profile.people:
        yield from name_keys(name)
        words = (*name.family[:2], *name.given[:1])
        for heard in {sound(word) for word in words if len(word) > 1}:
            yield from (f"ns:{heard}:{area}" for area in areas)
            yield from (f"nd:{heard}:{domain}" for domain in profile.domains)
            if profile.birth_date:
                yield f"nb:{heard}:{profile.birth_date}"
        yield from _house_keys(profile.places, {word[0] for word in name.given + name.family})


def _house_keys(places: Iterable[Place], initials: Iterable[str]) -> Iterator[str]:
    for place in places:
        if place.number:
            yield from (f"hs:{place.number}:{place.street[:5]}:{initial}" for initial in initials)


def _organisation_keys(profile: Profile) -> Iterator[str]:
    if profile.kind != "person":
        yield from map(domain_key, profile.domains)
    areas = _areas(profile.places)
    for name in profile.organisations:
        yield organisation_key(name)
        longest = max(name.words, key=len)
        for word in {name.words[0], longest}:
            yield from (f"os:{sound(word)}:{area}" for area in areas)
            yield from _house_keys(profile.places, {sound(word)[:2]})
