"""Match keys made in DuckDB are those that Python makes of one record."""

from __future__ import annotations

from contextlib import closing
from random import Random

from hub.match.blocking import match_keys
from hub.match.engines.bulk import load_rows, open_workspace
from hub.match.engines.keys import PREFIXES, keys_of
from hub.match.engines.rows import Row
from hub.match.features import LISTS, Features
from hub.match.texts import sound
from tests.unit.match.crowd import crowd, features_of

_TEXTS = ("a", "ab", "anna berg", "schmidt", "müller", "日本", "graz", "8010", "info7@x.at", "h y")


def _drawn(random: Random) -> Features:
    """A row of anything in any column: more of a mess than any record makes."""
    held: dict[str, str | tuple[str, ...]] = {"kind": random.choice(("person", "open", "company"))}
    for name in Features._fields[1:]:
        if random.random() < 0.6:
            texts = random.sample(_TEXTS, random.randint(1, 3))
            held[name] = tuple(sorted(texts)) if name in LISTS else texts[0]
    row = Features(**held)  # type: ignore[arg-type]  # each column has its own type
    heard = sound(row.given) if row.given and len(row.given) > 1 else None
    return row._replace(given_sound=heard)


def _keys_in_duckdb(rows: list[Features]) -> list[tuple[int, str]]:
    with closing(open_workspace()) as db:
        load_rows(db, [Row(number, row) for number, row in enumerate(rows)])
        query = " union all ".join(f"({keys_of(prefix)})" for prefix in PREFIXES)
        return sorted(db.execute(query).fetchall())


def _keys_in_python(rows: list[Features]) -> list[tuple[int, str]]:
    return sorted((n, key) for n, row in enumerate(rows) for key in match_keys(row))


def test_the_keys_of_a_crowd_are_those_of_each_record() -> None:
    rows = features_of(crowd(1_000))
    assert _keys_in_duckdb(rows) == _keys_in_python(rows)


def test_the_keys_of_a_mess_are_those_of_each_record() -> None:
    random = Random(5)
    rows = [_drawn(random) for _ in range(1_500)]
    found = _keys_in_duckdb(rows)
    assert found == _keys_in_python(rows)
    assert {key[:3] for _, key in found} == set(PREFIXES)
