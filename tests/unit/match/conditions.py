"""Every condition that is asked of two records, and words that are hard on them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hub.match.levels import FIELDS
from hub.match.predicates import AllOf, AnyOf, Longer, Not, Predicate

WORDS = (
    "a", "b", "ab", "ba", "anna", "anan", "hanna", "müller", "muller", "mueller", "grün", "gruen",
    "محمد", "محمود", "אברהם", "李", "李明", "𠮷野", "吉野", "😀", "😀😁", "👩‍👩‍👧",
    "é", "e\u0301", "straße",
    "1010", "10115", "1975-10-12", "1975-12-10", "1975-10-21", "1900-01-01", "1856-86-18",
    "winkler barbara", "x:y:AT1", "x:y:AT12", "a@b.example", "barbara.winkler@example.org",
)  # fmt: skip


def _all_within(condition: Predicate) -> Iterator[Predicate]:
    """The condition and its parts; a length never stands without a condition on the same column."""
    if not isinstance(condition, Longer):
        yield condition
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.conditions:
            yield from _all_within(part)
    elif isinstance(condition, Not):
        yield from _all_within(condition.condition)


@cache
def every_condition() -> list[Predicate]:
    """Every condition of every field, and those that they are made of."""
    top = [
        condition
        for item in (*FIELDS["person"], *FIELDS["organisation"])
        for condition in (item.missing, *(level.condition for level in item.levels))
    ]
    return list(dict.fromkeys(part for item in top for part in _all_within(item)))
