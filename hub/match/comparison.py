"""Comparing two records in Python: the outcome of every field that both have.

The conditions are made into one function for each kind of party, as they are made into one query
for DuckDB: a call for each condition would cost more than what it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hub.match.features import Features
from hub.match.levels import DIFFERENT, FIELDS, Field
from hub.match.predicates import Predicate, alike, apart


class Outcome(NamedTuple):
    """The level that a field reaches; ``frequency`` names the column whose rarity counts."""

    field: str
    outcome: str
    frequency: str | None


def meet(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two lists have a value in common; most have one value."""
    if len(left) == 1:
        return left[0] in right
    return not set(left).isdisjoint(right)  # one record may have thousands


Compare = Callable[[Features, Features], list[Outcome]]
_NAMES: Final = MappingProxyType({"alike": alike, "apart": apart, "meet": meet})


@lru_cache
def compile_condition(condition: Predicate) -> Callable[[Features, Features], bool]:
    """A function that says whether a condition is fulfilled by two records."""
    function: Callable[[Features, Features], bool]
    function = _function([f"    return bool({condition.python()})"], {})
    return function


@lru_cache
def compile_fields(kind: str) -> Compare:
    """A function that gives the outcomes of two records in the order of the kind's fields.

    Fields that cannot be compared are left out; of a field the first level that holds counts.
    """
    known: dict[str, Outcome] = {}
    lines = ["    found = []"]
    for item in FIELDS[kind]:
        lines.append(f"    if not {item.missing.python()}:")
        lines.append(f"        found.append({_choice(item, known)})")
    function: Compare = _function([*lines, "    return found"], known)
    return function


def _choice(item: Field, known: dict[str, Outcome]) -> str:
    """The expression of a field's outcome, whose constants are added to the known names."""
    parts: list[str] = []
    for level in item.levels:
        name = f"outcome_{len(known)}"
        known[name] = Outcome(item.name, level.outcome, level.frequency)
        parts.append(f"{name} if {level.condition.python()} else ")
    name = f"outcome_{len(known)}"
    known[name] = Outcome(item.name, DIFFERENT, None)
    return "".join(parts) + name


def _function(body: Iterable[str], known: Mapping[str, Any]) -> Any:
    """A function of two records whose columns have the names that they have in SQL."""
    columns = (", ".join(f"{name}_{side}" for name in Features._fields) for side in "lr")
    lines = ["def compare(one, other):"]
    lines += [f"    {names} = {row}" for names, row in zip(columns, ("one", "other"), strict=True)]
    names: dict[str, Any] = {**_NAMES, **known}
    exec("\n".join([*lines, *body]), names)  # noqa: S102  # made of our conditions, never of data
    return names["compare"]
