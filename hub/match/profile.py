"""A party record as matching sees it: standardised once, without what is not compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from hub.match.absent import join_stated
from hub.match.contacts import Reach, read_reach
from hub.match.countries import told_country
from hub.match.mail_names import name_with_mailboxes
from hub.match.names import PersonName, split_person, standardise_person
from hub.match.organisations import (
    OrganisationName,
    may_have_form,
    split_trading_names,
    standardise_organisation,
    with_form,
)
from hub.match.places import Place, place_of
from hub.match.shown import told_name, without_department
from hub.match.standardise import standardise_date, standardise_identifier

MATCH_VERSION: Final = 7
"""Part of every profile's digest: a changed standardisation makes records stale."""

OPEN: Final = "open"
"""Kind of a record that calls itself a person but may be a company: "Tischlerei Lorenz", info@."""

_LONGEST_IDENTIFIER: Final = 64
"""An IBAN has up to 34 letters; more is a text in the wrong column."""
_LONGEST_NAMES: Final = 400
"""A name has 160 letters at most; "X trading as Y" has two of them. More is a text in the wrong
column, which would be searched for departments and brackets in the square of its length."""
_Body = Mapping[str, Any]
_Firms = tuple[OrganisationName, ...]
_Item = TypeVar("_Item", PersonName, OrganisationName, Place)
_PERSON_KINDS: Final = ("person", OPEN)
_COMPANY_FORMS: Final = frozenset(
    [
        "gmbh",
        "gmbh co kg",
        "ag",
        "kg",
        "ug",
        "ohg",
        "ek",
        "ev",
        "sarl",
        "spa",
        "srl",
        "bv",
        "bvba",
        "ltd",
        "plc",
        "llc",
        "llp",
        "inc",
        "spzoo",
        "spzoo spk",
        "spk",
        "spj",
        "sro",
        "kft",
    ]
)
"""Legal forms that are no part of a person's name, as "Sas" or "As" may be."""


class Identifier(NamedTuple):
    """One number that names the party; comparable only within its scheme and issuer."""

    scheme: str
    issuer: str
    value: str


class Profile(NamedTuple):
    """Standardised values of one record; equal content has an equal ``digest``.

    ``mailboxes`` are a person's own addresses or, for an organisation, all of its own; ``desks``
    and ``switchboards`` are shared by several people and name no person. ``employers`` are the
    companies that a person's record names. ``country`` is what all of it speaks of, or ''.
    """

    kind: str
    people: tuple[PersonName, ...]
    organisations: tuple[OrganisationName, ...]
    employers: tuple[OrganisationName, ...]
    mailboxes: frozenset[str]
    desks: frozenset[str]
    domains: frozenset[str]
    phones: frozenset[str]
    switchboards: frozenset[str]
    places: tuple[Place, ...]
    identifiers: frozenset[Identifier]
    birth_date: str | None
    country: str
    digest: str


_NO_IDENTIFIERS: Final[frozenset[Identifier]] = frozenset()


def build_profile(body: _Body, country: str = "DE") -> Profile:
    """The profile of a canonical party body; ``country`` is that of phones without a prefix."""
    addresses, person = body.get("addresses") or (), body.get("person") or {}
    countries = _countries_of(addresses)
    home = next(iter(countries), country)
    reach = read_reach(body.get("contact_points") or (), home)
    shown = told_name(_shown_name(body, person), reach.boxes)
    employed = _employers(body, shown)
    kind = _kind(body, person, shown, reach, employed)
    people = _people(shown, person, reach) if kind in _PERSON_KINDS else ()
    firms = ((), employed) if kind == "person" else (_organisations(body, shown, reach), ())
    places = _unique([place_of(address) for address in addresses])
    identifiers = _identifiers(body.get("identifiers") or (), home)
    born = standardise_date(person.get("birth_date") or "")
    told = told_country(countries, reach.countries, _vat_numbers(identifiers))
    content = (kind, people, *firms, *reach[2:], places, identifiers, born, told)
    return Profile._make((*content, _digest(content)))


def _digest(content: tuple[Any, ...]) -> str:
    """Of all that is compared, written as JSON, each part in its place."""
    written = orjson.dumps((MATCH_VERSION, content), default=_in_json)
    return blake2b(written, digest_size=12).hexdigest()


def _in_json(part: Collection[Any]) -> Sequence[Any]:
    """Sets in order; named tuples, which orjson takes for objects, as they stand."""
    return sorted(part) if isinstance(part, frozenset) else tuple(part)


def _countries_of(addresses: Iterable[_Body]) -> list[str]:
    return [address["country"] for address in addresses if address.get("country")]


def _vat_numbers(identifiers: Iterable[Identifier]) -> list[str]:
    return [item.value for item in identifiers if item.scheme == "eu_vat"]


def _shown_name(body: _Body, person: _Body) -> str:
    shown = body.get("display_name")
    shown = shown or join_stated(person.get("given"), person.get("family"))
    return shown[:_LONGEST_NAMES]


def _kind(body: _Body, person: _Body, shown: str, reach: Reach, employed: _Firms) -> str:
    """What the record says, unless its name or its mailboxes say otherwise."""
    if body["kind"] != "person" or person.get("birth_date"):
        return str(body["kind"])
    if employed:
        return "person"
    if may_have_form(shown) and _is_company(shown, person):
        return "organisation"
    signs = person.get("prefix") or _has_personal_mailbox(shown, reach)
    return "person" if signs else OPEN


def _is_company(shown: str, person: _Body) -> bool:
    """A sign that joins two given names is a couple's: "Anna & Otto", "Berg" in two fields."""
    name = standardise_organisation(shown)
    is_couple = bool(person.get("family")) and "&" in (person.get("given") or "")
    return name is not None and (name.form in _COMPANY_FORMS or ("&" in shown and not is_couple))


def _has_personal_mailbox(shown: str, reach: Reach) -> bool:
    """Whether a mailbox is nobody else's, and no domain is named like the record itself.

    Tischlerei Lorenz, ulm@tischlerei-lorenz, is a company.
    """
    if not reach.mailboxes:
        return False
    labels = [box.label for box in reach.boxes if box.domain]
    name = standardise_organisation(shown) if labels else None
    return name is None or "".join(name.words) not in labels


def _unique(items: Sequence[_Item | None]) -> tuple[_Item, ...]:
    if len(items) < 2:  # most records have one of each
        return (items[0],) if items and items[0] is not None else ()
    return tuple(sorted({item for item in items if item is not None}))


def _people(shown: str, person: _Body, reach: Reach) -> tuple[PersonName, ...]:
    names = _stated_people(person) if person else []
    if not any(names):
        names = [split_person(shown)]
    boxes = [box for box in reach.boxes if box.address in reach.mailboxes]
    if boxes:
        return _unique(name_with_mailboxes(list(filter(None, names)), boxes))
    return _unique(names)


def _stated_people(person: _Body) -> list[PersonName | None]:
    """The name as its parts state it, once with the given name and once with the call name."""
    given, preferred = person.get("given") or "", person.get("preferred") or ""
    parts = (person.get("middle") or "", person.get("family") or "")
    firsts = (given, preferred) if preferred and preferred != given else (given,)
    suffix = person.get("suffix") or ""
    return [standardise_person(first, *parts, suffix=suffix) for first in firsts]


def _organisations(body: _Body, shown: str, reach: Reach) -> _Firms:
    stated = body.get("organisation") or {}
    legal, *trading = _names_of(stated)
    texts = {text for text in (told_name(legal, reach.boxes), shown, *trading) if text}
    whole = {without_department(text) for text in texts if "@" not in text}
    parts = {part for text in whole for part in split_trading_names(text)}
    names = [standardise_organisation(part) for part in parts]
    form = stated.get("legal_form")
    return _unique([name and with_form(name, form) for name in names] if form else names)


def _names_of(stated: _Body) -> list[str]:
    """The legal name, '' where none is told, and the trading names."""
    names = (stated.get("legal_name") or "", *stated.get("trading_names", ()))
    return [name[:_LONGEST_NAMES] for name in names]


def _employers(body: _Body, shown: str) -> _Firms:
    """The companies that stand beside a person's name and are not called by it."""
    stated = body.get("organisation") if body["kind"] == "person" else None
    name = standardise_organisation(shown) if stated else None
    if not stated or name is None:
        return ()
    own = set(name.words)
    texts = filter(None, _names_of(stated))
    found = [standardise_organisation(part) for text in texts for part in split_trading_names(text)]
    return _unique([one for one in found if one and not own <= set(one.words)])


def _identifiers(items: Iterable[_Body], country: str) -> frozenset[Identifier]:
    if not items:
        return _NO_IDENTIFIERS
    found = [_identifier(item, country) for item in items]
    return frozenset([item for item in found if item is not None])


def _identifier(item: _Body, country: str) -> Identifier | None:
    scheme = item["scheme"]
    value = standardise_identifier(scheme, item["value"], item.get("country") or country)
    if value is None or len(value) > _LONGEST_IDENTIFIER:
        return None
    # A company may have one VAT number a country, so its country is its issuer.
    issuer = value[:2] if scheme == "eu_vat" else item.get("issuer") or item.get("country") or ""
    return Identifier(scheme, issuer[:_LONGEST_IDENTIFIER], value)
