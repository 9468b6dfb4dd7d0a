"""The bulk engine: every candidate pair of many records, compared and weighed in DuckDB.

Rows come in as Arrow batches and only edges come back; DuckDB spills to disk where its share of
memory does not suffice. Match keys that too many records hold find no candidates, and contact
points of too many are nobody's own: both are found by counting what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Final

from hub.match.engines import queries
from hub.match.engines.frequencies import measure_frequencies, take_frequencies
from hub.match.engines.keys import PREFIXES, keys_of
from hub.match.engines.rows import Row, feature_tables, no_rows
from hub.match.engines.statements import (
    compare_some,
    outcome_columns,
    weigh_compared,
    weigh_pairs,
)
from hub.match.levels import FIELDS
from hub.match.model import KindModel, Model
from hub.match.thresholds import POSSIBLE, STRONG

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY: Final = "1000MB"
"""What DuckDB may hold; the rest of a run is about as large for a million records."""
_CHUNK: Final = 20_000
_AT_ONCE: Final = 1_000_000
_HAIR: Final = 0.001


def open_workspace(folder: str = "", *, memory: str = MEMORY) -> DuckDBPyConnection:
    """A database for one run: in memory or, with a folder, in a file there that is compressed."""
    import duckdb

    db = duckdb.connect(f"{folder}/workspace.duckdb" if folder else ":memory:")
    db.execute(f"set memory_limit = '{memory}'")
    db.execute("set preserve_insertion_order = false")
    db.execute("set enable_progress_bar = false")  # it would write between what --json prints
    db.execute("set checkpoint_threshold = '1TB'")  # nobody opens it again: tidying costs a third
    if folder:
        db.execute("set temp_directory = ?", [folder])
    return db


def load_rows(db: DuckDBPyConnection, rows: Iterable[Row]) -> int:
    """Fill the table ``feature``; returns how many rows came.

    While DuckDB takes some in, the next ones are made: nobody else may use ``db`` meanwhile.
    """
    db.register("incoming", no_rows()[0])
    db.execute("create or replace table feature as select * from incoming")
    count = 0
    under_way: Future[int] | None = None
    with ThreadPoolExecutor(1) as beside:
        for table in feature_tables(rows):
            if under_way is not None:
                count += under_way.result()
            under_way = beside.submit(_take_in, db, table)
    return count + (under_way.result() if under_way is not None else 0)


def _take_in(db: DuckDBPyConnection, table: Any) -> int:
    db.register("incoming", table)
    db.execute("insert into feature select * from incoming")
    return len(table)


def prepare(db: DuckDBPyConnection, model: Model | None = None) -> None:
    """Find shared contact points, frequencies (the model's, else the rows' own) and candidates."""
    find_keys(db)
    mark_shared(db)
    if model is None:
        measure_frequencies(db)
    else:
        take_frequencies(db, model)
    find_candidates(db)


def find_keys(db: DuckDBPyConnection) -> None:
    """Fill ``match_key`` with a number of each key: equal ones are as good as never of two keys.

    Nobody asks for their texts, which are three times as large.
    """
    db.execute("create or replace table match_key (id bigint, prefix varchar, key ubigint)")
    for prefix in PREFIXES:
        db.execute(
            f"insert into match_key select id, '{prefix}', hash(key) from ({keys_of(prefix)})"
        )


def mark_shared(db: DuckDBPyConnection) -> None:
    """Contact points of too many records are no longer their own (``blocking.without_shared``)."""
    stated = " union all ".join(f"({keys_of(prefix)})" for prefix in queries.COUNTED_PREFIXES)
    db.execute(f"create or replace temp table common_key as {queries.shared_keys(f'({stated})')}")
    for own, shared, prefixes in queries.CONTACTS:
        _move_shared(db, own, shared, prefixes)


def shared_contacts(db: DuckDBPyConnection) -> frozenset[str]:
    """The keys of the contact points that :func:`mark_shared` has found."""
    return frozenset(key for (key,) in db.execute("select key from common_key").fetchall())


def _move_shared(
    db: DuckDBPyConnection, own: str, shared: str | None, prefixes: tuple[str, ...]
) -> None:
    moved = (
        f", {shared} = list_sort(list_distinct(list_concat(coalesce({shared}, []), hit)))"
        if shared
        else ""
    )
    listed = ", ".join(f"'{prefix}'" for prefix in prefixes)
    db.execute(
        f"update feature set {own} = "
        f"nullif(list_filter({own}, lambda x: not list_contains(hit, x)), []){moved} "
        "from (select id, list(value) as hit from (select distinct id, value from "
        f"(select id, unnest({own}) as value from feature) join "
        f"(select substr(key, 4) as value from common_key where left(key, 3) in ({listed})) "
        "using (value)) group by id) found where found.id = feature.id"
    )


def find_candidates(db: DuckDBPyConnection) -> None:
    """Compare every two rows that share a key of not too many rows, once.

    Fills ``person_compared`` and ``organisation_compared`` with pairs and the numbers of their
    outcomes, which training counts and weighing sums up.
    """
    db.execute(f"create or replace temp table held_key as {queries.held_keys()}")
    db.execute(f"create or replace table candidate as {queries.candidate_pairs()}")
    db.execute("drop table held_key")
    for kind in FIELDS:
        _compare(db, kind)
    db.execute("drop table candidate")


def _compare(db: DuckDBPyConnection, kind: str) -> None:
    """Some rows with some at a time: both sides of a join are held, and rows are wide."""
    names = outcome_columns(kind)
    columns = ", ".join(f"{name} tinyint" for name in names)
    db.execute(
        f"create or replace table {kind}_compared (left_id bigint, right_id bigint, {columns})"
    )
    listed, own = ", ".join(names), of_kind(kind)
    for left, right in _blocks(db):
        pairs = (
            f"(select * from candidate where left_id >= {left} and left_id < {left + _AT_ONCE} "
            f"and right_id >= {right} and right_id < {right + _AT_ONCE})"
        )
        one, other = (f"id >= {at} and id < {at + _AT_ONCE} and {own}" for at in (left, right))
        wide = compare_some(kind, pairs, left=one, right=other)
        db.execute(f"insert into {kind}_compared select left_id, right_id, {listed} from ({wide})")


def _blocks(db: DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """The first numbers of rows that are compared with others, in pairs."""
    last = db.execute("select coalesce(max(id), 0) from feature").fetchall()[0][0]
    starts = range(0, last + 1, _AT_ONCE)
    return combinations_with_replacement(starts, 2)


def split_by_kind(db: DuckDBPyConnection, pairs: str, named: str) -> None:
    """Which model compares which pairs, as :func:`hub.match.weigh.kind_of` says."""
    for kind in FIELDS:
        found = queries.pairs_of_kind(kind, pairs)
        db.execute(f"create or replace table {named.format(kind)} as {found}")


def weigh_candidates(db: DuckDBPyConnection, model: Model) -> None:
    """Fill ``weighed`` with the candidate pairs that may be one, with bits and evidence."""
    create_weighed(db, "weighed")
    for kind, found in model.kinds.items():
        query = weigh_compared(kind, found, f"{kind}_compared")
        _insert_weighed(db, "weighed", f"{query} where bits >= {POSSIBLE}")


def weigh_the_rest(db: DuckDBPyConnection, model: Model) -> None:
    """Add to ``weighed`` the other candidate pairs of each component, by the table of these."""
    for kind, found in model.kinds.items():
        query = weigh_compared(kind, found, f"({queries.pairs_within(f'{kind}_compared')})")
        _insert_weighed(db, "weighed", f"{query} where bits < {POSSIBLE}")


def near_pairs(db: DuckDBPyConnection, model: Model) -> Iterator[tuple[int, int]]:
    """The candidates that join, are related or are worth a person's look, and a hair beyond.

    A pair weighed in Python may differ in the last digits, so none at the border is left out.
    """
    for kind, found in model.kinds.items():
        near = (
            f"select left_id, right_id from ({weigh_compared(kind, found, f'{kind}_compared')}) "
            "where joins or bits >= ? "
            f"or kin >= greatest(score, colleagues, {STRONG}) - {_HAIR}"
        )
        yield from read_rows(db, near, [POSSIBLE - _HAIR])


def create_weighed(db: DuckDBPyConnection, table: str) -> None:
    """An empty table for :func:`add_weighed`."""
    db.execute(
        f"create or replace table {table} "
        "(left_id bigint, right_id bigint, bits double, joins boolean, vetoed boolean, "
        "tie double, against double)"
    )


def add_weighed(
    db: DuckDBPyConnection, table: str, pairs: str, *, kind: str, model: KindModel
) -> None:
    """Weigh the pairs of a query and put them into a table."""
    _insert_weighed(db, table, weigh_pairs(kind, model, f"({pairs})"))


def _insert_weighed(db: DuckDBPyConnection, table: str, query: str) -> None:
    db.execute(f"insert into {table} select {', '.join(queries.WEIGHED)} from ({query})")


def read_rows(
    db: DuckDBPyConnection, query: str, values: Sequence[float] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows a chunk at a time, from a cursor of its own: statements in between do not end it."""
    cursor = db.cursor()
    cursor.execute(query, list(values))
    while rows := cursor.fetchmany(_CHUNK):
        yield from rows


def of_kind(kind: str) -> str:
    """The condition on ``feature`` that holds for rows which may be of a kind."""
    return "kind <> 'organisation'" if kind == "person" else "kind <> 'person'"
