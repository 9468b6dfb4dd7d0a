"""Evaluates ``$filter`` and ``$orderby`` over rows, for stand-ins that answer as a service does."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from hub.sdk.odata.edm import parse_moment, parse_time

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
AnyRow = TypeVar("AnyRow", bound=Row)

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<mark>[()])|(?P<kind>datetimeoffset|datetime|guid|time)'(?P<typed>[^']*)'"
    r"|'(?P<text>(?:[^']|'')*)'|(?P<word>[^\s()']+))\s*"
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?[LMlm]?")
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d(T\S+)?")
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class Filter:
    """A parsed ``$filter``; ``fields_of_or`` are those that an ``or`` was asked over."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.fields_of_or: set[str] = set()
        self.fields: set[str] = set()
        self.test: Test = self._either() if self._tokens else lambda _row: True
        if self._at != len(self._tokens):
            raise ValueError("the filter does not end where it should")

    def _either(self) -> Test:
        before = set(self.fields)
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        if len(tests) > 1:
            self.fields_of_or |= self.fields - before
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            inside = self._either()
            if not self._take(")"):
                raise ValueError("a bracket is left open")
            return inside
        (_, name), (_, word) = self._next(), self._next()
        value = _value(*self._next())
        compare = _OPERATORS.get(word)
        if compare is None:
            raise ValueError("an operator that is not known")
        self.fields.add(name)
        return lambda row: _holds(compare, row.get(name), value)

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ("word", word)
        self._at += found
        return found

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ValueError("the filter ends too early")
        self._at += 1
        return self._tokens[self._at - 1]


def sort_rows(rows: Sequence[AnyRow], order: str) -> list[AnyRow]:
    """By ``A asc,B desc``; null comes first in ascending order (OData 4.01 Part 2, 5.1.4)."""
    found = list(rows)
    for part in reversed([part for part in order.split(",") if part.strip()]):
        name, _, way = part.strip().partition(" ")
        found.sort(key=lambda row, name=name: sort_key(row.get(name)), reverse=way == "desc")  # type: ignore[misc]  # mypy can't type the bound default
    return found


def sort_key(value: Any) -> tuple[bool, Any]:
    """How values of one field are ordered; texts as texts, moments in time."""
    if isinstance(value, str) and _DATED.fullmatch(value):
        return (value is not None, parse_moment(_full(value)).isoformat())
    return (value is not None, value if value is not None else "")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for found in _TOKEN.finditer(text):
        if found.start() != end:
            raise ValueError("a character that belongs nowhere")
        end = found.end()
        if found["typed"] is not None:
            yield found["kind"], found["typed"]
        elif found["text"] is not None:
            yield "text", found["text"].replace("''", "'")
        else:
            yield "word", found["mark"] or found["word"]
    if end != len(text):
        raise ValueError("a quote is left open")


def _value(kind: str, text: str) -> Any:
    if kind == "text":
        return text
    if kind in _TYPED:
        return _TYPED[kind](text)
    if text in _WORDS:
        return _WORDS[text]
    if _GUID.fullmatch(text):
        return text.lower()
    if _DATED.fullmatch(text):
        return parse_moment(_full(text))
    if not _NUMBER.fullmatch(text):
        raise ValueError("a literal that is none")
    return Decimal(text.rstrip("LMlm"))


def _full(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00Z"


def _holds(compare: Callable[[Any, Any], bool], held: Any, value: Any) -> bool:
    if held is None or value is None:
        return compare(held, value) if compare in (operator.eq, operator.ne) else False
    return compare(_alike(held, value), value)


def _alike(held: Any, value: Any) -> Any:
    """The row's value in the type of the literal."""
    if isinstance(value, datetime):
        return parse_moment(_full(str(held)))
    if isinstance(value, Decimal):
        return Decimal(str(held))
    if isinstance(value, timedelta):
        return parse_time(held)
    return held.lower() if isinstance(held, str) and _GUID.fullmatch(held) else held


_WORDS: Final[Mapping[str, Any]] = {"null": None, "true": True, "false": False}
_TYPED: Final[Mapping[str, Callable[[str], Any]]] = {
    "guid": str.lower,
    "time": parse_time,
    "datetime": lambda text: parse_moment(_full(text)),
    "datetimeoffset": lambda text: parse_moment(_full(text)),
}
