"""Names, towns and streets of a country, drawn with frequencies that have a long tail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.sparse.dice import Dice, Weighted, zipf


class Town(NamedTuple):
    """A place with its post and telephone codes; ``other`` is another name that people use."""

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
    postcode: str
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
        postcode=told["postcode"],
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
    return Surnames(common, rare, share=0.3)


def _parts(told: dict[str, Any]) -> Parts:
    return Parts(words(told["fronts"]), words(told["heads"]), words(told["tails"]))


def _towns(code: str, told: dict[str, Any]) -> Weighted[Town]:
    """The large towns, then some hundred small ones made of parts."""
    large = [Town(*_five(line.split("|"))) for line in told["towns"]]
    dice = Dice(sum(map(ord, code)))
    small = [
        _small(dice, place + ending, large, told["areas"])
        for place in told["places"]
        for ending in told["endings"]
    ]
    dice.shuffle(small)
    weights = [3 / (rank + 2) for rank in range(len(large))]
    return Weighted(large + small, weights + [1.5 / (rank + 8) for rank in range(len(small))])


def _five(parts: list[str]) -> list[str]:
    """A town without another name is called by its own."""
    name, other, region, post, area = parts
    return [name, other or name, region, post, area]


def _small(dice: Dice, name: str, large: list[Town], areas: Sequence[str]) -> Town:
    near = dice.pick(large)
    post = near.post[:-1] + dice.digits(1) if near.post[-1].isdigit() else near.post
    return Town(name, name, near.region, post, dice.pick(areas))


def surname(dice: Dice, country: Country) -> str:
    """A family name: frequent ones by rank, else one of many thousand rare ones."""
    names = country.surnames
    if dice.random() < names.share:
        return names.common.draw(dice)
    parts = dice.pick(names.rare)
    made = dice.early(parts.heads) + dice.early(parts.tails)
    if not parts.fronts or dice.random() > 0.2:
        return made
    front = dice.pick(parts.fronts)
    return front + (made if front[-1] in " -'c" else made.lower())
