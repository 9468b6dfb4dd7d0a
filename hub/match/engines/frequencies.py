"""How frequent the values of names and places are: a rare one says more than a frequent one.

Tables: ``frequency_…`` (value, holders, share) by column, and ``share`` (id, …_share), what each
row's values have of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.match.engines.rows import numbers_table, shares_table
from hub.match.engines.shares import rated_features, shares_of
from hub.match.full_names import (
    LEAST_HOLDERS,
    OWN,
    TOGETHER,
    UNIQUE,
    Others,
    company_share_sql,
    shape_of,
    strangers,
    times_as_frequent,
    told_share_sql,
    words_sql,
)
from hub.match.model import FREQUENCY_COLUMNS, USUAL, Model

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SEEN_BEFORE: Final = 100.0
"""So many records' worth of usual frequencies stand in for what a small set cannot show."""
_STEPS: Final = 2
_FULL_NAME: Final = "full_name"
_WHOLE_NAMES: Final = (_FULL_NAME, "organisation")
"""Names that as a rule are one party's alone: see :mod:`hub.match.full_names`."""


def measure_frequencies(db: DuckDBPyConnection) -> None:
    """Which share of all records has a value, by column, in the tables ``frequency_…``."""
    for column in FREQUENCY_COLUMNS:
        if column in _WHOLE_NAMES:
            db.execute(
                f"create or replace table frequency_{column} "
                "(value varchar, holders bigint, share double)"
            )
            continue
        db.execute(
            f"create or replace table frequency_{column} as select {column} as value, "
            f"count(*) as holders, (count(*) + {_SEEN_BEFORE * USUAL[column]!r}) / "
            f"((select count({column}) from feature) + {_SEEN_BEFORE}) as share "
            f"from feature where {column} is not null group by 1"
        )
    _join_frequencies(db, rarest_shares(db))
    _hold_full_names(db)
    _hold_organisations(db)


def one_country_share(db: DuckDBPyConnection, condition: str = "true") -> float:
    """How often two records whose countries and towns are known are of one country."""
    shares, records = db.execute(
        "select coalesce(sum(size * size), 0.0), coalesce(sum(size), 0.0) from "
        "(select count(*)::double as size from feature where country is not null and "
        f"(city is not null or postcode is not null) and {condition} group by country)"
    ).fetchall()[0]
    one = shares / max(records, 1.0) ** 2
    return float((records * one + _SEEN_BEFORE) / (records + _SEEN_BEFORE))


def mean_full_name_share(db: DuckDBPyConnection) -> float:
    """How often two strangers have one full name."""
    _count_names(db, _FULL_NAME, OWN)
    found = db.execute(
        "select sum(holders * strangers) / pow((select count(full_name) from feature), 2) "
        "from counted_name"
    ).fetchall()
    return float(f"{found[0][0] or USUAL[_FULL_NAME]:.6g}")  # sums depend on the rows' order


def settle_full_names(db: DuckDBPyConnection, own: float) -> None:
    """Names of more records than one person has are oftener strangers' than they seemed.

    ``own`` is how many others of a record's name are its own, on average.
    """
    _count_names(db, _FULL_NAME, own)
    _keep_frequent(db, _FULL_NAME, "times")
    _settle(db, _FULL_NAME, "full_name_share * found.share")


def settle_organisations(db: DuckDBPyConnection, own: float) -> None:
    """The same for companies, of whose names only those of several words have parts to tell by."""
    _count_names(db, "organisation", own)
    unique = rarest_shares(db)["organisation"]
    alone = f"{company_share_sql('value', unique)} * times"
    one = unique / UNIQUE
    told = told_share_sql(f"({one!r}::double * pow(2.0, doublings / {_STEPS}.0))", one, "times")
    _keep_frequent(db, "organisation", f"case when words > 1 then {told} else {alone} end")
    _settle(db, "organisation", "found.share")


def _settle(db: DuckDBPyConnection, column: str, share: str) -> None:
    db.execute(
        f"update share set {column}_share = {share} from (select id, share from feature "
        f"join frequency_{column} on value = {column}) found where found.id = share.id"
    )


def _hold_full_names(db: DuckDBPyConnection) -> None:
    """Fill ``held_full_name``: names of two records and more, and the strangers to expect.

    Those are told by the names' parts, on a scale of so many steps a doubling.
    """
    one = rarest_shares(db)[_FULL_NAME]
    expected = f"{TOGETHER!r} * max(given_share * family_share) / {one!r}::double"
    db.execute(
        "create or replace temp table held_full_name as select full_name as value, "
        "count(*) as holders, 0 as words, "
        f"round({_STEPS} * log2({expected}))::bigint as doublings "
        "from feature join share using (id) where full_name is not null "
        "group by full_name having count(*) > 1"
    )


def _hold_organisations(db: DuckDBPyConnection) -> None:
    """The same of companies in ``held_organisation``, by how frequent their names' words are."""
    expected = f"sum(bits order by word) + log2({TOGETHER!r} * (select sum(holders) from named))"
    db.execute(
        "create or replace temp table held_organisation as "
        "with named as (select organisation as value, count(*) as holders from feature "
        "where organisation is not null group by organisation), "
        "word_of as (select value, holders, "
        "unnest(list_distinct(string_split(value, ' '))) as word from named), "
        "rare as (select word, log2(sum(holders)::double / (select sum(holders) from named)) "
        "as bits from word_of group by word) "
        f"select value, any_value(holders) as holders, {words_sql('value')} as words, "
        f"round({_STEPS} * case when count(*) > 1 then {expected} else 0.0 end)::bigint "
        "as doublings from word_of join rare using (word) where holders > 1 group by value"
    )


def _count_names(db: DuckDBPyConnection, column: str, own: float) -> None:
    """Fill ``counted_name``: names of two records and more, with how many others are strangers."""
    held = f"held_{column}"
    sizes = db.execute(f"select distinct holders, words, doublings from {held}").fetchall()
    db.register("name_size", _sized([_Size(*size) for size in sizes], own))
    db.execute(
        f"create or replace temp table counted_name as select * from {held} "
        "join name_size using (holders, words, doublings)"
    )
    db.unregister("name_size")


class _Size(NamedTuple):
    """What is told of a name: its holders, a company's words, the strangers its parts expect."""

    holders: int
    words: int
    doublings: int


def _sized(sizes: Sequence[_Size], own: float) -> Any:
    told = [(size, _others(size, own)) for size in sizes]
    whole = {name: [getattr(size, name) for size in sizes] for name in _Size._fields}
    return numbers_table(
        whole,
        {
            "times": [times_as_frequent(size.holders, others) for size, others in told],
            "strangers": [strangers(size.holders, others) for size, others in told],
        },
    )


def _others(size: _Size, own: float) -> Others:
    shape = shape_of(size.words)
    return Others(own, shape if size.words == 1 else 2.0 ** (size.doublings / _STEPS), shape)


def _keep_frequent(db: DuckDBPyConnection, column: str, share: str) -> None:
    db.execute(
        f"create or replace table frequency_{column} as select value, holders, {share} as share "
        f"from counted_name where holders >= {LEAST_HOLDERS} and abs(times - 1) > 0.001"
    )


def take_frequencies(db: DuckDBPyConnection, model: Model) -> None:
    """The frequencies that a model was frozen with."""
    found = next(iter(model.kinds.values()))
    for column in FREQUENCY_COLUMNS:
        db.register("incoming_frequency", shares_table(found.frequencies.get(column, {})))
        db.execute(
            f"create or replace table frequency_{column} as select * from incoming_frequency"
        )
    _join_frequencies(db, found.rarest)


def _join_frequencies(db: DuckDBPyConnection, rarest: Mapping[str, float]) -> None:
    db.execute(f"create or replace table share as {shares_of('feature', rarest)}")
    db.execute(f"create or replace view rated_feature as {rated_features()}")


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
        column: (UNIQUE if column == "organisation" else 1.0)
        * db.execute(
            f"select ({_mean_holders(column, least)} + {_SEEN_BEFORE * USUAL[column]!r}) / "
            f"(count({column}) + {_SEEN_BEFORE}) from feature"
        ).fetchall()[0][0]
        for column in FREQUENCY_COLUMNS
    }


def _mean_holders(column: str, least: int) -> str:
    """How many records, on average, hold a value that fewer than ``least`` do."""
    if column in _WHOLE_NAMES:
        return "1"
    return f"coalesce((select avg(holders) from frequency_{column} where holders < {least}), 1)"


def holders(db: DuckDBPyConnection, least: int = 2) -> dict[str, int]:
    """How many records hold a value, by column and value (``family:berg``)."""
    return {
        f"{column}:{value}": count
        for column in FREQUENCY_COLUMNS
        for value, count in db.execute(
            f"select value, holders from frequency_{column} where holders >= {least}"
        ).fetchall()
    }
