"""One answer in SQL and in Python, whatever the values are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.match.comparison import compile_condition
from hub.match.engines.bulk import load_rows, open_workspace
from hub.match.engines.rows import Row
from hub.match.features import LISTS, Features
from hub.match.levels import FIELDS
from hub.match.predicates import Dialect, Predicate, SamePart
from tests.unit.match.conditions import WORDS, every_condition

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DATES = st.dates().map(lambda day: day.isoformat())
_ASCII = st.one_of(
    st.sampled_from([word for word in WORDS if word.isascii()]),
    st.text(st.characters(codec="ascii"), min_size=1, max_size=14),
    _DATES,
)
_ANY_SCRIPT = st.one_of(st.sampled_from(WORDS), st.text(min_size=1, max_size=14), _DATES)


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
    load_rows(db, [Row(number, row) for number, row in enumerate(rows)])
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
    compiled = list(map(compile_condition, asked))
    return [
        (asked[place], one, other)
        for (one, other), answer in zip(product(rows, repeat=2), answers, strict=True)
        for place, (holds, found) in enumerate(zip(compiled, answer, strict=True))
        if found != holds(one, other)
    ]


@_SLOWLY
@given(_crowd(_ASCII))
def test_sql_and_python_answer_alike(db: DuckDBPyConnection, rows: list[Features]) -> None:
    assert _wrong(db, rows, every_condition()) == []


@_SLOWLY
@given(_crowd(_ANY_SCRIPT))
def test_they_answer_alike_in_every_script(db: DuckDBPyConnection, rows: list[Features]) -> None:
    assert _wrong(db, rows, every_condition()) == []


@settings(max_examples=50, deadline=None)
@given(_crowd(_ANY_SCRIPT))
def test_the_order_of_two_records_does_not_matter(rows: list[Features]) -> None:
    compiled = [(item, compile_condition(item)) for item in every_condition()]
    for one, other in product(rows, repeat=2):
        for item, holds in compiled:
            assert holds(one, other) is holds(other, one), item


def test_a_record_without_values_agrees_in_nothing() -> None:
    nobody, somebody = Features("person"), Features("person", given="anna", postcode="1010")
    for item in FIELDS["person"]:
        assert compile_condition(item.missing)(nobody, somebody)
        assert not any(
            compile_condition(level.condition)(nobody, somebody) for level in item.levels
        )


def test_parts_are_counted_in_letters() -> None:
    one, other = Features("person", city="😀grün"), Features("person", city="😀grau")
    assert compile_condition(SamePart("city", 0, 3))(one, other)
    assert not compile_condition(SamePart("city", 0, 4))(one, other)
