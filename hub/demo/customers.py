"""The true customers: people and organisations as they are, before any system wrote them down."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple

from hub.demo.names import COINED, FAMILY, GIVEN, LEGAL_FORMS, LOCALES, TRADES
from hub.demo.noise import fold
from hub.demo.numbers import Phone, PhoneBook, draw_vat
from hub.demo.places import MOBILES, NUMBER_FIRST, SHARES, STREETS, TOWNS

_PROVIDERS: Final = ("postfach.example", "webmail.example", "freemail.example", "briefe.example")
_LANDLINE_SHARE: Final = 0.7
_MOBILE_SHARE: Final = 0.75
_MOVED_SHARE: Final = 0.08
_VAT_SHARE: Final = 0.75
_SECOND_EMAIL_SHARE: Final = 0.12
_SOLE_TRADER_SHARE: Final = 0.25


class Address(NamedTuple):
    """Where somebody lives or works."""

    street: str
    town: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One true customer. ``name`` is an organisation's; ``employer`` the id of a contact's company.

    ``former`` is the address before a move, ``second_email`` one that only some systems know.
    """

    id: str
    address: Address
    former: Address | None = None
    name: str = ""
    given: str = ""
    family: str = ""
    birth_date: date | None = None
    employer: str = ""
    domain: str = ""
    email: str = ""
    second_email: str = ""
    landline: Phone | None = None
    mobile: Phone | None = None
    vat: str | None = None

    @property
    def is_person(self) -> bool:
        """Whether this is a human being."""
        return not self.name

    @property
    def country(self) -> str:
        """Where the customer is."""
        return self.address.country


class Population:
    """Draws customers one after the other, each unlike the ones before unless it is asked for."""

    def __init__(self, rng: random.Random, today: date) -> None:
        self._rng = rng
        self._today = today
        self._phones = PhoneBook(rng)
        self._taken: set[str] = set()
        self.customers: list[Customer] = []

    def found(self, country: str = "") -> Customer:
        """A new organisation."""
        rng = self._rng
        country = country or self._country()
        form = rng.choice(LEGAL_FORMS[country])[0]
        name = f"{self._firm(country)} {form}"
        domain = self._unused(slug(name.removesuffix(f" {form}")), ".example")
        town = rng.choice(TOWNS[country])
        return self._keep(
            Customer(
                id=self._next_id(),
                name=name,
                domain=domain,
                email=f"{rng.choice(('info', 'office', 'kontakt', 'sales'))}@{domain}",
                address=self._address(country, town.name),
                former=self._former(country),
                landline=self._phones.draw((town.landline,)),
                vat=self._vat(country),
            )
        )

    def open_branch(self, parent: Customer) -> Customer:
        """The same company in another town: name and domain shared, VAT number its own or none."""
        town = self._rng.choice([t for t in TOWNS[parent.country] if t.name != parent.address.town])
        local = slug(town.name)
        return self._keep(
            replace(
                parent,
                id=self._next_id(),
                email=f"{local}@{parent.domain}",
                address=self._address(parent.country, town.name),
                former=None,
                landline=self._phones.draw((town.landline,)),
                vat=draw_vat(self._rng, parent.country) if self._rng.random() < 0.3 else None,
            )
        )

    def hire(self, employer: Customer) -> Customer:
        """A person who works at the company, reached under the company's domain and switchboard."""
        given, family = self._person_name(employer.country)
        local = f"{slug(given)}.{slug(family)}"
        return self._keep(
            Customer(
                id=self._next_id(),
                given=given,
                family=family,
                employer=employer.id,
                domain=employer.domain,
                email=self._unused(local, f"@{employer.domain}"),
                second_email=self._second_email(local),
                address=employer.address,
                landline=employer.landline,
                mobile=self._mobile(employer.country),
            )
        )

    def settle(self, country: str = "", namesake: Customer | None = None) -> Customer:
        """A private person; with ``namesake``, another one of the same name."""
        country = namesake.country if namesake else country or self._country()
        given, family = (
            (namesake.given, namesake.family) if namesake else self._person_name(country)
        )
        local = f"{slug(given)}.{slug(family)}"
        town = self._rng.choice(TOWNS[country])
        return self._keep(
            Customer(
                id=self._next_id(),
                given=given,
                family=family,
                birth_date=self._birth_date(),
                email=self._unused(local, f"@{self._rng.choice(_PROVIDERS)}"),
                second_email=self._second_email(local),
                address=self._address(country, town.name),
                former=self._former(country),
                landline=self._landline(town.landline),
                mobile=self._mobile(country),
            )
        )

    def join_family(self, member: Customer) -> Customer:
        """A relative at the same address, on the same landline, some under one family mailbox."""
        given = self._rng.choice(
            [name for name in GIVEN[LOCALES[member.country]] if name != member.given]
        )
        local = f"{slug(given)}.{slug(member.family)}"
        shared = self._rng.random() < 0.3
        return self._keep(
            replace(
                member,
                id=self._next_id(),
                given=given,
                birth_date=self._birth_date(),
                email=member.email if shared else self._unused(local, f"@{_PROVIDERS[0]}"),
                second_email="",
                mobile=self._mobile(member.country),
            )
        )

    def _keep(self, customer: Customer) -> Customer:
        self.customers.append(customer)
        return customer

    def _next_id(self) -> str:
        return f"C{len(self.customers) + 1:05d}"

    def _country(self) -> str:
        return self._rng.choices(list(SHARES), weights=list(SHARES.values()))[0]

    def _unused(self, stem: str, tail: str) -> str:
        name, count = f"{stem}{tail}", 1
        while name in self._taken:
            count += 1
            name = f"{stem}{count}{tail}"
        self._taken.add(name)
        return name

    def _firm(self, country: str) -> str:
        rng, locale = self._rng, LOCALES[country]
        trade = rng.choice(TRADES[locale])
        if rng.random() < _SOLE_TRADER_SHARE:
            owner = rng.choice(FAMILY[locale])
            return f"{owner} {trade}" if locale == "en" else f"{trade} {owner}"
        first, second = rng.choice(COINED), rng.choice(COINED)
        return rng.choice((f"{first} {trade}", f"{first}{second.lower()}", f"{first} & {second}"))

    def _person_name(self, country: str) -> tuple[str, str]:
        locale = LOCALES[country]
        return self._rng.choice(list(GIVEN[locale])), self._rng.choice(FAMILY[locale])

    def _address(self, country: str, town: str) -> Address:
        rng = self._rng
        street, number = rng.choice(STREETS[LOCALES[country]]), str(rng.randint(1, 120))
        if rng.random() < 0.1:
            number += rng.choice("abc")
        line = f"{number} {street}" if country in NUMBER_FIRST else f"{street} {number}"
        postcode = rng.choice([t.postcode for t in TOWNS[country] if t.name == town])
        return Address(line, town, postcode, country)

    def _former(self, country: str) -> Address | None:
        if self._rng.random() >= _MOVED_SHARE:
            return None
        return self._address(country, self._rng.choice(TOWNS[country]).name)

    def _landline(self, pattern: str) -> Phone | None:
        return self._phones.draw((pattern,)) if self._rng.random() < _LANDLINE_SHARE else None

    def _mobile(self, country: str) -> Phone | None:
        return self._phones.draw(MOBILES[country]) if self._rng.random() < _MOBILE_SHARE else None

    def _second_email(self, local: str) -> str:
        if self._rng.random() >= _SECOND_EMAIL_SHARE:
            return ""
        return self._unused(f"{local}.privat", f"@{self._rng.choice(_PROVIDERS)}")

    def _vat(self, country: str) -> str | None:
        return draw_vat(self._rng, country) if self._rng.random() < _VAT_SHARE else None

    def _birth_date(self) -> date:
        return self._today - timedelta(days=self._rng.randint(19 * 365, 80 * 365))


def slug(text: str) -> str:
    """The text as it stands in a domain or the local part of an address."""
    words = "".join(c if c.isalnum() else " " for c in fold(text).lower()).split()
    return "-".join(words)


def populate(rng: random.Random, count: int, today: date) -> list[Customer]:
    """About 60 % people, most of them contacts of companies, and 40 % organisations.

    Planted: branches, families and namesakes, the cases in which looking alike proves nothing.
    """
    population = Population(rng, today)
    firms = _found_firms(population, rng, count * 40 // 100)
    for _ in range(count * 34 // 100):
        population.hire(rng.choice(firms))
    while len(population.customers) < count:
        _settle_household(population, rng, count - len(population.customers))
    return population.customers


def count_lookalikes(customers: Sequence[Customer]) -> dict[str, int]:
    """How many customers look like an earlier one and are not, and how many moved."""
    private = [c for c in customers if c.is_person and not c.employer]
    firms = [c for c in customers if not c.is_person]
    return {
        "branches": len(firms) - len({(c.name, c.domain) for c in firms}),
        "relatives under one roof": len(private) - len({c.address for c in private}),
        "namesakes": len(private) - len({(c.given, c.family) for c in private}),
        "moved": sum(c.former is not None for c in customers),
    }


def _found_firms(population: Population, rng: random.Random, count: int) -> list[Customer]:
    firms: list[Customer] = []
    while len(firms) < count:
        branch = firms and rng.random() < 0.07
        firms.append(population.open_branch(rng.choice(firms)) if branch else population.found())
    return firms


def _settle_household(population: Population, rng: random.Random, room: int) -> None:
    draw = rng.random()
    people = [c for c in population.customers[-200:] if c.is_person and not c.employer]
    if draw < 0.08 and people:
        population.settle(namesake=rng.choice(people))
        return
    first = population.settle()
    for _ in range(min(room - 1, rng.randint(1, 3)) if draw < 0.2 else 0):
        population.join_family(first)
