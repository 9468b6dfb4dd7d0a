"""Spark, DuckDB and Python say the same of the same values, in any script."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from hub.match.comparison import compile_condition
from hub.match.engines.bulk import open_workspace
from hub.match.engines.rows import Row, tables_with_keys
from hub.match.features import LISTS, Features
from hub.match.predicates import ALIKE, APART, Dialect, alike, apart
from tests.unit.match.conditions import WORDS, every_condition

pytest.importorskip("pyspark", reason="runs in .venv-spark")
pytestmark = pytest.mark.spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LETTERS = ("ab", "abcdef", "محمد", "李明a", "😀𠮷ab")
_SIDES = ", ".join(f"l.{name} as {name}_l, r.{name} as {name}_r" for name in Features._fields)


def _slip(random: Random, word: str, letters: str) -> str:
    """The word with up to three letters put in, taken out or swapped."""
    found = list(word)
    for _ in range(random.randint(0, 3)):
        place = random.randrange(len(found)) if found else 0
        found[place : place + 2] = random.choice(
            (found[place : place + 2][::-1], found[place : place + 1], [*found[place:][:2], "a"])
        )
        found.insert(place, random.choice(letters))
    return "".join(found)


def _word_pairs() -> list[tuple[str, str]]:
    random, pairs = Random(5), [(one, other) for one in WORDS for other in WORDS]
    for letters in _LETTERS:
        words = ["".join(random.choices(letters, k=random.randint(1, 16))) for _ in range(800)]
        pairs += [(word, _slip(random, word, letters)) for word in words]
        pairs += pairwise(words)
    return pairs


def _features(random: Random) -> Features:
    """Values from few words, so that they often agree; a third of the columns is empty."""
    words = random.sample(WORDS, 6)
    columns: dict[str, Any] = {}
    for name in Features._fields[1:]:
        if random.random() < 0.67:
            some = tuple(sorted(random.sample(words, random.randint(1, 4))))
            columns[name] = some if name in LISTS else some[0]
    return Features(kind=random.choice(("person", "open", "organisation")), **columns)


def test_distances_are_those_of_duckdb_and_python(spark: SparkSession) -> None:
    pairs = _word_pairs()
    numbered = [(number, *pair) for number, pair in enumerate(pairs)]
    spark.createDataFrame(numbered, "id int, a string, b string").createOrReplaceTempView("pair")
    asked = f"select {ALIKE}(a, b), {APART}(a, b, 2) from pair order by id"
    found = [tuple(row) for row in spark.sql(asked).collect()]
    db = open_workspace()
    db.execute("create table pair (id int, a varchar, b varchar)")
    db.executemany("insert into pair values (?, ?, ?)", numbered)
    measures = "jaro_winkler_similarity(a, b), least(damerau_levenshtein(a, b), 3)"
    expected = db.execute(f"select {measures} from pair order by id").fetchall()
    assert len(found) == len(expected) > 9_000
    for pair, one, other in zip(pairs, found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-12), pair
        assert one == (alike(*pair), apart(*pair, 2)), pair


def test_what_is_missing_has_no_distance(spark: SparkSession) -> None:
    asked = ", ".join(
        f"{ALIKE}({sides}), {APART}({sides}, 1)" for sides in ("null, 'a'", "'a', null")
    )
    assert [tuple(row) for row in spark.sql(f"select {asked}").collect()] == [(None,) * 4]


def test_every_condition_holds_in_spark_where_it_holds_in_python(spark: SparkSession) -> None:
    random, asked = Random(1), every_condition()
    rows = [_features(random) for _ in range(70)]
    ((table, _),) = tables_with_keys(Row(number, row) for number, row in enumerate(rows))
    spark.createDataFrame(table).createOrReplaceTempView("feature")
    answers = ", ".join(f"coalesce({item.sql(Dialect.SPARK)}, false)" for item in asked)
    query = (
        f"select id_l, id_r, {answers} from (select l.id as id_l, r.id as id_r, {_SIDES} "
        "from feature l cross join feature r)"
    )
    found = spark.sql(query).collect()
    assert len(found) == 4_900
    for left, right, *answer in found:
        expected = [compile_condition(item)(rows[left], rows[right]) for item in asked]
        assert answer == expected, (rows[left], rows[right])
    assert all(any(row[place + 2] for row in found) for place in range(len(asked)))
