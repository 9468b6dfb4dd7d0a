"""The matching model: how much each agreement or disagreement of two profiles weighs.

Weights are tenths of a bit: 10 doubles the odds that two records are one customer. They add up
because the fields are taken as independent (Fellegi and Sunter, 1969). The prior is in the grades:
two records that share no more than a rare full name are 60, below every grade. What is missing on
one side weighs nothing. A veto says that the two are different, whatever else agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from enum import StrEnum
from typing import Final, NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from hub.match.keys import (
    domain_key,
    email_match_key,
    name_keys,
    organisation_key,
    phone_match_key,
)
from hub.match.names import NameAgreement, PersonName, compare_names
from hub.match.organisations import OrganisationAgreement, best_agreement, forms_differ
from hub.match.places import PlaceAgreement, nearest
from hub.match.profile import Identifier, Profile
from hub.match.standardise import compare_dates, email_domain

CERTAIN: Final = 100
PROBABLE: Final = 75
POSSIBLE: Final = 65
FREQUENT: Final = 12
"""A key that more distinct profiles hold than this finds no candidates and weighs next to nothing."""


class Grade(StrEnum):
    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    NONE = "none"


class Evidence(NamedTuple):
    """One field's part in the weight; names the outcome, never the values."""

    field: str
    outcome: str
    weight: int


class Comparison(NamedTuple):
    """What two profiles have for and against them; ``vetoes`` names why they are different."""

    weight: int
    grade: Grade
    evidence: tuple[Evidence, ...]
    vetoes: tuple[str, ...]


_VETO: Final = -200
_REVIEWABLE: Final = frozenset({"customer_no"})
_PERSON_NAME: Final = {
    NameAgreement.FULL: 60,
    NameAgreement.NICKNAME: 50,
    NameAgreement.SIMILAR: 45,
    NameAgreement.INITIAL: 30,
    NameAgreement.PARTIAL: 10,
    NameAgreement.FAMILY_DIFFERS: -40,
    NameAgreement.GIVEN_DIFFERS: _VETO,
    NameAgreement.DIFFERENT: _VETO,
    NameAgreement.GENERATION_DIFFERS: _VETO,
}
_ORGANISATION_NAME: Final = {
    OrganisationAgreement.SAME: 60,
    OrganisationAgreement.SIMILAR: 45,
    OrganisationAgreement.PART: 20,
    OrganisationAgreement.DIFFERENT: -60,
}
_PERSON_PLACE: Final = {
    PlaceAgreement.HOUSE: 60,
    PlaceAgreement.STREET: 35,
    PlaceAgreement.POSTCODE: 15,
    PlaceAgreement.CITY: 10,
    PlaceAgreement.UNKNOWN: 0,
    PlaceAgreement.ELSEWHERE: -10,
}
_ORGANISATION_PLACE: Final = {
    PlaceAgreement.HOUSE: 60,
    PlaceAgreement.STREET: 45,
    PlaceAgreement.POSTCODE: 40,
    PlaceAgreement.CITY: 25,
    PlaceAgreement.UNKNOWN: 0,
    PlaceAgreement.ELSEWHERE: -50,
}
_FREQUENT_LOSS: Final = 20


def compare(one: Profile, other: Profile, *, frequent: Set[str] = frozenset()) -> Comparison:
    """Weigh two profiles; ``frequent`` holds the match keys that too many profiles share."""
    if one.kind != other.kind:
        against = Evidence("kind", "person or organisation", _VETO)
        return Comparison(_VETO, Grade.NONE, (against,), ("kind",))
    evidence = _weigh(one, other, frequent)
    weight = sum(item.weight for item in evidence if item.weight > _VETO)
    vetoes = tuple(item.field for item in evidence if item.weight <= _VETO)
    return Comparison(weight, _grade(weight, evidence, vetoes), evidence, vetoes)


def _weigh(one: Profile, other: Profile, frequent: Set[str]) -> tuple[Evidence, ...]:
    """All evidence, or what was found up to the first veto that no person is asked about."""
    evidence: list[Evidence] = []
    for rule in _PERSON_RULES if one.kind == "person" else _ORGANISATION_RULES:
        evidence += rule(one, other, frequent)
        if any(item.weight <= _VETO and item.field not in _REVIEWABLE for item in evidence):
            break
    return tuple(evidence)


def _grade(weight: int, evidence: tuple[Evidence, ...], vetoes: tuple[str, ...]) -> Grade:
    """Names alone are namesakes; a second customer number may be a duplicate: a person looks."""
    if all(item.field == "name" or item.weight <= 0 for item in evidence):
        return Grade.NONE
    if vetoes:
        doubtful = _REVIEWABLE.issuperset(vetoes) and weight >= CERTAIN
        return Grade.PROBABLE if doubtful else Grade.NONE
    if weight >= CERTAIN:
        return Grade.CERTAIN
    if weight >= PROBABLE:
        return Grade.PROBABLE
    return Grade.POSSIBLE if weight >= POSSIBLE else Grade.NONE


_Rule = Callable[[Profile, Profile, Set[str]], Iterator[Evidence]]


def _person_name(one: Profile, other: Profile, frequent: Set[str]) -> Iterator[Evidence]:
    pairs = [(a, b) for a in one.people for b in other.people]
    if not pairs:
        return
    weighed = [(_PERSON_NAME[compare_names(a, b)], a, b) for a, b in pairs]
    weight, left, right = max(weighed, key=lambda item: item[0])
    outcome = compare_names(left, right).value
    if weight > 30 and _is_frequent(left, right, frequent):
        weight, outcome = weight - _FREQUENT_LOSS, f"{outcome}, frequent"
    yield Evidence("name", outcome, weight)


def _is_frequent(one: PersonName, other: PersonName, frequent: Set[str]) -> bool:
    return not frequent.isdisjoint(name_keys(one) & name_keys(other))


def _birth_date(one: Profile, other: Profile, _frequent: Set[str]) -> Iterator[Evidence]:
    if one.birth_date and other.birth_date:
        outcome = compare_dates(one.birth_date, other.birth_date)
        weight = {"same": 80, "near": 40, "other": _VETO}[outcome]
        yield Evidence("birth_date", outcome, weight)


def _person_email(one: Profile, other: Profile, frequent: Set[str]) -> Iterator[Evidence]:
    """A desk's address says no more than that both work there."""
    shared = one.mailboxes & other.mailboxes
    if shared:
        rare = any(email_match_key(address) not in frequent for address in shared)
        yield Evidence("email", "same", 100 if rare else 30)
    elif _common_domain(one, other, frequent):
        yield Evidence("email", "same company", 25)


def _common_domain(one: Profile, other: Profile, frequent: Set[str]) -> bool:
    return any(domain_key(domain) not in frequent for domain in one.domains & other.domains)


def _phone(one: Profile, other: Profile, frequent: Set[str]) -> Iterator[Evidence]:
    own = one.phones & other.phones
    if any(phone_match_key(number) not in frequent for number in own):
        yield Evidence("phone", "same", 60)
    elif own or (one.phones | one.switchboards) & (other.phones | other.switchboards):
        yield Evidence("phone", "same, shared by many", 10)


def _person_place(one: Profile, other: Profile, _frequent: Set[str]) -> Iterator[Evidence]:
    found = nearest(one.places, other.places)
    if found is not None:
        yield Evidence("address", found.value, _PERSON_PLACE[found])


def _organisation_place(one: Profile, other: Profile, _frequent: Set[str]) -> Iterator[Evidence]:
    found = nearest(one.places, other.places)
    if found is not None:
        yield Evidence("address", found.value, _ORGANISATION_PLACE[found])


def _organisation_name(one: Profile, other: Profile, frequent: Set[str]) -> Iterator[Evidence]:
    found = best_agreement(one.organisations, other.organisations)
    if found is None:
        return
    weight, outcome = _ORGANISATION_NAME[found], found.value
    if found is not OrganisationAgreement.DIFFERENT:
        if _common_name_frequent(one, other, frequent):
            weight, outcome = weight - _FREQUENT_LOSS, f"{outcome}, frequent"
        if forms_differ(one.organisations, other.organisations):
            yield Evidence("legal_form", "another legal form", -50)
    yield Evidence("name", outcome, weight)


def _common_name_frequent(one: Profile, other: Profile, frequent: Set[str]) -> bool:
    left = {organisation_key(name) for name in one.organisations}
    right = {organisation_key(name) for name in other.organisations}
    return not frequent.isdisjoint(left & right)


def _organisation_reach(one: Profile, other: Profile, frequent: Set[str]) -> Iterator[Evidence]:
    """Mailbox and domain are one piece of evidence: the first implies the second."""
    mailboxes = (one.mailboxes | one.desks) & (other.mailboxes | other.desks)
    if any(email_match_key(address) not in frequent for address in mailboxes):
        company = any(email_domain(address) in one.domains for address in mailboxes)
        yield Evidence("email", "same", 70 if company else 60)
    elif _common_domain(one, other, frequent):
        yield Evidence("domain", "same", 55)


def _identifiers(one: Profile, other: Profile, _frequent: Set[str]) -> Iterator[Evidence]:
    shared = one.identifiers & other.identifiers
    registered = any(item.scheme != "customer_no" for item in shared)
    if shared:
        yield Evidence("identifier", "same", 140)
    for scheme, issuer in sorted(_conflicts(one, other)):
        if scheme == "customer_no" and registered:
            yield Evidence("customer_no", "another number of one issuer", -20)
        else:
            yield _conflict(scheme, issuer, one, other)


def _conflicts(one: Profile, other: Profile) -> set[tuple[str, str]]:
    """Scheme and issuer that both state, without one value in common."""
    if not one.identifiers or not other.identifiers:
        return set()
    shared = {(item.scheme, item.issuer) for item in one.identifiers & other.identifiers}
    left = {(item.scheme, item.issuer) for item in one.identifiers}
    return left & {(item.scheme, item.issuer) for item in other.identifiers} - shared


def _conflict(scheme: str, issuer: str, one: Profile, other: Profile) -> Evidence:
    slip = any(
        len(a.value) > 7 and DamerauLevenshtein.distance(a.value, b.value, score_cutoff=1) == 1
        for a in _of(one, scheme, issuer)
        for b in _of(other, scheme, issuer)
    )
    if slip and scheme != "customer_no":
        return Evidence(scheme, "nearly the same", -20)
    return Evidence(scheme, "another number of one issuer", _VETO)


def _of(profile: Profile, scheme: str, issuer: str) -> list[Identifier]:
    return [i for i in profile.identifiers if (i.scheme, i.issuer) == (scheme, issuer)]


_PERSON_RULES: Final[tuple[_Rule, ...]] = (
    _person_name,
    _birth_date,
    _person_email,
    _phone,
    _person_place,
    _identifiers,
)
_ORGANISATION_RULES: Final[tuple[_Rule, ...]] = (
    _organisation_name,
    _organisation_reach,
    _phone,
    _organisation_place,
    _identifiers,
)
