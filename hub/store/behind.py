"""The records behind a figure: a report's query over the views as they stand, for one line.

Nothing is copied, so that the database goes by its indexes to what the line stands for. The query
is held to the views all the same: the database itself says what it would read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store.database import Connection, Engine, snapshot
from hub.store.evidence import record_id
from hub.store.reporting import Row, bound, explained, readable

_PLACES: Final = (
    ("other_connection", "other_type", "other_key"),
    ("connection", "type", "source_key"),
)
_ONLY: Final = "only the views rpt_* may be read"
_READ_BY: Final = """
    SELECT DISTINCT c.relname FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class c ON c.oid = d.refobjid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND r.ev_class = 'pg_temp.behind'::regclass AND c.oid <> r.ev_class"""


class Query(NamedTuple):
    """A report's own query, and which of its columns are amounts."""

    sql: str
    money: Collection[str]


def rows_behind(
    engine: Engine, query: Query, only: Row, *, cut_off: datetime, limit: int
) -> list[Row]:
    """So many rows of a query that have the values in ``only``, where None stands for none.

    Each names its source record by ``record_id``, where it stands for one.
    """
    with snapshot(engine) as db:
        with explained("behind"), _guarded(db, bound(query.sql, cut_off)) as sql:
            narrowed = f"SELECT * FROM ({sql}) q{_where(db, only)} LIMIT {limit:d}"
            found = [readable(row, query.money) for row in db.execute(_text(narrowed)).mappings()]
        rows = [_placed(db, row) for row in found]
        db.rollback()
    return rows


def _placed(db: Connection, row: Row) -> Row:
    for names in _PLACES:
        place = [str(row[name]) for name in names if row.get(name) is not None]
        if len(place) == len(names):
            return {**row, "record_id": record_id(db, *place)}
    return row


def _where(db: Connection, only: Row) -> str:
    conditions = [
        f"{name} IS NULL" if value is None else f"{name} = {_literal(db, name, value)}"
        for name, value in only.items()
    ]
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _literal(db: Connection, name: str, value: Any) -> str:
    """A value in the words of the database; SQLite keeps the ids of parties without dashes."""
    if isinstance(value, int):
        return str(int(value))
    text = str(value)
    if name == "party_id" and db.dialect.name == "sqlite":
        text = UUID(text).hex
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


@contextmanager
def _guarded(db: Connection, sql: str) -> Iterator[str]:
    if db.dialect.name == "postgresql":
        db.execute(_text(f"CREATE TEMPORARY VIEW behind AS {sql}"))
        foreign = sorted(n for n in db.scalars(_text(_READ_BY)) if not n.startswith("rpt_"))
        if foreign:
            raise ConfigError(f"reads {foreign[0]}; {_ONLY}")
        yield "SELECT * FROM pg_temp.behind"
        return
    connection: Any = db.connection.driver_connection
    connection.set_authorizer(_allow)
    try:
        yield sql
    finally:
        connection.set_authorizer(None)


def _allow(
    action: int, table: str | None, column: str | None, _: str | None, via: str | None
) -> int:
    """What SQLite asks: views read tables, the query itself reads nothing but views.

    A table of which no column is read may be one that a view joins: its view is not named then.
    """
    reads = action == sqlite3.SQLITE_READ and column and not (via or table or "").startswith("rpt_")
    return sqlite3.SQLITE_DENY if reads or action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _text(sql: str) -> sa.TextClause:
    return sa.text(sql.replace(":", "\\:"))
