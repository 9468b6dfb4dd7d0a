"""Telephone numbers in E.164, with a fast path that agrees with Google's phonenumbers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_NOISE: Final = re.compile(r"[\s./\-\u2010-\u2015]+")
_AREA: Final = re.compile(r"^\(?(0\d{1,5})\)")
_PREFIX_ZERO: Final = {
    "DE": "49",
    "AT": "43",
    "CH": "41",
    "FR": "33",
    "NL": "31",
    "GB": "44",
    "BE": "32",
}
_PLAIN: Final = {
    "49": re.compile(r"[1-9]\d{7,9}"),
    "43": re.compile(r"[1-9]\d{7,9}"),
    "41": re.compile(r"[2-7]\d{8}"),
    "33": re.compile(r"[1-7]\d{8}"),
    "31": re.compile(r"[1-7]\d{8}"),
    "44": re.compile(r"[127]\d{9}"),
    "32": re.compile(r"4\d{8}"),
    "34": re.compile(r"[67]\d{8}"),
    "39": re.compile(r"3\d{9}"),
    "1": re.compile(r"[2-9]\d{9}"),
}
_COUNTING: Final = "012345678901234567890"
_INTERNATIONAL: Final = re.compile(r"\+(1|3[1-49]|4[1349])(\d{8,10})")


@lru_cache(maxsize=65_536)
def standardise_phone(value: str, country: str = "DE") -> str | None:
    """The number in E.164 without extension; None for what can be no number in its country.

    Placeholders (0000000, 123456) and emergency numbers give None too.
    """
    digits = "".join(char for char in value if char.isdigit())
    if len(digits) < 6 or len(set(digits)) < 2 or digits in _COUNTING:
        return None
    return _fast(value, country) or _parse(value, country)


def _fast(value: str, country: str) -> str | None:
    """The well-formed majority; anything that needs the country's rules is left to the parser."""
    compact = _NOISE.sub("", _AREA.sub(r"\1", value.strip()))
    found = _INTERNATIONAL.fullmatch(compact)
    if found:
        code, rest = found.groups()
    elif compact[:1] == "0" and compact.isdigit() and compact.isascii() and country in _PREFIX_ZERO:
        code, rest = _PREFIX_ZERO[country], compact[1:]
    else:
        return None
    return f"+{code}{rest}" if _PLAIN[code].fullmatch(rest) else None


def _parse(value: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(value, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    number.extension = None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
