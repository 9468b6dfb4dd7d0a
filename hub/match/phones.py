"""Telephone numbers in E.164: a fast way for the well-formed, Google's phonenumbers for the rest.

The fast way reads the library's own rules of a country (calling code, prefixes, lengths) and gives
a number only where `phonenumbers.parse` would take the digits as they stand or without the trunk
prefix; it agrees with the library for every region there is (tested).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

_NOISE: Final = dict.fromkeys(map(ord, " \u00a0-./()\u2010\u2011\u2012\u2013\u2014\u2015"))
_COUNTING: Final = "012345678901234567890"
_ABROAD: Final = "00"
_EXTENSION: Final = re.compile(r"(?<=\d\d\d)\s?[-\u2013]\s?\d{1,4}$")
"""A desk behind a switchboard; read so only where the whole is too long for a number."""
_NEVER: Final = re.compile(r"(?!)")
_LONGEST: Final = 40
"""Longer texts are left to the library: it has limits of its own."""


@lru_cache(maxsize=65_536)
def standardise_phone(value: str, country: str = "DE") -> str | None:
    """The number in E.164 without extension; None for what can be no number in its country.

    Placeholders (0000000, 123456) and emergency numbers give None too.
    """
    text = " ".join(value.split())
    compact = text.translate(_NOISE)
    if _is_placeholder(compact):
        return None
    fast = _well_formed(compact, country) if len(text) <= _LONGEST else None
    known = fast or _ask(text, country)
    if known is None and (extension := _EXTENSION.search(text)):
        return _ask(text[: extension.start()], country)
    return known


@lru_cache(maxsize=65_536)
def line_of(number: str) -> str:
    """What is compared of a number in E.164: its last digits, without the country's.

    Where a record names no country, its number has been read by that of the connection or file; two
    lines that differ in their country alone are rarer than such a record.
    """
    digits = number.removeprefix("+")
    rules = _called(digits[:3])
    return digits[len(rules.code) if rules else 0 :].lstrip("0")[-_LINE:]


def calling_country(text: str, number: str) -> str:
    """The country that a number is written with; '' where it has no calling code, or several do.

    ``number`` is the text in E.164, which has a code in any case.
    """
    is_written = text.lstrip(" (")[:2].startswith(("+", _ABROAD))
    return _country_called(number[1:4]) if is_written else ""


@lru_cache(maxsize=1_024)
def _country_called(start: str) -> str:
    code = _calling_code(start)
    return "" if code in _OF_SEVERAL else _main_region(code) or ""


def _is_placeholder(compact: str) -> bool:
    digits = compact.removeprefix("+")
    if not digits.isdigit():
        digits = "".join(filter(str.isdigit, digits))
    return len(digits) < 6 or digits in _COUNTING or digits.count(digits[0]) == len(digits)


def find_well_formed(text: str, country: str) -> str | None:
    """The fast way alone: the number where it is surely the library's answer, else None."""
    return _well_formed(text.translate(_NOISE), country) if len(text) <= _LONGEST else None


def _well_formed(compact: str, country: str) -> str | None:
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return None
    return _as_dialled(digits, country) if len(digits) == len(compact) else _from_abroad(digits)


_OF_SEVERAL: Final = frozenset({"", "1", "7"})
"""Calling codes of more than one large country."""
_LINE: Final = 9
"""Numbers of most countries have no more; what stands before is a trunk or a calling code that was
taken for a part of the number."""


class _Dialling(NamedTuple):
    """How a region's numbers are dialled, from the library's metadata."""

    code: str
    abroad: re.Pattern[str]
    trunk: re.Pattern[str]
    drops_trunk: bool
    general: re.Pattern[str]
    lengths: frozenset[int]


@lru_cache(maxsize=512)
def _dialling(region: str) -> _Dialling | None:
    rules = PhoneMetadata.metadata_for_region(region, None)
    general = rules.general_desc if rules is not None else None
    if rules is None or general is None or not general.national_number_pattern:
        return None
    trunk = _compiled(rules.national_prefix_for_parsing)
    return _Dialling(
        str(rules.country_code),
        _compiled(rules.international_prefix),
        trunk,
        not trunk.groups and not rules.national_prefix_transform_rule,
        re.compile(general.national_number_pattern),
        frozenset(general.possible_length),
    )


def _compiled(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern) if pattern else _NEVER


@lru_cache(maxsize=512)
def _main_region(code: str) -> str | None:
    """The region whose rules count for a calling code; None where the code is no region's."""
    region = phonenumbers.region_code_for_country_code(int(code)) if code[:1] != "0" else "ZZ"
    return None if region in ("ZZ", "001") else str(region)


def _as_dialled(digits: str, country: str) -> str | None:
    rules = _dialling(country)
    if rules is None:
        return None
    if rules.abroad.match(digits) is None:
        return _at_home(digits, rules)
    return _from_abroad(digits[2:]) if rules.abroad.pattern == _ABROAD else None


def _from_abroad(digits: str) -> str | None:
    """A number behind its country's calling code: taken where no trunk prefix is in between."""
    rules = _called(digits[:3])
    if rules is None:
        return None
    number = digits[len(rules.code) :]
    taken = len(number) in rules.lengths and rules.trunk.match(number) is None
    return f"+{digits}" if taken else None


def _calling_code(start: str) -> str:
    """The calling code that three digits start with; '' where they start with none."""
    return next((start[:size] for size in (1, 2, 3) if _main_region(start[:size])), "")


@lru_cache(maxsize=1_024)
def _called(start: str) -> _Dialling | None:
    """The rules of the region whose calling code three digits start with."""
    code = _calling_code(start)
    return _dialling(_main_region(code) or "") if code else None


def _at_home(digits: str, rules: _Dialling) -> str | None:
    """A number as dialled within its country, with or without the trunk prefix."""
    if digits.startswith(rules.code):  # may be the calling code without its plus
        return None
    prefix = rules.trunk.match(digits)
    if prefix is not None:
        if not rules.drops_trunk or rules.general.fullmatch(digits):
            return None
        digits = digits[prefix.end() :]
    main = _called(rules.code)
    taken = main is not None and len(digits) in rules.lengths and len(digits) in main.lengths
    return f"+{rules.code}{digits}" if taken else None


def _ask(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    number.extension = None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
