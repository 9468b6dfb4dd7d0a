"""Telephone and VAT numbers: drawn from patterns, with right check digits."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple


class Phone(NamedTuple):
    """A telephone number in its three parts; ``area`` is without a trunk zero."""

    country: str
    area: str
    line: str


class PhoneBook:
    """Draws numbers and never gives one out twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[Phone] = set()

    def draw(self, patterns: Sequence[str]) -> Phone | None:
        """A fresh number of one of the patterns, or None where a small range is nearly used up."""
        for _ in range(12):
            if not patterns:
                return None
            country, area, line = self._rng.choice(patterns)[1:].split(" ")
            digits = "".join(self._rng.choice("0123456789") if c == "#" else c for c in line)
            phone = Phone(country, area, digits)
            if phone not in self._given:
                self._given.add(phone)
                return phone
        return None


_NO_TRUNK_ZERO: Final = frozenset({"39", "34"})


def write_phone(phone: Phone, style: int) -> str:
    """The number in one of the six styles (0 to 5) that stand side by side in real systems."""
    country, area, line = phone
    if style == 0:
        return f"+{country}{area}{line}"
    if style == 1:
        return f"+{country} {area} {_pairs(line)}"
    if country == "1":
        return (f"({area}) {line[:3]}-{line[3:]}", f"{area}.{line[:3]}.{line[3:]}")[style % 2]
    if style == 2:
        return f"00{country} {area} {line}"
    trunk = "" if country in _NO_TRUNK_ZERO else "0"
    return (f"{trunk}{area} {_pairs(line)}", f"{trunk}{area}/{line}", f"({trunk}{area}) {line}")[
        style - 3
    ]


def _pairs(line: str) -> str:
    head = len(line) % 2 + 2
    tail = line[head:]
    return " ".join([line[:head], *(tail[i : i + 2] for i in range(0, len(tail), 2))])


def draw_vat(rng: random.Random, country: str) -> str | None:
    """A VAT number with right check digits; None for a country without such numbers."""
    make = _VAT.get(country)
    return make(rng) if make else None


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(10 ** (count - 1), 10**count - 1))


def _luhn(number: str) -> int:
    """The digit that makes ``number`` pass the Luhn test (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(c), 10)) for c in number[::-2])
    return -(sum(doubled) + sum(int(c) for c in number[-2::-2])) % 10


def _weighted(number: str, weights: Sequence[int]) -> int:
    return sum(int(c) * weight for c, weight in zip(number, weights, strict=True))


def _vat_de(rng: random.Random) -> str:
    number, rest = _digits(rng, 8), 10
    for c in number:  # ISO 7064 MOD 11,10
        rest = ((rest + int(c)) % 10 or 10) * 2 % 11
    return f"DE{number}{(11 - rest) % 10}"


def _vat_at(rng: random.Random) -> str:
    number = _digits(rng, 7)
    return f"ATU{number}{(6 + _luhn(number[:-1]) - int(number[-1])) % 10}"


def _vat_ch(rng: random.Random) -> str:
    while True:
        number = _digits(rng, 8)
        check = (11 - _weighted(number, (5, 4, 3, 2, 7, 6, 5, 4))) % 11
        if check < 10:
            return f"CHE-{number[:3]}.{number[3:6]}.{number[6:]}{check} MWST"


def _vat_fr(rng: random.Random) -> str:
    head = _digits(rng, 8)
    siren = f"{head}{_luhn(head)}"
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _vat_gb(rng: random.Random) -> str:
    number = _digits(rng, 7)
    return f"GB{number}{97 - _weighted(number, (8, 7, 6, 5, 4, 3, 2)) % 97:02d}"


def _vat_it(rng: random.Random) -> str:
    number = f"{_digits(rng, 7)}{rng.randint(1, 99):03d}"
    return f"IT{number}{_luhn(number)}"


def _vat_es(rng: random.Random) -> str:
    number = f"{rng.choice(('28', '08', '29', '50'))}{_digits(rng, 5)}"
    return f"ESB{number}{_luhn(number)}"


def _vat_nl(rng: random.Random) -> str:
    while True:
        number = _digits(rng, 8)
        check = _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return f"NL{number}{check}B01"


def _vat_be(rng: random.Random) -> str:
    number = f"0{_digits(rng, 7)}"
    return f"BE{number}{97 - int(number) % 97:02d}"


_VAT: Final[dict[str, Callable[[random.Random], str]]] = {
    "DE": _vat_de,
    "AT": _vat_at,
    "CH": _vat_ch,
    "FR": _vat_fr,
    "GB": _vat_gb,
    "IT": _vat_it,
    "ES": _vat_es,
    "NL": _vat_nl,
    "BE": _vat_be,
}
