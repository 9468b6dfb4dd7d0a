"""Postal addresses, and the ways in which people write one and the same."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.words import Country, Town, street

_BEHIND = ("DE", "AT", "CH", "NL")
_UNITS = {"US": (" Apt ", " #", ", Unit "), "GB": (", Flat ", " Flat "), "FR": (" bât ",)}
_LETTERS = "ABCDEFGHJLNPRSTUWXYZ"


class Address(NamedTuple):
    """Where somebody lives or works."""

    country: Country
    town: Town
    postcode: str
    street: str
    way: str
    number: str
    unit: str = ""


def settle(dice: Dice, country: Country, town: Town | None = None) -> Address:
    """An address in a town; large towns have many postcodes."""
    place = town or country.towns.draw(dice)
    letter = dice.pick("abc") if dice.chance(0.06) else ""
    number = str(1 + int(dice.random() ** 2 * 120)) + letter
    unit = str(1 + dice.below(40)) if dice.chance(0.2) else ""
    way = dice.early(tuple(country.ways))
    post = _postcode(dice, place.post)
    return Address(country, place, post, street(dice, country), way, number, unit)


def _postcode(dice: Dice, form: str) -> str:
    """Low digits first: a town has a dozen codes, not thousands."""
    made = ""
    for mark in form:
        if mark == "#":
            made += str(int(dice.random() ** 2 * 10))
        else:
            made += dice.pick(_LETTERS) if mark == "@" else mark
    return made


def line(dice: Dice, address: Address) -> str:
    """Street and number as one person writes them."""
    way = address.way
    if dice.happens("slip: street abbreviated"):
        way = dice.pick(address.country.ways[way])
    return _numbered(dice, address, _street(address, way))


def _street(address: Address, way: str) -> str:
    code, name = address.country.code, address.street
    if code in _BEHIND:
        return f"{name} {way.strip('-')}" if " " in name or way[0].isupper() else name + way
    return f"{name} {way}" if code in ("GB", "US") else f"{way} {name}"


def _numbered(dice: Dice, address: Address, street: str) -> str:
    number, code = address.number, address.country.code
    if dice.happens("slip: house number wrong"):
        number = dice.digits(2).lstrip("0") or "1"
    if dice.happens("slip: house number left out"):
        return street
    if code in ("GB", "US", "FR"):
        return f"{number} {street}" + _unit(dice, address.unit, code)
    comma = ", " if code in ("ES", "IT") else " "
    return f"{street}{comma}{number}" + (f"/{address.unit}" if _says_unit(dice, address) else "")


def _says_unit(dice: Dice, address: Address) -> bool:
    return bool(address.unit) and dice.chance(0.6)


def _unit(dice: Dice, unit: str, code: str) -> str:
    if not unit or dice.chance(0.4):
        return ""
    return dice.pick(_UNITS[code]) + unit


def town(dice: Dice, address: Address) -> str:
    return address.town.other if dice.happens("slip: other name of town") else address.town.name


def postcode(dice: Dice, address: Address) -> str:
    if dice.happens("slip: postcode wrong"):
        place = dice.below(len(address.postcode))
        return address.postcode[:place] + dice.digits(1) + address.postcode[place + 1 :]
    return address.postcode.replace(" ", "") if dice.chance(0.1) else address.postcode
