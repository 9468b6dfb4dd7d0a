"""A party record as matching sees it: standardised once, without what is not compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from hub.match.names import PersonName, split_person, standardise_person
from hub.match.organisations import OrganisationName, standardise_organisation
from hub.match.places import Place, standardise_place
from hub.match.standardise import (
    email_domain,
    email_key,
    is_desk,
    is_free_domain,
    standardise_date,
    standardise_identifier,
    standardise_phone,
)
from hub.match.texts import skeleton, split_words

MATCH_VERSION: Final = 1
"""Part of every profile's digest: a changed standardisation makes records stale."""

OPEN: Final = "open"
"""Kind of a record that calls itself a person but may be a company: "Tischlerei Lorenz", info@."""

_Body = Mapping[str, Any]
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
        "sro",
        "kft",
    ]
)
"""Legal forms that are no part of a person's name, as "Sas" or "As" may be."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One number that names the party; comparable only within its scheme and issuer."""

    scheme: str
    issuer: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Standardised values of one record; equal content has an equal ``digest``.

    ``mailboxes`` are a person's own addresses or, for an organisation, all of its own; ``desks``
    and ``switchboards`` are shared by several people and name no person.
    """

    kind: str
    people: tuple[PersonName, ...]
    organisations: tuple[OrganisationName, ...]
    mailboxes: frozenset[str]
    desks: frozenset[str]
    domains: frozenset[str]
    phones: frozenset[str]
    switchboards: frozenset[str]
    places: tuple[Place, ...]
    identifiers: frozenset[Identifier]
    birth_date: str | None
    digest: str


def build_profile(body: _Body, country: str = "DE") -> Profile:
    """The profile of a canonical party body; ``country`` is that of phones without a prefix."""
    home = _home_country(body, country)
    emails = _emails(body)
    phones = _phones(body, home)
    kind = _kind(body, emails)
    own = frozenset(mail for mail, shared in emails.items() if not shared)
    content: dict[str, Any] = {
        "kind": kind,
        "people": _people(body, own) if kind in ("person", OPEN) else (),
        "organisations": () if kind == "person" else _organisations(body),
        "mailboxes": own,
        "desks": frozenset(mail for mail, shared in emails.items() if shared),
        "domains": _domains(body, emails),
        "phones": frozenset(phone for phone, shared in phones.items() if not shared),
        "switchboards": frozenset(phone for phone, shared in phones.items() if shared),
        "places": _places(body),
        "identifiers": _identifiers(body, home),
        "birth_date": _birth_date(body),
    }
    return Profile(**content, digest=_digest(content))


def _kind(body: _Body, emails: Mapping[str, bool]) -> str:
    """What the record says, unless its name or its mailboxes say otherwise."""
    person = body.get("person") or {}
    if body["kind"] != "person" or person.get("birth_date"):
        return str(body["kind"])
    shown = _shown_name(body)
    name = standardise_organisation(shown)
    if name is not None and _is_company(name, shown):
        return "organisation"
    return "person" if _has_personal_mailbox(name, emails) or person.get("prefix") else OPEN


def _is_company(name: OrganisationName, shown: str) -> bool:
    return name.form in _COMPANY_FORMS or "&" in shown


def _has_personal_mailbox(name: OrganisationName | None, emails: Mapping[str, bool]) -> bool:
    """Whether a mailbox is nobody else's, and its domain is not named like the record itself."""
    if all(emails.values()):
        return False
    return name is None or not _names_a_domain(name, emails)


def _names_a_domain(name: OrganisationName, emails: Iterable[str]) -> bool:
    """Whether the name is the mailbox's domain: Tischlerei Lorenz, ulm@tischlerei-lorenz."""
    labels = {email_domain(address).partition(".")[0].replace("-", "") for address in emails}
    return "".join(name.words) in {skeleton(label) for label in labels}


def _shown_name(body: _Body) -> str:
    person = body.get("person") or {}
    parts = (person.get("given"), person.get("family"))
    return body.get("display_name") or " ".join(part for part in parts if part)


def _digest(content: Mapping[str, Any]) -> str:
    parts = [MATCH_VERSION, *(_ordered(content[name]) for name in sorted(content))]
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _ordered(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, frozenset | tuple) else value


def _home_country(body: _Body, country: str) -> str:
    stated = [place["country"] for place in body.get("addresses", ()) if place.get("country")]
    return str(stated[0]) if stated else country


def _unique(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted({item for item in items if item is not None}))


def _people(body: _Body, mailboxes: Iterable[str]) -> tuple[PersonName, ...]:
    names = _stated_people(body.get("person") or {})
    if not any(names):
        names = [split_person(body.get("display_name") or "")]
    names += [_full_form(name, mailbox) for name in names if name for mailbox in mailboxes]
    return _unique(names)


def _stated_people(person: Mapping[str, Any]) -> list[PersonName | None]:
    """The name as its parts state it, once with the given name and once with the call name."""
    parts = (person.get("middle") or "", person.get("family") or "")
    return [
        standardise_person(given, *parts)
        for given in {person.get("given") or "", person.get("preferred") or ""}
        if given or not person.get("given")
    ]


def _full_form(name: PersonName, mailbox: str) -> PersonName | None:
    """The name as the own mailbox spells it: babsi, barbara.winkler@; never another given name."""
    if len(name.given) != 1 or len(name.family) != 1:
        return None
    words = [skeleton(word) for word in split_words(mailbox.partition("@")[0])]
    if name.family[0] not in words:
        return None
    start = name.given[0][:2]
    found = [w for w in words if w.startswith(start) and len(w) > 3 and w.isalpha()]
    return PersonName((found[0],), name.family, name.generation) if found else None


def _organisations(body: _Body) -> tuple[OrganisationName, ...]:
    organisation = body.get("organisation") or {}
    texts = {
        organisation.get("legal_name"),
        _shown_name(body),
        *organisation.get("trading_names", ()),
    }
    return _unique(standardise_organisation(text) for text in texts if text and "@" not in text)


def _points(body: _Body, kind: str) -> list[Mapping[str, Any]]:
    points = body.get("contact_points", ())
    return [p for p in points if p["kind"] == kind and p.get("status") != "invalid"]


def _emails(body: _Body) -> dict[str, bool]:
    """Address to whether it is shared; any statement that it is shared counts."""
    found: dict[str, bool] = {}
    for point in _points(body, "email"):
        address = email_key(point["value"])
        if address:
            shared = bool(point.get("shared")) or is_desk(address)
            found[address] = found.get(address, False) or shared
    return found


def _phones(body: _Body, country: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for point in _points(body, "phone"):
        number = standardise_phone(point["value"], country)
        if number and "fax" not in point.get("purpose", ()):
            found[number] = found.get(number, False) or bool(point.get("shared"))
    return found


def _domains(body: _Body, emails: Iterable[str]) -> frozenset[str]:
    """Domains of web pages and mailboxes that one employer or one owner stands behind."""
    sites = (_host(point["value"]) for point in _points(body, "web"))
    found = {*map(email_domain, emails), *sites}
    return frozenset(domain for domain in found if domain and not is_free_domain(domain))


def _host(url: str) -> str:
    bare = url.strip().lower().partition("://")[2] or url.strip().lower()
    host = bare.partition("/")[0].partition("?")[0].partition(":")[0].removeprefix("www.")
    return host if "." in host and " " not in host else ""


def _places(body: _Body) -> tuple[Place, ...]:
    return _unique(
        standardise_place(
            tuple(place.get("lines", ())),
            place.get("locality") or "",
            postcode=place.get("postcode") or "",
            country=place.get("country") or "",
        )
        for place in body.get("addresses", ())
    )


def _identifiers(body: _Body, country: str) -> frozenset[Identifier]:
    found = (_identifier(item, country) for item in body.get("identifiers", ()))
    return frozenset(item for item in found if item is not None)


def _identifier(item: Mapping[str, Any], country: str) -> Identifier | None:
    scheme = item["scheme"]
    value = standardise_identifier(scheme, item["value"], item.get("country") or country)
    if value is None:
        return None
    # A company may have one VAT number a country, so its country is its issuer.
    issuer = value[:2] if scheme == "eu_vat" else item.get("issuer") or item.get("country") or ""
    return Identifier(scheme, issuer, value)


def _birth_date(body: _Body) -> str | None:
    stated = (body.get("person") or {}).get("birth_date")
    return standardise_date(stated) if stated else None
