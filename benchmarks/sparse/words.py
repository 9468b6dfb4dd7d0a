"""Names, towns and streets of a country, drawn with frequencies that have a long tail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from benchmarks.sparse.dice import Dice, Weighted, zipf

_FREQUENT: Final = 0.2
_MIDDLE: Final = 0.35
_NAMED_FOR_SOMEBODY: Final = 0.5
_WHOLE_NAMES: Final = ("ES", "FR", "IT")


class Town(NamedTuple):
    """A place with its post and telephone codes; ``other`` is another name that people use.

    Its postcodes begin with ``post``; each ``#`` of it is a digit and each ``@`` a letter.
    """

    name: str
    other: str
    region: str
    post: str
    area: str


class Phones(NamedTuple):
    """How a country numbers its telephones."""

    code: str
    trunk: str
    mobile: Sequence[str]
    mobile_digits: int
    local_digits: int


class Parts(NamedTuple):
    """Pieces that join to a family name of one language."""

    fronts: Sequence[str]
    heads: Sequence[str]
    middles: Sequence[str]
    tails: Sequence[str]


class Surnames(NamedTuple):
    """Frequent family names with their share, and the parts from which the rare ones are made."""

    common: Weighted[str]
    rare: Sequence[Parts]
    share: float


class Country(NamedTuple):
    """All that a customer of this country is made of."""

    code: str
    called: Sequence[str]
    male: Weighted[str]
    female: Weighted[str]
    surnames: Surnames
    nicknames: dict[str, list[str]]
    towns: Weighted[Town]
    streets: Weighted[str]
    ways: dict[str, list[str]]
    phones: Phones
    mail: Weighted[str]
    top: str
    forms: Weighted[list[str]]
    trades: Weighted[str]
    joins: Sequence[str]


@cache
def countries() -> Weighted[Country]:
    """The countries, weighted by their share of the customers."""
    text = (Path(__file__).parent / "countries.yaml").read_text(encoding="utf-8")
    told = yaml.safe_load(text)
    elsewhere = told.pop("elsewhere")
    full = {code: {**told.get(one.get("like"), {}), **one} for code, one in told.items()}
    made = [_country(code, one, elsewhere) for code, one in full.items()]
    return Weighted(made, [one["share"] for one in full.values()])


def words(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def _country(code: str, told: dict[str, Any], elsewhere: dict[str, Any]) -> Country:
    foreign = 5 if code != "PL" else 1
    return Country(
        code="GB" if code == "UK" else code,
        called=told["called"],
        male=_given(told["male"], elsewhere["male"], foreign),
        female=_given(told["female"], elsewhere["female"], foreign),
        surnames=_surnames(told, elsewhere),
        nicknames=told["nicknames"],
        towns=_towns(code, told),
        streets=zipf(told["streets"]),
        ways=told["ways"],
        phones=Phones(**told["phone"]),
        mail=zipf(told["mail"], 1.0),
        top=told["top"],
        forms=zipf(told["forms"], 1.0),
        trades=zipf(told["trades"], 6.0),
        joins=told["joins"],
    )


def _given(own: str, foreign: str, share: float) -> Weighted[str]:
    names, others = words(own), words(foreign)
    weights = [1 / (rank + 6) for rank in range(len(names))]
    scale = sum(weights) * share / 50 / len(others)
    return Weighted(names + others, weights + [scale] * len(others))


def _surnames(told: dict[str, Any], elsewhere: dict[str, Any]) -> Surnames:
    names, others = words(told["family"]), words(elsewhere["family"])
    weights = [1 / (rank + 6) ** 0.8 for rank in range(len(names))]
    scale = sum(weights) * 0.12 / len(others)
    common = Weighted(names + others, weights + [scale] * len(others))
    rare = [_parts(told)] * 11 + [_parts(elsewhere)]
    return Surnames(common, rare, share=told.get("frequent", _FREQUENT))


def _parts(told: dict[str, Any]) -> Parts:
    return Parts(*(words(told.get(name, "")) for name in Parts._fields))


def _towns(code: str, told: dict[str, Any]) -> Weighted[Town]:
    """The large towns, then some thousand small ones made of parts, by the law of ranks."""
    dice, codes = Dice(sum(map(ord, code))), told["postcode"]
    large = [Town(*_five(line.split("|"))) for line in told["towns"]]
    small = [
        _small(dice, name, dice.pick(large), codes)._replace(area=dice.pick(told["areas"]))
        for before in ("", *words(told["befores"]))
        for name in _names(before, told["places"], told["endings"])
    ]
    dice.shuffle(small)
    return zipf([*(town._replace(post=town.post + codes) for town in large), *small])


def _names(before: str, places: Sequence[str], endings: Sequence[str]) -> Iterator[str]:
    """Names of small towns; what is joined to a syllable is written small."""
    joined = before[-1:].isalpha()
    for place in places:
        start = before + (place.lower() if joined else place)
        yield from (start + ending for ending in endings)


def _five(parts: list[str]) -> list[str]:
    """A town without another name is called by its own."""
    name, other, region, post, area = parts
    return [name, other or name, region, post, area]


def _small(dice: Dice, name: str, near: Town, codes: str) -> Town:
    """A town in the region of a large one; its codes differ behind their blank, if they have one.

    A whole village has one code in most countries. In some a code is that of a few houses.
    """
    region = near.post[:-1] + "#" if near.post[-1].isdigit() else near.post
    whole, blank, houses = (region + codes).partition(" ")
    digits = "".join(dice.digits(1) if mark == "#" else mark for mark in whole)
    return Town(name, name, near.region, digits + blank + houses, near.area)


def surname(dice: Dice, country: Country) -> str:
    """A family name: frequent ones by rank, else one of many thousand rare ones."""
    names = country.surnames
    if dice.random() < names.share:
        return names.common.draw(dice)
    parts = dice.pick(names.rare)
    middle = dice.pick(parts.middles) if parts.middles and dice.chance(_MIDDLE) else ""
    made = dice.early(parts.heads) + middle + dice.early(parts.tails)
    if not parts.fronts or dice.random() > 0.2:
        return made
    front = dice.pick(parts.fronts)
    return front + (made if front[-1] in " -'c" else made.lower())


def street(dice: Dice, country: Country) -> str:
    """A street without its kind: one that every town has, or one that is named for somebody."""
    if not dice.chance(_NAMED_FOR_SOMEBODY):
        return country.streets.draw(dice)
    family = surname(dice, country)
    if country.code in _WHOLE_NAMES and dice.chance(0.5):
        return f"{country.male.draw(dice)} {family}"
    return family
