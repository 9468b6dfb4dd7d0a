"""Dates in the common spellings; whether the day or the month comes first is read off the column.

"12/11/1978" alone is ambiguous. A column in which "3/31/1954" stands more often than "31/3/1954"
has the month first, and the other way round; a cell that can only be read one way is read that way.
A column without any such cell has the day first.

A mistyped date (1856-86-18) keeps its shape: all digits but one are still evidence, and the engine
decides what to make of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

DAY_FIRST: Final = "day first"
MONTH_FIRST: Final = "month first"

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBERS: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})(?:[T ].*)?")
_DAY_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]*([^\W\d_]{3,})[-/., ]*(\d{4}|\d{2})")
_NAMED_DAY: Final = re.compile(
    r"([^\W\d_]{3,})[-/. ]*(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4}|\d{2})"
)
_MONTHS: Final = (
    "jan ene gen", "feb fev fév", "mar mär mrz", "apr abr avr", "may mai mag mei", "jun giu juin",
    "jul lug juil", "aug ago aoû aou", "sep set", "oct okt ott out", "nov", "dec dez dic déc",
)  # fmt: skip
_NAMES: Final = {name: n for n, names in enumerate(_MONTHS, 1) for name in names.split()}


def order_of(cell: str) -> str:
    """Which order a cell proves: day first, month first, or "" for neither."""
    found = _NUMBERS.fullmatch(cell.strip())
    if found is None:
        return ""
    first, second = int(found[1]), int(found[2])
    if first > 12 >= second:
        return DAY_FIRST
    return MONTH_FIRST if second > 12 >= first else ""


def decide_order(evidence: Counter[str]) -> str:
    """The order that more cells prove; day first where they prove nothing."""
    return MONTH_FIRST if evidence[MONTH_FIRST] > evidence[DAY_FIRST] else DAY_FIRST


def date_reader(order: str) -> Callable[[str], str]:
    """Reads a cell to an ISO date's shape, "" for none; ``order`` may be a strptime pattern."""
    if "%" in order:
        return lambda cell: _by_pattern(cell.strip(), order)
    return lambda cell: _read(cell.strip(), order == MONTH_FIRST)


def _by_pattern(cell: str, pattern: str) -> str:
    try:
        found = datetime.strptime(cell, pattern).date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return ""
    return found.isoformat()


@lru_cache(maxsize=65_536)
def _read(cell: str, month_first: bool) -> str:
    if found := _ISO.fullmatch(cell) or _COMPACT.fullmatch(cell):
        return _iso(found[1], int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(cell):
        return _from_numbers(int(found[1]), int(found[2]), found[3], month_first)
    if found := _DAY_NAMED.fullmatch(cell):
        return _iso(found[3], _month(found[2]), int(found[1]))
    if found := _NAMED_DAY.fullmatch(cell):
        return _iso(found[3], _month(found[1]), int(found[2]))
    return ""


def _from_numbers(first: int, second: int, year: str, month_first: bool) -> str:
    if second > 12 or (month_first and first <= 12):
        first, second = second, first
    return _iso(year, second, first)


def _month(name: str) -> int:
    word = name.lower()
    return _NAMES.get(word[:4], _NAMES.get(word[:3], 0))


def _iso(year: str, month: int, day: int) -> str:
    """Two digits are the latest year that has begun: nobody is born in the future.

    A part that is zero is not known, so that there is no whole date.
    """
    number = int(year)
    if len(year) == 2:
        this = datetime.now(UTC).year
        number += this - this % 100
        number -= 100 if number > this else 0
    return f"{number:04}-{month:02}-{day:02}" if number and month and day else ""
