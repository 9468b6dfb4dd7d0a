"""The bulk engine: every candidate pair of many records, compared and weighed in DuckDB.

Rows come in as Arrow batches and only edges come back; DuckDB spills to disk where its share of
memory does not suffice. Match keys that too many records hold find no candidates, and contact
points of too many are nobody's own: both are found by counting what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.match.blocking import COUNTED, FREQUENT, caps_of
from hub.match.engines.statements import compare_pairs, outcome_columns, weigh_pairs
from hub.match.features import LISTS, Features
from hub.match.levels import FIELDS
from hub.match.lookalikes import Counted, Population
from hub.match.model import FREQUENCY_COLUMNS, USUAL, KindModel, Model
from hub.match.predicates import Dialect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH: Final = 20_000
_CHUNK: Final = 100_000
_SAMPLE: Final = 1_000
_SEEN_BEFORE: Final = 100.0
"""So many records' worth of usual frequencies stand in for what a small set cannot show."""


_CONTACTS: Final = ("em:", "ph:", "dm:", COUNTED)
"""Prefixes of the keys of contact points."""
_WEIGHED: Final = "left_id, right_id, bits, joins, vetoed, tie, against"


class Row(NamedTuple):
    """A record on its way in: its number, features and match keys."""

    id: int
    features: Features
    keys: Iterable[str]


def open_workspace(folder: str = "", *, memory: str = "1500MB") -> DuckDBPyConnection:
    """A database for one run, in memory or, with a folder, spilling into it."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"set memory_limit = '{memory}'")
    db.execute("set preserve_insertion_order = false")
    if folder:
        db.execute("set temp_directory = ?", [folder])
    return db


def load_rows(db: DuckDBPyConnection, rows: Iterable[Row]) -> int:
    """Fill the tables ``feature`` and ``match_key``; returns how many rows came."""
    texts = ", ".join(
        f"{name} varchar[]" if name in LISTS else f"{name} varchar" for name in Features._fields
    )
    db.execute(f"create or replace table feature (id bigint, {texts})")
    db.execute("create or replace table match_key (id bigint, key varchar)")
    count = 0
    for batch in _batches(rows):
        db.register("incoming_feature", _feature_batch(batch))
        db.register("incoming_key", _key_batch(batch))
        db.execute("insert into feature select * from incoming_feature")
        db.execute("insert into match_key select * from incoming_key")
        count += len(batch)
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _feature_batch(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    names = ("id", *Features._fields)
    columns: list[Any] = [pa.array([row.id for row in batch], type=pa.int64())]
    for name, column in zip(
        Features._fields, zip(*(row.features for row in batch), strict=True), strict=True
    ):
        kind = pa.list_(pa.string()) if name in LISTS else pa.string()
        columns.append(pa.array(column, type=kind))
    return pa.table(columns, names=list(names))


def _key_batch(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    owned = [(row.id, key) for row in batch for key in row.keys]
    ids = pa.array([item[0] for item in owned], type=pa.int64())
    return pa.table([ids, pa.array([item[1] for item in owned], type=pa.string())], ["id", "key"])


def prepare(db: DuckDBPyConnection, model: Model | None = None) -> None:
    """Find shared contact points, frequencies (the model's, else the rows' own) and candidates."""
    mark_shared(db)
    if model is None:
        measure_frequencies(db)
    else:
        take_frequencies(db, model)
    find_candidates(db)


def mark_shared(db: DuckDBPyConnection) -> None:
    """Contact points of too many records are no longer their own (``blocking.without_shared``)."""
    caps = " ".join(f"when '{prefix}' then {caps_of(prefix)[0]}" for prefix in _CONTACTS)
    db.execute(
        "create or replace temp table common_key as select key from match_key where "
        f"left(key, 3) in {_CONTACTS} group by key having count(*) > case left(key, 3) {caps} end"
    )
    _move_shared(db, "mailboxes", "shared_mailboxes", ("em:",))
    _move_shared(db, "desks", "shared_mailboxes", ("em:",))
    _move_shared(db, "phones", "shared_phones", ("ph:",))
    _move_shared(db, "domains", None, ("dm:", COUNTED))


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


def measure_frequencies(db: DuckDBPyConnection) -> None:
    """Which share of all records has a value, by column, in the tables ``frequency_…``."""
    for column in FREQUENCY_COLUMNS:
        db.execute(
            f"create or replace table frequency_{column} as select {column} as value, "
            f"count(*) as holders, (count(*) + {_SEEN_BEFORE * USUAL[column]!r}) / "
            f"((select count({column}) from feature) + {_SEEN_BEFORE}) as share "
            f"from feature where {column} is not null group by 1"
        )
    _join_frequencies(db, dict.fromkeys(FREQUENCY_COLUMNS, 0.0))


def take_frequencies(db: DuckDBPyConnection, model: Model) -> None:
    """The frequencies that a model was frozen with."""
    import pyarrow as pa

    found = next(iter(model.kinds.values()))
    for column in FREQUENCY_COLUMNS:
        shares = found.frequencies.get(column, {})
        table = pa.table(
            [pa.array(shares.keys(), pa.string()), pa.array(shares.values(), pa.float64())],
            ["value", "share"],
        )
        db.register("incoming_frequency", table)
        db.execute(
            f"create or replace table frequency_{column} as select * from incoming_frequency"
        )
    _join_frequencies(db, found.rarest)


def _join_frequencies(db: DuckDBPyConnection, rarest: Mapping[str, float]) -> None:
    shares = ", ".join(
        f"case when feature.{column} is not null then "
        f"coalesce(frequency_{column}.share, {rarest[column]!r}::double) end as {column}_share"
        for column in FREQUENCY_COLUMNS
    )
    joins = " ".join(
        f"left join frequency_{column} on feature.{column} = frequency_{column}.value"
        for column in FREQUENCY_COLUMNS
    )
    db.execute(
        f"create or replace table shared_feature as select feature.*, {shares} from feature {joins}"
    )
    db.execute("drop table feature")
    db.execute("alter table shared_feature rename to feature")


def frequencies(db: DuckDBPyConnection, least: int = 2) -> dict[str, dict[str, float]]:
    """The measured frequencies of values that at least so many records have."""
    return {
        column: dict(
            db.execute(
                f"select value, share from frequency_{column} where holders >= {least} "
                "order by value"
            ).fetchall()
        )
        for column in FREQUENCY_COLUMNS
    }


def rarest_shares(db: DuckDBPyConnection, least: int = 2) -> dict[str, float]:
    """The share, by column, of a value that fewer records have."""
    return {
        column: db.execute(
            f"select (coalesce((select avg(holders) from frequency_{column} where holders < "
            f"{least}), 1) + {_SEEN_BEFORE * USUAL[column]!r}) / (count({column}) + {_SEEN_BEFORE})"
            " from feature"
        ).fetchall()[0][0]
        for column in FREQUENCY_COLUMNS
    }


def holders(db: DuckDBPyConnection, least: int = 2) -> dict[str, int]:
    """How many records hold a value, by column and value (``family:berg``)."""
    return {
        f"{column}:{value}": count
        for column in FREQUENCY_COLUMNS
        for value, count in db.execute(
            f"select value, holders from frequency_{column} where holders >= {least}"
        ).fetchall()
    }


def find_candidates(db: DuckDBPyConnection, cap: int = FREQUENT) -> None:
    """Fill ``person_pair`` and ``organisation_pair`` from keys of at most ``cap`` records."""
    db.execute(
        "create or replace temp table selective as select key from match_key "
        f"where not starts_with(key, '{COUNTED}') group by key having count(*) between 2 and {cap}"
    )
    db.execute(
        "create or replace temp table held_key as select key, id from match_key "
        "join selective using (key)"
    )
    db.execute(
        "create or replace table candidate as select distinct a.id as left_id, b.id as right_id "
        "from held_key a join held_key b on a.key = b.key and a.id < b.id"
    )
    db.execute("drop table held_key")
    split_by_kind(db, "candidate", "{}_pair")
    db.execute("drop table candidate")


def split_by_kind(db: DuckDBPyConnection, pairs: str, named: str) -> None:
    """Which model compares which pairs, as :func:`hub.match.weigh.kind_of` says."""
    names = ("l.given", "l.family", "r.given", "r.family")
    people = (
        "l.kind in ('person', 'open') and r.kind in ('person', 'open') and (l.kind = 'person' or "
        f"r.kind = 'person' or ({' and '.join(f'{name} is not null' for name in names)}))"
    )
    companies = f"l.kind <> 'person' and r.kind <> 'person' and not ({people})"
    for kind, condition in (("person", people), ("organisation", companies)):
        db.execute(
            f"create or replace table {named.format(kind)} as select left_id, right_id "
            f"from {pairs} join feature l on l.id = left_id join feature r on r.id = right_id "
            f"where {condition}"
        )


def count_outcomes(db: DuckDBPyConnection, kind: str) -> list[Counted]:
    """How many candidates have each combination of outcomes."""
    columns = ", ".join(outcome_columns(kind))
    rows = db.execute(
        f"select {columns}, count(*) from ({compare_pairs(kind, f'{kind}_pair')}) "
        f"group by {columns} order by {columns}"
    ).fetchall()
    return [Counted(row[:-1], row[-1]) for row in rows]


def measure_population(db: DuckDBPyConnection, kind: str) -> Population:
    """All pairs of a kind, and which share of them can be compared by each field."""
    count = db.execute(f"select count(*) from feature where {of_kind(kind)}").fetchall()[0][0]
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
    return Population(count * (count - 1) / 2, shares)


def weigh_candidates(db: DuckDBPyConnection, model: Model) -> None:
    """Fill ``weighed`` with every candidate pair, its bits and its evidence."""
    create_weighed(db, "weighed")
    for kind, found in model.kinds.items():
        add_weighed(db, "weighed", f"select * from {kind}_pair", kind=kind, model=found)
        db.execute(f"drop table {kind}_pair")


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
    query = weigh_pairs(kind, model, f"({pairs})")
    db.execute(f"insert into {table} select {_WEIGHED} from ({query})")


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
