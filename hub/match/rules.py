"""The matching model: how much each agreement or disagreement of two profiles weighs.

Weights are tenths of a bit: 10 doubles the odds that two records are one customer. They add up
because the fields are taken as independent (Fellegi and Sunter, 1969). The prior is in the grades:
two records that share no more than a rare full name are 60, below every grade. What is missing on
one side weighs nothing. A veto says that the two are different, whatever else agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from hub.match.keys import (
    colleague_key,
    domain_key,
    email_match_key,
    name_keys,
    organisation_key,
    phone_match_key,
)
from hub.match.names import NameAgreement, PersonName, compare_names
from hub.match.organisations import OrganisationAgreement, best_agreement, forms_differ
from hub.match.places import PlaceAgreement, nearest
from hub.match.profile import OPEN, Identifier, Profile
from hub.match.standardise import compare_dates, is_date, is_free_domain
from hub.match.texts import skeleton

CERTAIN: Final = 100
PROBABLE: Final = 75
POSSIBLE: Final = 65
FREQUENT: Final = 12
"""A key that more distinct profiles hold than this finds no candidates and weighs little."""


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
_REVIEWABLE: Final = frozenset({"customer_no", "branch", "given_name"})
_PERSON_NAME: Final = {
    NameAgreement.FULL: 60,
    NameAgreement.NICKNAME: 50,
    NameAgreement.SIMILAR: 45,
    NameAgreement.INITIAL: 30,
    NameAgreement.PARTIAL: 10,
    NameAgreement.OTHER_SCRIPT: 0,
    NameAgreement.FAMILY_DIFFERS: -40,
    NameAgreement.GIVEN_DIFFERS: _VETO,
    NameAgreement.DIFFERENT: _VETO,
    NameAgreement.GENERATION_DIFFERS: _VETO,
}
_ORGANISATION_NAME: Final = {
    OrganisationAgreement.SAME: 60,
    OrganisationAgreement.SIMILAR: 45,
    OrganisationAgreement.PART: 20,
    OrganisationAgreement.DIFFERENT: -80,
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


_Rule = Callable[[Profile, Profile, AbstractSet[str]], Iterator[Evidence]]


def compare(
    one: Profile, other: Profile, *, frequent: AbstractSet[str] = frozenset()
) -> Comparison:
    """Weigh two profiles; ``frequent`` holds the match keys that too many profiles share."""
    rules = _rules_for(one, other)
    if rules is None:
        against = Evidence("kind", "person or organisation", _VETO)
        return Comparison(_VETO, Grade.NONE, (against,), ("kind",))
    evidence = _weigh(one, other, rules=rules, frequent=frequent)
    weight = sum(item.weight for item in evidence if item.weight > _VETO)
    vetoes = tuple(item.field for item in evidence if item.weight <= _VETO)
    if weight < CERTAIN and any(item.field == "customer_no" for item in evidence):
        vetoes = (*vetoes, "customer_no")  # a second number needs much agreement to be a duplicate
    return Comparison(weight, _grade(weight, evidence, vetoes), evidence, vetoes)


def _rules_for(one: Profile, other: Profile) -> tuple[_Rule, ...] | None:
    """Which rules fit the two kinds; None for a person and an organisation."""
    kinds = {one.kind, other.kind} - {OPEN}
    if not kinds:
        people = _has_full_name(one) and _has_full_name(other)
        return _PERSON_RULES if people else _ORGANISATION_RULES
    if len(kinds) > 1:
        return None
    return _PERSON_RULES if kinds == {"person"} else _ORGANISATION_RULES


def _has_full_name(profile: Profile) -> bool:
    return any(name.given and name.family for name in profile.people)


def _weigh(
    one: Profile, other: Profile, *, rules: tuple[_Rule, ...], frequent: AbstractSet[str]
) -> tuple[Evidence, ...]:
    """All evidence, or what was found up to the first veto that no person is asked about."""
    evidence: list[Evidence] = []
    for rule in rules:
        found = list(rule(one, other, frequent))
        evidence += found
        if any(item.weight <= _VETO and item.field not in _REVIEWABLE for item in found):
            break
    return tuple(evidence)


def _grade(weight: int, evidence: tuple[Evidence, ...], vetoes: tuple[str, ...]) -> Grade:
    """Names alone are namesakes; some vetoes against much agreement are a person's to judge.

    One number under two names (a firm renamed, a number mistyped) is asked about at least.
    """
    if all(item.field == "name" or item.weight <= 0 for item in evidence):
        return Grade.NONE
    if vetoes:
        return Grade.PROBABLE if _worth_asking(weight, evidence, vetoes) else Grade.NONE
    return _grade_agreement(weight, evidence)


def _grade_agreement(weight: int, evidence: tuple[Evidence, ...]) -> Grade:
    if weight >= CERTAIN:
        return Grade.CERTAIN
    if weight >= PROBABLE:
        return Grade.PROBABLE
    numbered = any(item.field == "identifier" for item in evidence)
    return Grade.POSSIBLE if numbered or weight >= POSSIBLE else Grade.NONE


def _worth_asking(weight: int, evidence: tuple[Evidence, ...], vetoes: tuple[str, ...]) -> bool:
    """A family shares phone and address; that alone is no reason to ask about two given names."""
    if weight < CERTAIN or not _REVIEWABLE.issuperset(vetoes):
        return False
    own = any(item.field in ("email", "identifier") and item.outcome == "same" for item in evidence)
    return "given_name" not in vetoes or own


def _person_name(one: Profile, other: Profile, frequent: AbstractSet[str]) -> Iterator[Evidence]:
    pairs = [(a, b) for a in one.people for b in other.people]
    if not pairs:
        return
    weighed = [(_PERSON_NAME[compare_names(a, b)], a, b) for a, b in pairs]
    weight, left, right = max(weighed, key=lambda item: item[0])
    agreement = compare_names(left, right)
    outcome = agreement.value
    field = "given_name" if agreement is NameAgreement.GIVEN_DIFFERS else "name"
    if weight > 30 and _is_frequent(left, right, frequent):
        weight, outcome = weight - _FREQUENT_LOSS, f"{outcome}, frequent"
    yield Evidence(field, outcome, weight)


def _is_frequent(one: PersonName, other: PersonName, frequent: AbstractSet[str]) -> bool:
    return not frequent.isdisjoint(name_keys(one) & name_keys(other))


def _birth_date(one: Profile, other: Profile, _frequent: AbstractSet[str]) -> Iterator[Evidence]:
    if (
        one.birth_date
        and other.birth_date
        and is_date(one.birth_date)
        and is_date(other.birth_date)
    ):
        outcome = compare_dates(one.birth_date, other.birth_date)
        weight = {"same": 80, "near": 40, "other": _VETO}[outcome]
        yield Evidence("birth_date", outcome, weight)


def _person_email(one: Profile, other: Profile, frequent: AbstractSet[str]) -> Iterator[Evidence]:
    """A desk's address says no more than that both work there."""
    shared = one.mailboxes & other.mailboxes
    if shared:
        rare = any(email_match_key(address) not in frequent for address in shared)
        yield Evidence("email", "same", 100 if rare else 30)
    elif any(_slip(a, b) for a in one.mailboxes for b in other.mailboxes):
        yield Evidence("email", "nearly the same", 60)
    elif any(colleague_key(domain) not in frequent for domain in one.domains & other.domains):
        yield Evidence("email", "same company", 40)


@lru_cache(maxsize=65_536)
def _slip(one: str, other: str) -> bool:
    """Two addresses at one domain that one slip of the keyboard tells apart: never a digit."""
    (left, _, home), (right, _, there) = one.partition("@"), other.partition("@")
    if home != there or min(len(left), len(right)) < 6 or is_free_domain(home):
        return False
    digits = [[char for char in side if char.isdigit()] for side in (left, right)]
    near = DamerauLevenshtein.distance(left, right, score_cutoff=2) <= 2
    return digits[0] == digits[1] and near and sorted(left)[:3] == sorted(right)[:3]


def _common_domain(one: Profile, other: Profile, frequent: AbstractSet[str]) -> bool:
    return any(domain_key(domain) not in frequent for domain in one.domains & other.domains)


def _phone(one: Profile, other: Profile, frequent: AbstractSet[str]) -> Iterator[Evidence]:
    own = one.phones & other.phones
    if any(phone_match_key(number) not in frequent for number in own):
        yield Evidence("phone", "same", 60)
    elif own or (one.phones | one.switchboards) & (other.phones | other.switchboards):
        yield Evidence("phone", "same, shared by many", 10)


def _person_place(one: Profile, other: Profile, _frequent: AbstractSet[str]) -> Iterator[Evidence]:
    found = nearest(one.places, other.places)
    if found is not None:
        yield Evidence("address", found.value, _PERSON_PLACE[found])


def _organisation_place(
    one: Profile, other: Profile, _frequent: AbstractSet[str]
) -> Iterator[Evidence]:
    """One name in two cities is a branch, unless a number says that it is one customer."""
    found = nearest(one.places, other.places)
    if found is PlaceAgreement.ELSEWHERE and not _shares_identifier(one, other):
        yield Evidence("branch", found.value, _VETO)
    elif found is not None:
        yield Evidence("address", found.value, _ORGANISATION_PLACE[found])


def _organisation_name(
    one: Profile, other: Profile, frequent: AbstractSet[str]
) -> Iterator[Evidence]:
    found = best_agreement(one.organisations, other.organisations)
    if found is None:
        return
    weight, outcome = _ORGANISATION_NAME[found], found.value
    if found is not OrganisationAgreement.DIFFERENT:
        if _common_name_frequent(one, other, frequent):
            weight, outcome = weight - _FREQUENT_LOSS, f"{outcome}, frequent"
        if forms_differ(one.organisations, other.organisations):
            yield Evidence("legal_form", "another legal form", -30)
        elif weight == 60 and _is_whole_name_of(one, other, frequent):
            yield Evidence("legal_form", "all that is known is the whole legal name", 40)
    yield Evidence("name", outcome, weight)


def _is_whole_name_of(one: Profile, other: Profile, frequent: AbstractSet[str]) -> bool:
    """A legal name is all but unique; where two customers have it, the pair is ambiguous."""
    left = {name for name in one.organisations if name.form and len("".join(name.words)) > 7}
    placed = one.places and other.places
    reached = _own_domains(one, frequent) and _own_domains(other, frequent)
    return not (placed or reached) and bool(left & set(other.organisations))


def _common_name_frequent(one: Profile, other: Profile, frequent: AbstractSet[str]) -> bool:
    left = {organisation_key(name) for name in one.organisations}
    right = {organisation_key(name) for name in other.organisations}
    return not frequent.isdisjoint(left & right)


def _organisation_reach(
    one: Profile, other: Profile, frequent: AbstractSet[str]
) -> Iterator[Evidence]:
    """A mailbox implies its domain; without a name it may be the desk of whoever writes from it."""
    mailboxes = (one.mailboxes | one.desks) & (other.mailboxes | other.desks)
    if any(email_match_key(address) not in frequent for address in mailboxes):
        yield Evidence("email", "same", _mailbox_weight(one, other))
    elif _common_domain(one, other, frequent):
        yield Evidence("domain", "same", _domain_weight(one, other))
    elif _own_domains(one, frequent) and _own_domains(other, frequent):
        yield Evidence("domain", "another", -30)


def _mailbox_weight(one: Profile, other: Profile) -> int:
    unnamed = not (one.organisations and other.organisations)
    someone = _has_full_name(one) or _has_full_name(other)
    return 60 if unnamed and someone else 100


def _own_domains(profile: Profile, frequent: AbstractSet[str]) -> bool:
    return any(domain_key(domain) not in frequent for domain in profile.domains)


def _domain_weight(one: Profile, other: Profile) -> int:
    """A mailbox that is no desk's (cologne@) may be a branch's; a bare desk is the company's."""
    if one.mailboxes or other.mailboxes:
        return 70 if _sits_in(one, other) or _sits_in(other, one) else 30
    return 100 if _is_bare_desk(one) or _is_bare_desk(other) else 55


def _sits_in(one: Profile, other: Profile) -> bool:
    """A mailbox is named like the other's town: cologne@ and an address in Cologne."""
    towns = {place.city.partition(" ")[0] for place in other.places if place.city}
    return any(skeleton(mailbox.partition("@")[0]) in towns for mailbox in one.mailboxes)


def _is_bare_desk(profile: Profile) -> bool:
    """Nothing is known but info@ of a company: that is whoever has the domain."""
    return bool(profile.desks) and not (profile.organisations or profile.places or profile.phones)


def _identifiers(one: Profile, other: Profile, _frequent: AbstractSet[str]) -> Iterator[Evidence]:
    if _shares_identifier(one, other):
        yield Evidence("identifier", "same", 140)
    for scheme, issuer in sorted(_conflicts(one, other)):
        if scheme == "customer_no":
            yield Evidence("customer_no", "another number of one issuer", -60)
        else:
            yield _conflict(scheme, issuer, one, other)


def _shares_identifier(one: Profile, other: Profile) -> bool:
    """One number of one scheme and issuer; where a side names no issuer, a long number will do."""
    if one.identifiers & other.identifiers:
        return True
    return any(
        a.scheme == b.scheme != "customer_no"
        and a.value == b.value
        and len(a.value) > 4
        and not (a.issuer and b.issuer)
        for a in one.identifiers
        for b in other.identifiers
    )


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
    if slip:
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
