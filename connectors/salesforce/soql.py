"""The part of SOQL that the stand-in answers: SELECT … FROM … WHERE … ORDER BY … LIMIT.

Grammar as in the SOQL and SOSL Reference ("SOQL SELECT Syntax"): conditions joined by AND or OR,
never both in one group without brackets; strings in single quotes, date-times without.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<symbol><=|>=|!=|[=<>(),]))"
)
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS: Final = {"true": True, "false": False, "null": None}
_TIME: Final = re.compile(r"^\d{4}-\d\d-\d\dT")


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; ``order`` pairs a field with whether it descends, COUNT() has no fields."""

    fields: tuple[str, ...]
    table: str
    test: Test
    order: tuple[tuple[str, bool], ...]
    limit: int | None
    used: frozenset[str]

    def run(self, rows: Collection[Row]) -> list[Row]:
        """The rows that match, in order; nulls first, as Salesforce sorts them."""
        found = [row for row in rows if self.test(row)]
        for name, descending in reversed(self.order):
            found.sort(key=lambda row: _sort_key(row.get(name)), reverse=descending)
        return found[: self.limit]


def parse(text: str) -> Query:
    """Parse a query, or raise ValueError(code, message) with Salesforce's error code."""
    return _Parser(_tokens(text)).query()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._used: set[str] = set()

    def query(self) -> Query:
        self._expect("select")
        fields = () if self._counts() else self._names()
        self._expect("from")
        table = self._name()
        test = self._condition() if self._accept("where") else _always
        order = self._order() if self._accept("order") else ()
        limit = int(self._take("number")) if self._accept("limit") else None
        if self._at != len(self._tokens):
            raise self._unexpected()
        return Query(fields, table, test, order, limit, frozenset(self._used))

    def _counts(self) -> bool:
        """COUNT() stands alone, and only a bracket tells it from a field of that name."""
        texts = [text.lower() for _, text in self._tokens[self._at : self._at + 3]]
        if texts != ["count", "(", ")"]:
            return False
        self._at += 3
        return True

    def _condition(self) -> Test:
        tests = [self._single()]
        joined = ""
        while word := self._word_of("and", "or"):
            if joined not in ("", word):
                raise ValueError("MALFORMED_QUERY", f"unexpected token: {word.upper()}")
            joined = word
            self._at += 1
            tests.append(self._single())
        every = any if joined == "or" else all
        return lambda row: every(test(row) for test in tests)

    def _single(self) -> Test:
        if self._accept("("):
            test = self._condition()
            self._expect(")")
            return test
        name = self._field()
        compare = _OPERATORS.get(self._take("symbol"))
        if compare is None:
            raise self._unexpected()
        return _comparison(name, compare, self._literal())

    def _literal(self) -> Any:
        kind, text = self._peek()
        self._at += 1
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "time":
            return _moment(text)
        if kind == "number":
            return float(text)
        if kind == "name" and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if kind == "date":
            return date.fromisoformat(text)
        self._at -= 1
        raise self._unexpected()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._expect("by")
        order = [self._direction()]
        while self._accept(","):
            order.append(self._direction())
        return tuple(order)

    def _direction(self) -> tuple[str, bool]:
        name = self._field()
        descending = self._accept("desc")
        if not descending:
            self._accept("asc")
        return name, descending

    def _names(self) -> tuple[str, ...]:
        names = [self._field()]
        while self._accept(","):
            names.append(self._field())
        return tuple(names)

    def _field(self) -> str:
        name = self._name()
        self._used.add(name)
        return name

    def _name(self) -> str:
        return self._take("name")

    def _take(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise self._unexpected()
        self._at += 1
        return text

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _accept(self, word: str) -> bool:
        matches = self._word_of(word) != ""
        self._at += matches
        return matches

    def _word_of(self, *words: str) -> str:
        kind, text = self._peek()
        return text.lower() if kind in ("name", "symbol") and text.lower() in words else ""

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")

    def _unexpected(self) -> ValueError:
        return ValueError("MALFORMED_QUERY", f"unexpected token: {self._peek()[1]}")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError("MALFORMED_QUERY", f"unexpected character at {at}")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        at = match.end()
    return tokens


def _always(row: Row) -> bool:  # noqa: ARG001  # a query without WHERE
    return True


def _comparison(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    """Texts compare without regard to case, ids exactly; null matches only = and !=."""
    if wanted is None:
        if compare not in (operator.eq, operator.ne):
            raise ValueError("MALFORMED_QUERY", "null is compared by = and != only")
        return lambda row: compare(row.get(name), None)
    read = _comparable if name.endswith("Id") else _folded
    wanted = wanted if name.endswith("Id") else _folded(wanted)

    def test(row: Row) -> bool:
        value = read(row.get(name))
        if isinstance(wanted, date) and isinstance(value, str):
            value = date.fromisoformat(value)
        if value is None:
            return compare is operator.ne
        return type(value) is type(wanted) and compare(value, wanted)

    return test


def _folded(value: Any) -> Any:
    known = _comparable(value)
    return known.casefold() if isinstance(known, str) else known


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, _comparable(value) if value is not None else 0)


def _comparable(value: Any) -> Any:
    if isinstance(value, str) and _TIME.match(value):
        return _moment(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
