"""Telephone and tax numbers in the countries' own forms, check digits included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from stdnum import luhn
from stdnum.at import uid as at_uid
from stdnum.ch import uid as ch_uid
from stdnum.es import cif as es_cif
from stdnum.es import dni as es_dni
from stdnum.iso7064 import mod_11_10
from stdnum.nl import bsn as nl_bsn
from stdnum.pl import pesel as pl_pesel

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.words import Country, Phones, Town

_NIP: Final = (6, 5, 7, 2, 3, 4, 5, 6, 7)


class Phone(NamedTuple):
    """A number in its parts; ``extension`` is what a switchboard puts through."""

    plan: Phones
    area: str
    local: str
    extension: str = ""

    @property
    def line(self) -> str:
        """The number itself: no two subscribers have one."""
        return f"{self.plan.code} {self.area} {self.local}"


def mobile(dice: Dice, country: Country) -> Phone:
    plan = country.phones
    return Phone(plan, dice.pick(plan.mobile), _local(dice, plan.mobile_digits))


def landline(dice: Dice, country: Country, town: Town) -> Phone:
    return Phone(country.phones, town.area, _local(dice, country.phones.local_digits))


def switchboard(dice: Dice, country: Country, town: Town) -> Phone:
    """Shorter than a line of one's own where extensions follow it."""
    short = country.phones.local_digits - 3 if country.phones.code in ("43", "49") else 0
    return Phone(country.phones, town.area, _local(dice, short or country.phones.local_digits))


def _local(dice: Dice, count: int) -> str:
    return str(2 + dice.below(8)) + dice.digits(count - 1)


def written(dice: Dice, phone: Phone) -> str:
    """The number as somebody types it: international, national, with marks or without."""
    plan, area, local, extension = phone
    tail = f"-{extension}" if extension else ""
    style = dice.random()
    if plan.code == "1":
        return _american(style, area, local) + (f" x{extension}" if extension else "")
    if style < 0.4:
        return f"+{plan.code} {area.removeprefix('0') if plan.trunk else area} {local}{tail}"
    if style < 0.5:
        return f"+{plan.code}{area}{local}{extension}"
    if style < 0.58:
        return f"00{plan.code} {area} {local}{tail}"
    if style < 0.72:
        return f"{plan.trunk}{area}/{local}{tail}"
    if style < 0.86:
        return f"{plan.trunk}{area} {local[:3]} {local[3:]}{tail}"
    return f"{plan.trunk}{area}{local}{extension}"


def _american(style: float, area: str, local: str) -> str:
    if style < 0.35:
        return f"({area}) {local[:3]}-{local[3:]}"
    if style < 0.65:
        return f"{area}-{local[:3]}-{local[3:]}"
    return f"+1 {area} {local}" if style < 0.85 else f"{area}{local}"


def company_tax(dice: Dice, country: Country) -> str:
    """A number for turnover tax (US: employer number) that passes its country's check."""
    return _TAX[country.code](dice)


def personal_tax(dice: Dice, country: Country, birth: str, *, male: bool) -> str:
    """What Spain and Poland give to persons; elsewhere nothing is kept with a customer."""
    if country.code == "ES":
        number = dice.digits(8)
        return number + es_dni.calc_check_digit(number)
    if country.code == "PL":
        month = int(birth[5:7]) + (20 if birth > "2000" else 0)
        body = f"{birth[2:4]}{month:02d}{birth[8:]}{dice.digits(3)}{2 * dice.below(5) + male}"
        return body + str(pl_pesel.calc_check_digit(body))
    return ""


def _german(dice: Dice) -> str:
    body = str(1 + dice.below(9)) + dice.digits(7)
    return f"DE{body}{mod_11_10.calc_check_digit(body)}"


def _austrian(dice: Dice) -> str:
    body = dice.digits(7)
    return f"ATU{body}{at_uid.calc_check_digit(body)}"


def _swiss(dice: Dice) -> str:
    body = dice.digits(8)
    check = str(ch_uid.calc_check_digit(body))
    return f"CHE{body}{check}" if check.isdigit() else _swiss(dice)


def _french(dice: Dice) -> str:
    body = dice.digits(8)
    siren = body + luhn.calc_check_digit(body)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _italian(dice: Dice) -> str:
    body = f"{dice.digits(7)}{1 + dice.below(99):03d}"
    return f"IT{body}{luhn.calc_check_digit(body)}"


def _spanish(dice: Dice) -> str:
    body = f"B{1 + dice.below(52):02d}{dice.digits(5)}"
    return f"ES{body}{es_cif.calc_check_digits(body)[0]}"


def _dutch(dice: Dice) -> str:
    body = dice.digits(8)
    last = sum((9 - place) * int(digit) for place, digit in enumerate(body)) % 11
    number = f"{body}{last % 10}"
    return f"NL{number}B01" if nl_bsn.is_valid(number) else _dutch(dice)


def _british(dice: Dice) -> str:
    body = str(1 + dice.below(9)) + dice.digits(6)
    total = sum((8 - place) * int(digit) for place, digit in enumerate(body))
    return f"GB{body}{97 - total % 97:02d}"


def _american_employer(dice: Dice) -> str:
    return f"{dice.pick(('12', '20', '27', '36', '45', '61', '84'))}-{dice.digits(7)}"


def _polish(dice: Dice) -> str:
    body = dice.pick(("52", "67", "77", "89")) + dice.digits(7)
    check = sum(weight * int(digit) for weight, digit in zip(_NIP, body, strict=True)) % 11
    return f"PL{body}{check}" if check < 10 else _polish(dice)


_TAX: Final[dict[str, Callable[[Dice], str]]] = {
    "DE": _german,
    "AT": _austrian,
    "CH": _swiss,
    "FR": _french,
    "IT": _italian,
    "ES": _spanish,
    "NL": _dutch,
    "GB": _british,
    "US": _american_employer,
    "PL": _polish,
}
