"""Companies with their branches, groups and franchises, and the people who work there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Final

from benchmarks.sparse import digits, places, slips
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.digits import Phone
from benchmarks.sparse.people import Households, Job, Person, mail_words
from benchmarks.sparse.places import Address
from benchmarks.sparse.registry import Registry
from benchmarks.sparse.words import Country, countries, surname

_SYLLABLES: Final = (
        "no", "va", "tec", "lux", "ter", "ra", "vi", "ta", "om", "ni", "ax", "is", "pro", "mo",
    "ka", "li", "du", "ro", "zen", "to", "ma", "bel", "fi", "ex", "al", "tri", "co", "so", "ne",
)  # fmt: skip
_BOXES: Final = ("info", "info", "info", "office", "office", "sales", "contact", "mail", "hello")
_BRANDS: Final = (
    "Pizza Presto", "FitPoint", "Burger Corner", "CleanStar", "SchülerPlus", "AutoQuick",
    "Fresh & Co", "HairLounge", "BestRest Hotel", "PrintShop24", "Optik Nova", "Kids World",
)  # fmt: skip
_PARTS: Final = ("Holding", "International", "Services", "Group", "Technik", "Logistik", "Invest")


@dataclass(slots=True)
class Company:
    """One legal body: its names, where it is and how it is reached."""

    country: Country
    name: str
    form: list[str]
    trading: str
    address: Address
    phone: Phone
    domain: str
    box: str
    tax: str
    old_address: Address | None = None
    mailed: str = ""  # the one box of a business without a domain


class Companies:
    """Makes one company after another, with all that belongs to it."""

    def __init__(self, dice: Dice, households: Households, registry: Registry) -> None:
        self._dice = dice
        self._registry = registry
        self._households = households

    def make(self) -> Iterator[Company | Person]:
        dice, country = self._dice, countries().draw(self._dice)
        if dice.happens("hard: one-man business"):
            yield from self._one_man(country)
            return
        franchise = dice.happens("hard: franchise")
        head = self._franchise(country) if franchise else self._company(country)
        yield head
        yield from self._staff(head)
        if franchise:
            return
        while dice.happens("hard: group of companies"):
            yield self._sister(head)
        while dice.happens("hard: branch of a company"):
            branch = self._branch(head)
            yield branch
            if dice.chance(0.5):
                yield from self._staff(branch)

    def _company(self, country: Country) -> Company:
        dice, address = self._dice, places.settle(self._dice, country)
        name = self._name(country, address)
        trading = self._name(country, address) if dice.happens("world: trading name") else ""
        domain = self._registry.name(self._domains(trading or name, country))
        one = Company(
            country, name, country.forms.draw(dice), trading, address,
            self._switchboard(address), domain, dice.pick(_BOXES),
            digits.company_tax(dice, country),
        )  # fmt: skip
        if dice.happens("world: company moved"):
            one.old_address = places.settle(dice, country, address.town)
        return one

    def _name(self, country: Country, address: Address) -> str:
        dice, style = self._dice, self._dice.random()
        trade, family = country.trades.draw(dice), surname(dice, country)
        family = family.split()[-1]
        if style < 0.3:
            return f"{family} {trade}"
        if style < 0.42:
            return f"{family} {dice.pick(country.joins)} {surname(dice, country)} {trade}"
        if style < 0.46:
            return f"{trade} {_short(address.town.name)}"
        if style < 0.54:
            return f"{trade} {country.male.draw(dice)} {family}"
        coined = "".join(dice.pick(_SYLLABLES) for _ in range(2 + dice.below(2))).capitalize()
        return f"{coined} {trade}" if style < 0.9 else coined

    def _switchboard(self, address: Address) -> Phone:
        country, town = address.country, address.town
        return self._registry.phone(lambda: digits.switchboard(self._dice, country, town))

    def _domains(self, name: str, country: Country) -> Iterator[str]:
        """What the company may call itself on the net, the plainest first."""
        words = slips.plain(name.lower(), german=country.code in ("DE", "AT", "CH")).split()
        parts = ["".join(mark for mark in word if mark.isalnum()) for word in words]
        for number in chain(("", ""), map(str, count(2))):
            joined = self._dice.pick(("", "-")).join(part for part in parts[:2] if part)
            yield f"{joined}{number}.{country.top}"

    def _franchise(self, country: Country) -> Company:
        """A business of its own under a brand that many share, domain and all."""
        dice = self._dice
        brand, one = dice.pick(_BRANDS), self._company(country)
        place = one.address.town.name
        one.trading = f"{brand} {place}" if dice.chance(0.7) else brand
        one.domain = next(self._domains(brand, country)).replace("-", "")
        one.box = _letters(slips.plain(place, german=True)) or "shop"
        return one

    def _sister(self, head: Company) -> Company:
        dice = self._dice
        stem = head.name.rsplit(" ", 1)[0]
        name = f"{stem} {dice.pick((*_PARTS, head.country.trades.draw(dice)))}"
        return self._kin(head, name, head.country.forms.draw(dice))

    def _branch(self, head: Company) -> Company:
        dice = self._dice
        town = head.country.towns.draw(dice)
        kin = self._kin(head, f"{head.name} {town.name}", head.form)
        kin.address = places.settle(dice, head.country, town)
        return kin

    def _kin(self, head: Company, name: str, form: list[str]) -> Company:
        dice = self._dice
        address = head.address
        if not dice.happens("hard: shares the group's address"):
            address = places.settle(dice, head.country)
        phone = head.phone
        if not dice.happens("hard: shares the group's switchboard"):
            phone = self._switchboard(address)
        tax, box = digits.company_tax(dice, head.country), dice.pick(_BOXES)
        return replace(
            head, name=name, form=form, trading="", address=address, phone=phone, tax=tax, box=box,
            old_address=None,
        )  # fmt: skip

    def _one_man(self, country: Country) -> Iterator[Company | Person]:
        """Owner and business are two customers that share all they have."""
        dice = self._dice
        owner = next(self._households.make(country))
        trade = country.trades.draw(dice)
        phone = owner.line if owner.line and dice.chance(0.4) else owner.mobile
        name = (
            f"{owner.given} {owner.family} {trade}"
            if dice.chance(0.6)
            else f"{trade} {owner.family}"
        )
        yield owner
        yield Company(
            country, name, country.forms.items[-1], "", owner.home, phone, "", "",
            digits.company_tax(dice, country), mailed=owner.mails[0],
        )  # fmt: skip

    def _staff(self, company: Company) -> Iterator[Person]:
        dice = self._dice
        for _ in range(int(0.7 / (dice.random() + 0.04) ** 0.9)):
            home = places.settle(dice, company.country, company.address.town)
            for place, one in enumerate(self._households.make(first=home)):
                if not place:
                    one.job = self._job(company, one)
                yield one

    def _job(self, company: Company, one: Person) -> Job:
        dice = self._dice
        mail = f"{company.box}@{company.domain}"
        if not dice.happens("hard: writes from the company's box"):
            account = self._account(company, one)
            numbered = (f"{account}{number}" for number in chain(("",), count(2)))
            mail = self._registry.name(f"{name}@{company.domain}" for name in numbered)
        phone = company.phone
        if dice.happens("hard: direct dial"):
            phone = phone._replace(extension=str(10 + dice.below(89)))
        return Job(company.trading or company.name, company.address, mail, phone)

    def _account(self, company: Company, one: Person) -> str:
        """One pattern for the whole company, as most keep it."""
        given, family = mail_words(one)
        family = family.split("-")[0]
        pattern = sum(map(ord, company.domain)) % 4
        return (f"{given}.{family}", f"{given[:1]}.{family}", f"{given[:1]}{family}", family)[
            pattern
        ]


def _short(town: str) -> str:
    """The first word of a town's name, unless it is one like Bad or San."""
    first = town.partition(" ")[0]
    return first if len(first) > 5 else town


def _letters(text: str) -> str:
    return "".join(mark for mark in text.lower() if mark.isalpha())
