"""What training counts: outcomes of candidates and of copies, and what can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from hub.match.blocking import FREQUENT
from hub.match.engines.bulk import of_kind
from hub.match.engines.rows import numbers_table
from hub.match.engines.statements import compare_some, outcome_columns
from hub.match.features import Features
from hub.match.levels import FIELDS
from hub.match.lookalikes import Counted, Counts
from hub.match.predicates import Dialect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Copies = Callable[[], Mapping[int, int]]
"""How many further records have a row's content, by its number; asked once all rows are loaded."""
_SAMPLE: Final = 1_000


def no_copies() -> Mapping[int, int]:
    """Every row stands for one record."""
    return {}


def keep_copies(db: DuckDBPyConnection, copies: Mapping[int, int]) -> None:
    """Fill the table ``copied`` (id, others); what too many hold finds no candidates either."""
    others = [min(number, FREQUENT) for number in copies.values()]
    db.register("incoming", numbers_table({"id": [*copies], "others": others}))
    db.execute("create or replace temp table copied as select * from incoming")
    db.unregister("incoming")


def count_rows(db: DuckDBPyConnection, kind: str) -> int:
    """How many rows may be of a kind."""
    query = f"select count(*) from feature where {of_kind(kind)}"
    return int(db.execute(query).fetchall()[0][0])


def count_all(db: DuckDBPyConnection, kind: str) -> Counts:
    """The outcomes of all candidates and copies of a kind, and what can be compared of it."""
    columns = ", ".join(outcome_columns(kind))
    own = of_kind(kind)
    selves = "(select id as left_id, id as right_id from copied)"
    copies = compare_some(kind, selves, left=own, right=own)
    pairs, comparable = _measure_population(db, kind)
    return Counts(
        candidates=_counted(db, columns, f"{kind}_compared", "count(*)"),
        copies=_counted(
            db, columns, f"({copies}) join copied on id = left_id", "sum(others)::bigint"
        ),
        pairs=pairs,
        comparable=comparable,
    )


def _counted(db: DuckDBPyConnection, columns: str, compared: str, count: str) -> list[Counted]:
    rows = db.execute(
        f"select {columns}, {count} from {compared} group by {columns} order by {columns}"
    ).fetchall()
    return [Counted(row[:-1], row[-1]) for row in rows]


def _measure_population(db: DuckDBPyConnection, kind: str) -> tuple[float, Mapping[str, float]]:
    """How many pairs a kind has, and which share of them can be compared by each field."""
    count = count_rows(db, kind)
    for side, seed in (("l", 1), ("r", 2)):
        columns = ", ".join(f"{name} as {name}_{side}" for name in ("id", *Features._fields))
        db.execute(
            f"create or replace temp table sample_{side} as select {columns} from "
            f"(select * from feature where {of_kind(kind)} "
            f"order by hash(id * {seed}) limit {_SAMPLE})"
        )
    known = ", ".join(
        f"avg(case when {item.missing.sql(Dialect.DUCKDB)} then 0.0 else 1.0 end)"
        for item in FIELDS[kind]
    )
    row = db.execute(f"select {known} from sample_l join sample_r on id_l <> id_r").fetchall()[0]
    shares = {item.name: share or 0.0 for item, share in zip(FIELDS[kind], row, strict=True)}
    return count * (count - 1) / 2, shares
