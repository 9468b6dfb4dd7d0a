"""One answer in SQL and in Python, whatever the values are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.match.engines.bulk import Row, load_rows, open_workspace
from hub.match.features import LISTS, Features
from hub.match.levels import FIELDS
from hub.match.predicates import (
    Alike,
    AllOf,
    AnyOf,
    Dialect,
    Longer,
    Near,
    Not,
    Predicate,
    SamePart,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORDS = (
    "a", "b", "ab", "ba", "anna", "anan", "hanna", "müller", "muller", "mueller", "grün", "gruen",
    "محمد", "محمود", "אברהם", "李", "李明", "😀", "😀😁", "👩‍👩‍👧", "é", "e\u0301", "straße",
    "1010", "10115", "1975-10-12", "1975-12-10", "1975-10-21", "1900-01-01", "1856-86-18",
    "winkler barbara", "x:y:AT1", "x:y:AT12", "a@b.example", "barbara.winkler@example.org",
)  # fmt: skip
_DATES = st.dates().map(lambda day: day.isoformat())
_ASCII = st.one_of(
    st.sampled_from([word for word in _WORDS if word.isascii()]),
    st.text(st.characters(codec="ascii"), min_size=1, max_size=14),
    _DATES,
)
_ANY_SCRIPT = st.one_of(st.sampled_from(_WORDS), st.text(min_size=1, max_size=14), _DATES)


_SLOWLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _row(pool: st.SearchStrategy[str]) -> st.SearchStrategy[Features]:
    """Features whose values come from few words, so that they often agree."""
    lists = st.lists(pool, min_size=1, max_size=4, unique=True)
    columns = {
        name: st.none() | (lists.map(lambda found: tuple(sorted(found))) if name in LISTS else pool)
        for name in Features._fields
        if name != "kind"
    }
    return st.builds(Features, kind=st.sampled_from(("person", "open")), **columns)


def _crowd(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Features]]:
    return st.lists(texts, min_size=1, max_size=12).flatmap(
        lambda words: st.lists(_row(st.sampled_from(words)), min_size=2, max_size=5)
    )


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
def _predicates() -> list[Predicate]:
    """Every condition of every field, and those that they are made of."""
    top = [
        condition
        for item in (*FIELDS["person"], *FIELDS["organisation"])
        for condition in (item.missing, *(level.condition for level in item.levels))
    ]
    return list(dict.fromkeys(part for item in top for part in _all_within(item)))


def _measures(condition: Predicate) -> bool:
    """Whether a distance between two texts is part of it."""
    return any(isinstance(item, Alike | Near) for item in _all_within(condition))


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBPyConnection]:
    workspace = open_workspace()
    workspace.execute("set threads = 1")
    yield workspace
    workspace.close()


def _answers(
    db: DuckDBPyConnection, rows: list[Features], asked: Sequence[Predicate]
) -> list[tuple[bool, ...]]:
    """What DuckDB says of all pairs, in order; a condition that is NULL is not fulfilled."""
    load_rows(db, [Row(number, row, ()) for number, row in enumerate(rows)])
    sides = ", ".join(f"l.{name} as {name}_l, r.{name} as {name}_r" for name in Features._fields)
    answers = ", ".join(f"coalesce({item.sql(Dialect.DUCKDB)}, false)" for item in asked)
    return db.execute(
        f"select {answers} from (select l.id as id_l, r.id as id_r, {sides} from feature l "
        "cross join feature r) order by id_l, id_r"
    ).fetchall()


def _wrong(
    db: DuckDBPyConnection, rows: list[Features], asked: Sequence[Predicate]
) -> list[tuple[Predicate, Features, Features]]:
    """Where the two answers differ."""
    answers = _answers(db, rows, asked)
    return [
        (item, one, other)
        for (one, other), answer in zip(product(rows, repeat=2), answers, strict=True)
        for item, found in zip(asked, answer, strict=True)
        if found != item.holds(one, other)
    ]


@_SLOWLY
@given(_crowd(_ASCII))
def test_sql_and_python_answer_alike(db: DuckDBPyConnection, rows: list[Features]) -> None:
    assert _wrong(db, rows, _predicates()) == []


@_SLOWLY
@given(_crowd(_ANY_SCRIPT))
def test_they_answer_alike_in_every_script(db: DuckDBPyConnection, rows: list[Features]) -> None:
    asked = [item for item in _predicates() if not _measures(item)]
    assert _wrong(db, rows, asked) == []


@settings(max_examples=50, deadline=None)
@given(_crowd(_ANY_SCRIPT))
def test_the_order_of_two_records_does_not_matter(rows: list[Features]) -> None:
    for one, other in product(rows, repeat=2):
        for item in _predicates():
            assert item.holds(one, other) is item.holds(other, one), item


def test_a_record_without_values_agrees_in_nothing() -> None:
    nobody, somebody = Features("person"), Features("person", given="anna", postcode="1010")
    for item in FIELDS["person"]:
        assert item.missing.holds(nobody, somebody)
        assert not any(level.condition.holds(nobody, somebody) for level in item.levels)


def test_parts_are_counted_in_letters() -> None:
    one, other = Features("person", city="😀grün"), Features("person", city="😀grau")
    assert SamePart("city", 0, 3).holds(one, other)
    assert not SamePart("city", 0, 4).holds(one, other)
