"""A profile as one flat row: what the matching model compares, on DuckDB, on Spark and in Python.

Texts are folded, lists sorted; what is not known is None, never empty. ``given`` and ``family`` are
the fullest form of a person's name, the lists hold every form that was stated.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from hub.match.given import root_names
from hub.match.names import PARTICLES, PersonName
from hub.match.organisations import OrganisationName
from hub.match.phones import line_of
from hub.match.places import Place
from hub.match.profile import Identifier, Profile
from hub.match.texts import sound, word_set

_DIGITS: Final = re.compile("[0-9]+")
_HOLDING: Final = word_set(
    """
    holding holdings verwaltung verwaltungs vermogensverwaltung vermogensverwaltungs
    beteiligung beteiligungs beteiligungen besitz komplementar
    """
)
_NO_DIGITS: Final = re.compile("[^0-9]+")
_Text = str | None
_Texts = tuple[str, ...] | None
_NamePart = tuple[_Text, _Text, _Text, _Texts, _Text, _Texts, _Texts, _Text]
_OrganisationPart = tuple[_Text, _Texts, _Text]
_ReachPart = tuple[_Text, _Text, _Texts, _Texts, _Texts, _Texts, _Texts, _Texts, _Texts]
_PlacePart = tuple[_Texts, _Text, _Text, _Text, _Text]
_IdentifierPart = tuple[_Texts, _Text, _Texts]
_NO_NAME: Final[_NamePart] = (None,) * 8
_NO_ORGANISATION: Final[_OrganisationPart] = (None,) * 3
_NO_PLACE: Final[_PlacePart] = (None,) * 5
_NO_IDENTIFIER: Final[_IdentifierPart] = (None,) * 3


class Features(NamedTuple):
    """One record's row.

    ``mailbox_number`` are the digits in ``mailbox``, "none" where it has none. ``desks`` are
    mailboxes like info@; ``shared_…`` are left empty for the contact points that turn
    out to be those of too many records. ``full_name`` is given and family name in one order,
    ``organisation_part`` the numbers in a company's name and what says that it holds others, "none"
    where nothing does; ``organisation_names`` are all that it is called where those are several.
    ``box`` is what slips in a company's address are told by, ``country`` what the whole record
    speaks of.
    Rows are kept by the order of their columns: new ones stand at the end.
    """

    kind: str
    given: str | None = None
    full_name: str | None = None
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
    mailbox_number: str | None = None
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
    middle_names: _Texts = None
    middle_initials: _Texts = None
    organisation_part: str | None = None
    employer: str | None = None
    employer_words: _Texts = None
    organisation_names: _Texts = None
    box: str | None = None


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
        "middle_names",
        "middle_initials",
        "employer_words",
        "organisation_names",
    ]
)
"""Columns that hold a list of texts; the others hold one text."""


def says_nothing(row: Features) -> bool:
    """Whether there is nothing in a row that could be compared."""
    return not any(row[1:])


def build_features(profile: Profile) -> Features:
    """The row of a profile."""
    return Features._make(
        (
            profile.kind,
            *_name_part(profile.people),
            profile.birth_date,
            *_organisation_part(profile.organisations),
            *_reach_part(profile),
            *_place_part(profile.places),
            profile.country or None,
            *_identifier_part(profile.identifiers),
            *_middle_part(profile.people),
            *_group_part(profile),
            _first_box(profile),
        )
    )


def _list(values: Collection[str]) -> _Texts:
    """In order, each once, none empty: a list that most records have no or one value for."""
    if not values:
        return None
    if len(values) == 1:
        (value,) = values
        return (value,) if value else None
    return tuple(sorted({value for value in values if value})) or None


def _name_part(names: tuple[PersonName, ...]) -> _NamePart:
    """What a person is called, by the fullest form and by all of them."""
    if not names:
        return _NO_NAME
    name = _fullest(names)
    given, family = _both_names(name)
    all_given, all_family, others = _words_of(names)
    return (
        given or None,
        _full_name(given, family),
        sound(given) if len(given) > 1 else None,
        _given_forms(all_given) if all_given else None,
        family or None,
        _list(all_family),
        _list(others),
        name.generation or None,
    )


def _words_of(names: tuple[PersonName, ...]) -> tuple[tuple[str, ...], ...]:
    """Given names, family names, and all but the first given one, of all that one is called."""
    if len(names) == 1:
        return names[0].given, names[0].family, _other_words(names[0])
    parts = [(name.given, name.family, _other_words(name)) for name in names]
    return tuple([tuple(chain.from_iterable(each)) for each in zip(*parts, strict=True)])


def _both_names(name: PersonName) -> tuple[str, str]:
    """Given and family name; a family name typed into both fields says nothing of the given one."""
    given, family = name.given[0] if name.given else "", "".join(name.family)
    return "" if given == family else given, family


def _full_name(given: str, family: str) -> str | None:
    """Both names, whichever stands first: fields get swapped."""
    if not family or len(given) < 2:
        return None
    return in_order(given, family)


def in_order(one: str, other: str) -> str:
    """Two names in one text, whichever stands first."""
    return f"{one} {other}" if one < other else f"{other} {one}"


@lru_cache(maxsize=32_768)
def _given_forms(given: tuple[str, ...]) -> _Texts:
    words = {word for word in given if len(word) > 1}
    return _list(words.union(*map(root_names, words)))


def _middle_part(names: tuple[PersonName, ...]) -> tuple[_Texts, _Texts]:
    """The names between the first and the family's, and what they start with."""
    given = _fullest(names).given if names else ()
    if len(given) < 2:
        return None, None
    words = [word for word in given[1:] if word not in PARTICLES]
    return _list([word for word in words if len(word) > 1]), _list([word[0] for word in words])


def _fullest(names: tuple[PersonName, ...]) -> PersonName:
    return max(names, key=_fullness) if len(names) > 1 else names[0]


def _fullness(name: PersonName) -> tuple[int, PersonName]:
    return sum(map(len, name.given)) + sum(map(len, name.family)), name


def _other_words(name: PersonName) -> tuple[str, ...]:
    given = name.given
    first, words = (given[0], given[1:] + name.family) if given else ("", name.family)
    return tuple([word for word in words if len(word) > 2 and word != first])


def _organisation_part(names: tuple[OrganisationName, ...]) -> _OrganisationPart:
    if not names:
        return _NO_ORGANISATION
    name = _longest(names)
    words = [word for item in names for word in item.words]
    return _one_text(name.words), _list(words), name.form or None


def _group_part(profile: Profile) -> tuple[_Text, _Text, _Texts, _Texts]:
    """Which company of a group it is, whose staff a person is of, and what else it is called."""
    organisations = profile.organisations
    part = _part_of_group(_longest(organisations).words) if organisations else None
    several = len(organisations) > 1
    names = _list([_one_text(name.words) for name in organisations]) if several else None
    employer, words, _ = _organisation_part(profile.employers)
    return part, employer, words, names


def _one_text(words: tuple[str, ...]) -> str:
    """The words in one order, whatever theirs: Tischlerei Holz, Holz Tischlerei."""
    return words[0] if len(words) == 1 else " ".join(sorted(words))


def _part_of_group(words: Collection[str]) -> str:
    """What tells companies of one name apart: a number, or that one only holds the others."""
    if _HOLDING.isdisjoint(words) and "".join(words).isalpha():
        return "none"
    told = {word for word in words if word in _HOLDING}
    return " ".join(sorted({*told, *_DIGITS.findall(" ".join(words))})) or "none"


def _longest(names: tuple[OrganisationName, ...]) -> OrganisationName:
    return max(names, key=_length) if len(names) > 1 else names[0]


def _length(name: OrganisationName) -> tuple[int, OrganisationName]:
    return sum(map(len, name.words)), name


def _reach_part(profile: Profile) -> _ReachPart:
    own = _list(profile.mailboxes)
    return (
        own[0] if own else None,
        (_NO_DIGITS.sub("", own[0]) or "none") if own else None,
        own,
        _telling_names(own, profile.people) if own else None,
        _list(profile.desks),
        None,
        _list(profile.domains),
        _lines(profile.phones),
        _lines(profile.switchboards),
    )


def _lines(numbers: Collection[str]) -> _Texts:
    return _list([line_of(number) for number in numbers]) if numbers else None


def _first_box(profile: Profile) -> str | None:
    """The address of a company, its desk's if it has no other; a person's stands as its mailbox."""
    boxes = () if profile.kind == "person" else profile.mailboxes or profile.desks
    return min(boxes) if boxes else None


def _telling_names(addresses: Iterable[str], people: tuple[PersonName, ...]) -> _Texts:
    """What was chosen before the @: more than one's own first or last name with a number."""
    names = [address.partition("@")[0] for address in addresses]
    chosen = [name for name in names if _is_chosen(name)]
    if not chosen:
        return None
    usual = {name for person in people for name in (*person.given, *person.family)}
    return _list([name for name in chosen if name.strip("0123456789._-") not in usual])


def _is_chosen(name: str) -> bool:
    """A name with a number is somebody's choice; a bare name says what the name says already."""
    return len(name) > 5 and not name.isalpha() and any(map(str.isdigit, name))


def _place_part(places: tuple[Place, ...]) -> _PlacePart:
    if not places:
        return _NO_PLACE
    place = max(places, key=_known_parts) if len(places) > 1 else places[0]
    houses = _list([house for item in places if (house := _house(item))])
    street, number, postcode, city, _ = place
    return houses, street or None, number or None, postcode or None, city or None


def _known_parts(place: Place) -> tuple[int, Place]:
    return sum(map(bool, place)), place


def _house(place: Place) -> str:
    if not (place.street and place.number):
        return ""
    return f"{place.street}|{place.number}|{place.postcode or place.city}"


def _identifier_part(identifiers: Collection[Identifier]) -> _IdentifierPart:
    if not identifiers:
        return _NO_IDENTIFIER
    stated = _list([f"{item.scheme}:{item.issuer}:{item.value}" for item in identifiers])
    issuers = [
        f"{item.scheme}:{item.issuer}"
        for item in identifiers
        if item.scheme != "customer_no"  # one customer may well have two accounts
    ]
    return stated, stated[0] if stated else None, _list(issuers)
