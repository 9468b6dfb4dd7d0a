"""What can be asked of two records' features: one condition in SQL and the same in Python.

A bulk run asks DuckDB or Spark, one changed record asks Python, and all must answer alike (tested
on the same values). As in SQL, a condition on a missing value is not fulfilled. Distances are what
DuckDB computes, letter by letter; Spark calls the Python here for them
(:mod:`hub.match.engines.spark_distances`): its own Jaro-Winkler and Splink's count transpositions
in another way, and Splink's Damerau-Levenshtein counts UTF-16 units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler


class Dialect(StrEnum):
    DUCKDB = "duckdb"
    SPARK = "spark"


_OVERLAP: Final = {Dialect.DUCKDB: "list_has_any", Dialect.SPARK: "arrays_overlap"}
_SHARED: Final = {
    Dialect.DUCKDB: "len(list_intersect({0}, {1}))",
    Dialect.SPARK: "size(array_intersect({0}, {1}))",
}
ALIKE: Final = "letters_alike"
"""Spark's name for :func:`alike`."""
APART: Final = "letters_apart"
"""Spark's name for :func:`apart`."""
_SIMILARITY: Final = {Dialect.DUCKDB: "jaro_winkler_similarity", Dialect.SPARK: ALIKE}
_ROUNDING: Final = 1e-9
"""What the last digits of a similarity differ by, in one language and another."""


def alike(left: str, right: str) -> float:
    """Jaro-Winkler similarity from 0 to 1."""
    return JaroWinkler.similarity(left, right)


def apart(left: str, right: str, most: int) -> int:
    """Damerau-Levenshtein distance; anything above ``most`` may be told as one more than that."""
    return DamerauLevenshtein.distance(left, right, score_cutoff=most)


_WAYS: Final = (("l", "r"), ("r", "l"))
_SHORT: Final = 4


def _likeness(column: str, dialect: Dialect) -> str:
    return f"{_SIMILARITY[dialect]}({column}_l, {column}_r)"


def _all(parts: Iterable[str]) -> str:
    return "(" + " and ".join(f"({part})" for part in parts) + ")"


def _any(parts: Iterable[str]) -> str:
    return "(" + " or ".join(f"({part})" for part in parts) + ")"


def _both(column: str, met: str) -> str:
    """The condition where both sides have the column, ``{0}`` and ``{1}`` in it."""
    left, right = f"{column}_l", f"{column}_r"
    return f"({left} is not None and {right} is not None and {met.format(left, right)})"


class Predicate(Protocol):
    """A symmetric condition on two records; ``_l`` and ``_r`` mark the two sides."""

    def __hash__(self) -> int:
        """By its parts: a condition is compiled once."""

    def sql(self, dialect: Dialect) -> str:
        """The condition in SQL."""

    def python(self) -> str:
        """The condition as a Python expression on the same names; see :mod:`.comparison`."""


@dataclass(frozen=True, slots=True)
class Same:
    """Both have the value, and it is the same."""

    column: str

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        return f"{self.column}_l = {self.column}_r"

    def python(self) -> str:
        c = self.column
        return f"({c}_l is not None and {c}_l == {c}_r)"


@dataclass(frozen=True, slots=True)
class CrossedAlike:
    """Each first value is like the other's second, with a Jaro-Winkler similarity of ``least``."""

    first: str
    second: str
    least: float

    def sql(self, dialect: Dialect) -> str:
        name, first, second = _SIMILARITY[dialect], self.first, self.second
        return (
            f"(case when {name}({first}_l, {second}_r) >= {self.least} "
            f"then {name}({second}_l, {first}_r) >= {self.least} else false end)"
        )

    def python(self) -> str:
        first, second, least = self.first, self.second, self.least
        sides = ((first, "l", second, "r"), (second, "l", first, "r"))
        return _all(
            f"{a}_{x} is not None and {b}_{y} is not None and alike({a}_{x}, {b}_{y}) >= {least!r}"
            for a, x, b, y in sides
        )


@dataclass(frozen=True, slots=True)
class Crosses:
    """The first value of one side is the second of the other, in either direction."""

    first: str
    second: str

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        first, second = self.first, self.second
        return f"({first}_l = {second}_r or {second}_l = {first}_r)"

    def python(self) -> str:
        first, second = self.first, self.second
        return _any(f"{first}_{x} is not None and {first}_{x} == {second}_{y}" for x, y in _WAYS)


@dataclass(frozen=True, slots=True)
class Among:
    """The value of one side is in the other's list."""

    column: str
    listed: str

    def sql(self, dialect: Dialect) -> str:
        name = "list_contains" if dialect is Dialect.DUCKDB else "array_contains"
        column, listed = self.column, self.listed
        return f"({name}({listed}_r, {column}_l) or {name}({listed}_l, {column}_r))"

    def python(self) -> str:
        sides = ((f"{self.column}_{x}", f"{self.listed}_{y}") for x, y in _WAYS)
        return _any(f"{a} is not None and {b} is not None and {a} in {b}" for a, b in sides)


@dataclass(frozen=True, slots=True)
class Shares:
    """The lists have at least ``least`` values in common."""

    column: str
    least: int = 1

    def sql(self, dialect: Dialect) -> str:
        sides = (f"{self.column}_l", f"{self.column}_r")
        if self.least == 1:
            return f"{_OVERLAP[dialect]}({sides[0]}, {sides[1]})"
        return f"{_SHARED[dialect].format(*sides)} >= {self.least}"

    def python(self) -> str:
        left, right = f"{self.column}_l", f"{self.column}_r"
        met = (
            f"meet({left}, {right})"
            if self.least == 1
            else f"len(set({left}) & set({right})) >= {self.least}"
        )
        return f"({left} is not None and {right} is not None and {met})"


@dataclass(frozen=True, slots=True)
class Includes:
    """All values of one side's list are among the other's."""

    column: str

    def sql(self, dialect: Dialect) -> str:
        left, right = f"{self.column}_l", f"{self.column}_r"
        if dialect is Dialect.DUCKDB:
            return f"(list_has_all({left}, {right}) or list_has_all({right}, {left}))"
        return (
            f"(size(array_except({right}, {left})) = 0 or size(array_except({left}, {right})) = 0)"
        )

    def python(self) -> str:
        left, right = f"{self.column}_l", f"{self.column}_r"
        met = f"set({left}) <= set({right}) or set({right}) <= set({left})"
        return f"({left} is not None and {right} is not None and ({met}))"


@dataclass(frozen=True, slots=True)
class Alike:
    """Jaro-Winkler similarity of at least ``least`` (Winkler, 1990)."""

    column: str
    least: float

    def likeness(self, dialect: Dialect) -> str:
        """The similarity in SQL."""
        return _likeness(self.column, dialect)

    def sql(self, dialect: Dialect) -> str:
        return f"{self.likeness(dialect)} >= {self.least - _ROUNDING!r}"

    def python(self) -> str:
        met = f"alike({{0}}, {{1}}) >= {self.least - _ROUNDING!r}"
        return _both(self.column, met)


@dataclass(frozen=True, slots=True)
class Near:
    """At most ``most`` letters typed, left out, replaced or swapped (Damerau, 1964).

    DuckDB is first asked for what takes less time: Levenshtein's distance, of which a swap is two
    steps, and before it the likeness. One slip moves no letter further than its window allows: all
    but one of n letters match, of them half may count as transposed, in all (5/2 - 2/n) / 3.
    """

    column: str
    most: int = 1

    def sql(self, dialect: Dialect) -> str:
        left, right = f"{self.column}_l", f"{self.column}_r"
        if dialect is Dialect.SPARK:
            return f"{APART}({left}, {right}, {self.most}) <= {self.most}"
        alike = f"when {self._unlike(dialect)} then false " if self.most == 1 else ""
        return (
            f"(case when abs(length({left}) - length({right})) > {self.most} then false "
            f"when {left} = {right} then true {alike}"
            f"when levenshtein({left}, {right}) > {2 * self.most} then false "
            f"else damerau_levenshtein({left}, {right}) <= {self.most} end)"
        )

    def likeness(self, dialect: Dialect) -> str:
        """What the distance of one slip asks for beforehand."""
        return _likeness(self.column, dialect)

    def _unlike(self, dialect: Dialect) -> str:
        """Whether texts of four letters or more are less alike than one slip leaves them."""
        longest = f"greatest(length({self.column}_l), length({self.column}_r))"
        least = f"(2.5 - 2.0 / {longest}) / 3 - {_ROUNDING!r}"
        return f"{longest} >= {_SHORT} and {self.likeness(dialect)} < {least}"

    def python(self) -> str:
        return _both(self.column, f"apart({{0}}, {{1}}, {self.most}) <= {self.most}")


@dataclass(frozen=True, slots=True)
class Longer:
    """Both values have more than ``than`` bytes."""

    column: str
    than: int

    def sql(self, dialect: Dialect) -> str:
        size = "strlen" if dialect is Dialect.DUCKDB else "octet_length"
        return f"least({size}({self.column}_l), {size}({self.column}_r)) > {self.than}"

    def python(self) -> str:
        met = f"min(len({{0}}.encode()), len({{1}}.encode())) > {self.than}"
        return _both(self.column, met)


@dataclass(frozen=True, slots=True)
class Begins:
    """One value is the beginning of the other, or all of it."""

    column: str

    def sql(self, dialect: Dialect) -> str:
        name = "starts_with" if dialect is Dialect.DUCKDB else "startswith"
        left, right = f"{self.column}_l", f"{self.column}_r"
        return f"({name}({left}, {right}) or {name}({right}, {left}))"

    def python(self) -> str:
        return _both(self.column, "({0}.startswith({1}) or {1}.startswith({0}))")


@dataclass(frozen=True, slots=True)
class Initial:
    """One side has a single letter, and the other starts with it."""

    column: str

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        left, right = f"{self.column}_l", f"{self.column}_r"
        single = f"(length({left}) = 1 or length({right}) = 1)"
        return f"(left({left}, 1) = left({right}, 1) and {single})"

    def python(self) -> str:
        met = "{0}[:1] == {1}[:1] and (len({0}) == 1 or len({1}) == 1)"
        return _both(self.column, met)


@dataclass(frozen=True, slots=True)
class SamePart:
    """The characters from ``start`` (counted from 0) to ``end`` are the same."""

    column: str
    start: int
    end: int

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        part = f"{self.start + 1}, {self.end - self.start}"
        return f"substr({self.column}_l, {part}) = substr({self.column}_r, {part})"

    def python(self) -> str:
        part = f"[{self.start}:{self.end}]"
        return _both(self.column, f"{{0}}{part} == {{1}}{part}")


@dataclass(frozen=True, slots=True)
class DayAndMonthSwapped:
    """One ISO date is the other with day and month in each other's place."""

    column: str

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        left, right = f"{self.column}_l", f"{self.column}_r"
        swapped = f"left({right}, 5) || substr({right}, 9, 2) || '-' || substr({right}, 6, 2)"
        return f"{left} = {swapped}"

    def python(self) -> str:
        return _both(self.column, "{0} == {1}[:5] + {1}[8:10] + '-' + {1}[5:7]")


@dataclass(frozen=True, slots=True)
class Missing:
    """One side, or ``both``, has none of the columns."""

    columns: tuple[str, ...]
    both: bool = False

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        return self._sides("null")

    def python(self) -> str:
        return self._sides("None")

    def _sides(self, nothing: str) -> str:
        sides = (
            " and ".join(f"{column}_{x} is {nothing}" for column in self.columns) for x in "lr"
        )
        return (_all if self.both else _any)(sides)


@dataclass(frozen=True, slots=True)
class Incomparable:
    """There is no column that both sides have."""

    columns: tuple[str, ...]

    def sql(self, dialect: Dialect) -> str:  # noqa: ARG002  # every dialect spells it so
        pairs = (f"({column}_l is null or {column}_r is null)" for column in self.columns)
        return "(" + " and ".join(pairs) + ")"

    def python(self) -> str:
        return _all(f"{column}_l is None or {column}_r is None" for column in self.columns)


@dataclass(frozen=True, slots=True)
class Not:
    """The condition is not fulfilled, or can't be told."""

    condition: Predicate

    def sql(self, dialect: Dialect) -> str:
        return f"not coalesce({self.condition.sql(dialect)}, false)"

    def python(self) -> str:
        return f"(not {self.condition.python()})"


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: Sequence[Predicate]

    def sql(self, dialect: Dialect) -> str:
        return "(" + " and ".join(item.sql(dialect) for item in self.conditions) + ")"

    def python(self) -> str:
        return _all(item.python() for item in self.conditions)


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: Sequence[Predicate]

    def sql(self, dialect: Dialect) -> str:
        return "(" + " or ".join(item.sql(dialect) for item in self.conditions) + ")"

    def python(self) -> str:
        return _any(item.python() for item in self.conditions)
