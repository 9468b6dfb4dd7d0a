"""The part of SQL that the stand-in understands: comparisons, and, or, brackets."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

Matches = Callable[[Mapping[str, Any]], bool]

_WORD: Final = re.compile(
    r"\s*(?:(?P<mark>\(|\)|>=|<=|=|>|<)|'(?P<text>[^'\\]*)'|(?P<name>[a-z_]+(?:\.[a-z_0-9]+)?))"
)
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def read_condition(sql: str, table: str) -> Matches | None:
    """What decides whether a row matches; None where the text is no condition on this table."""
    words = _split(sql)
    if words is None:
        return None
    if not words:
        return lambda _: True
    reading = _Reading(words, table)
    try:
        matches = reading.either()
    except (IndexError, KeyError, ValueError):
        return None
    return matches if reading.at == len(words) else None


class _Reading:
    def __init__(self, words: list[tuple[str, str]], table: str) -> None:
        self._words, self._table = words, table
        self.at = 0

    def either(self) -> Matches:
        """Alternatives: they bind less than ``and``."""
        parts = [self._both()]
        while self._next_is(("name", "or")):
            parts.append(self._both())
        return reduce(_or, parts)

    def _both(self) -> Matches:
        parts = [self._one()]
        while self._next_is(("name", "and")):
            parts.append(self._one())
        return reduce(_and, parts)

    def _one(self) -> Matches:
        if self._next_is(("mark", "(")):
            inside = self.either()
            if not self._next_is(("mark", ")")):
                raise ValueError(")")
            return inside
        name, sign, text = (self._take(kind) for kind in ("name", "mark", "text"))
        where, _, column = name.rpartition(".")
        if where not in ("", self._table):
            raise ValueError(where)
        compare = _COMPARE[sign]
        return lambda row: compare(row.get(column) or "", text)

    def _take(self, kind: str) -> str:
        found, word = self._words[self.at]
        if found != kind:
            raise ValueError(word)
        self.at += 1
        return word

    def _next_is(self, word: tuple[str, str]) -> bool:
        found = self.at < len(self._words) and self._words[self.at] == word
        self.at += found
        return found


def _or(one: Matches, other: Matches) -> Matches:
    return lambda row: one(row) or other(row)


def _and(one: Matches, other: Matches) -> Matches:
    return lambda row: one(row) and other(row)


def _split(sql: str) -> list[tuple[str, str]] | None:
    words, at, text = [], 0, sql.rstrip()
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None or found.lastgroup is None:
            return None
        words.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return words
