"""Persons and the households in which they share what looks like theirs alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from benchmarks.sparse import digits, places, slips
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.digits import Phone
from benchmarks.sparse.places import Address
from benchmarks.sparse.registry import Registry
from benchmarks.sparse.words import Country, countries, surname

_HOBBIES: Final = (
        "sunny", "bikerider", "gardenqueen", "fan", "skywalker", "rosebud", "mountain", "bluesky",
    "tiger", "chef", "music", "angel", "racer", "star", "moonlight", "panda", "captain", "lucky",
    "dragon", "ocean", "magic", "winner", "pixel", "coffee",
)  # fmt: skip
_GERMAN: Final = ("DE", "AT", "CH")


@dataclass(slots=True)
class Job:
    """What a company lends to one who works there."""

    organisation: str
    address: Address
    mail: str
    phone: Phone


@dataclass(slots=True)
class Person:
    """One human being: what is true now, and what was."""

    country: Country
    male: bool
    given: str
    second: str
    family: str
    birth: str
    home: Address
    line: Phone | None
    mobile: Phone
    mails: list[str]
    tax: str = ""
    suffix: str = ""
    old_family: str = ""
    old_home: Address | None = None
    old_mobile: Phone | None = None
    job: Job | None = None
    systems: tuple[str, ...] = field(default=())


class Numbers:
    """Mobile numbers; one that was given up some time ago may go to somebody else."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._gone: deque[Phone] = deque(maxlen=400)

    def new(self, dice: Dice, country: Country) -> Phone:
        if self._gone and dice.happens("hard: re-assigned phone"):
            return self._gone.popleft()
        return self._registry.phone(lambda: digits.mobile(dice, country))

    def give_up(self, phone: Phone) -> None:
        self._gone.append(phone)


class Households:
    """Makes the persons of one home after another."""

    def __init__(self, dice: Dice, registry: Registry) -> None:
        self._dice = dice
        self._registry = registry
        self._numbers = Numbers(registry)

    def make(
        self, country: Country | None = None, first: Address | None = None
    ) -> Iterator[Person]:
        """The customers of one home; the first is always one."""
        dice = self._dice
        home = first or places.settle(dice, country or countries().draw(dice))
        line = None
        if dice.happens("world: has landline"):
            line = self._registry.phone(lambda: digits.landline(dice, home.country, home.town))
        head = self._person(home, line, surname(dice, home.country))
        yield head
        if dice.chance(0.55):
            yield from self._others(head, line)
        if dice.happens("hard: namesake in town"):
            yield self._namesake(head)

    def _others(self, head: Person, line: Phone | None) -> Iterator[Person]:
        dice = self._dice
        partner = self._person(head.home, line, self._partner_name(head), male=not head.male)
        partner.birth = _near(dice, head.birth, 6)
        children = list(self._children(head, line)) if dice.chance(0.5) else []
        family = [one for one in (partner, *children) if dice.happens("hard: member is a customer")]
        if family and dice.happens("hard: household has one mailbox"):
            box = self._registry.mailbox(lambda: _family_box(dice, head))
            for one in (head, *family):
                one.mails = [box]
        yield from family

    def _partner_name(self, head: Person) -> str:
        if self._dice.happens("hard: partner has another name"):
            return surname(self._dice, head.country)
        return head.family

    def _children(self, head: Person, line: Phone | None) -> Iterator[Person]:
        dice = self._dice
        year = int(head.birth[:4]) + 22 + dice.below(15)
        for _ in range(1 + dice.below(3)):
            child = self._person(head.home, line, head.family)
            child.birth = f"{min(year, 2007)}{_day(dice)}"
            year += 1 + dice.below(4)
            if head.male and child.male and dice.happens("hard: father and son of one name"):
                head.suffix, child.given, child.suffix = "sr.", head.given, "jr."
                child.mails = self._mails(child)
            yield child
            if dice.happens("hard: twins"):
                yield self._twin(child, line)

    def _twin(self, child: Person, line: Phone | None) -> Person:
        twin = self._person(child.home, line, child.family, male=child.male)
        twin.birth = child.birth
        return twin

    def _namesake(self, head: Person) -> Person:
        home = places.settle(self._dice, head.country, head.home.town)
        other = self._person(home, None, head.family, male=head.male)
        other.given = head.given
        other.mails = self._mails(other)
        return other

    def _person(
        self, home: Address, line: Phone | None, family: str, *, male: bool | None = None
    ) -> Person:
        dice, country = self._dice, home.country
        is_male = dice.chance(0.5) if male is None else male
        names = country.male if is_male else country.female
        second = names.draw(dice) if dice.happens("world: middle name") else ""
        if dice.happens("world: double family name"):
            family = f"{family}-{surname(dice, country)}" if country.code != "ES" else family
        if country.code == "ES":
            family = f"{family.split()[0]} {surname(dice, country)}"
        birth = f"{1938 + int(70 * (dice.random() + dice.random()) / 2)}{_day(dice)}"
        mobile = self._numbers.new(dice, country)
        one = Person(
            country, is_male, names.draw(dice), second, family, birth, home, line, mobile, []
        )
        self._live(one)
        return one

    def _live(self, one: Person) -> None:
        """What happened to the person before today."""
        dice = self._dice
        if not one.male and dice.happens("world: married, took the other's name"):
            one.old_family = surname(dice, one.country)
        if dice.happens("world: moved"):
            near = one.home.town if dice.chance(0.5) else None
            one.old_home = places.settle(dice, one.country, near)
        if dice.happens("world: new mobile"):
            one.old_mobile = self._numbers.new(dice, one.country)
            self._numbers.give_up(one.old_mobile)
        if dice.happens("world: tax number of a person"):
            one.tax = digits.personal_tax(dice, one.country, one.birth, male=one.male)
        one.mails = self._mails(one)

    def _mails(self, one: Person) -> list[str]:
        """The present address first; a former one or a second one after it."""
        dice = self._dice
        mails = [self._mail(one)]
        if dice.happens("world: new mail"):
            mails.append(self._mail(replace(one, family=one.old_family or one.family)))
        if dice.happens("world: second mail"):
            mails.append(self._mail(one))
        return mails

    def _mail(self, one: Person) -> str:
        return self._registry.mailbox(lambda: private_mail(self._dice, one))


def _day(dice: Dice) -> str:
    return f"-{1 + dice.below(12):02d}-{1 + dice.below(28):02d}"


def _near(dice: Dice, birth: str, years: int) -> str:
    return f"{int(birth[:4]) + dice.below(2 * years) - years}{_day(dice)}"


def mail_words(one: Person) -> tuple[str, str]:
    """Given and family name as an address can hold them."""
    german = one.country.code in _GERMAN
    given, family = slips.plain(one.given, german=german), slips.plain(one.family, german=german)
    return _letters(given), _letters(family.split()[0] if one.country.code == "ES" else family)


def _letters(text: str) -> str:
    return "".join(mark for mark in text.lower() if mark.isalpha() or mark == "-").strip("-")


def private_mail(dice: Dice, one: Person) -> str:
    domain = one.country.mail.draw(dice)
    if dice.happens("world: mail says nothing of the name"):
        return f"{dice.pick(_HOBBIES)}{dice.pick(_HOBBIES)}{dice.below(9999)}@{domain}"
    given, family = mail_words(one)
    year = one.birth[2:4]
    styles = (
        f"{given}.{family}", f"{given}.{family}{year}", f"{given[:1]}.{family}", f"{given}{family}",
        f"{given}{dice.below(999)}", f"{given}_{family}", f"{given}.{family}{dice.below(99)}",
        f"{family}.{given}", f"{given[:1]}{family}{year}", f"{family}{dice.below(999)}",
    )  # fmt: skip
    return f"{dice.pick(styles)}@{domain}"


def _family_box(dice: Dice, head: Person) -> str:
    family = mail_words(head)[1]
    style = dice.pick((f"familie.{family}", f"family.{family}", f"{family}s", f"the{family}s"))
    return f"{style}{dice.below(99)}@{head.country.mail.draw(dice)}"
