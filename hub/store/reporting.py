"""Runs report queries over one snapshot: each view is read once, into a table of the same name.

Both databases look among temporary tables first, so that a query over ``rpt_document_v2`` reads the
copy without knowing of it. Nothing of a snapshot outlives it: its transaction is taken back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hub.errors import ConfigError
from hub.store.columns import from_scaled
from hub.store.database import Connection, Engine, snapshot
from hub.store.golden import current_versions

_PARAMETER: Final = re.compile(r"'[^']*'|(?<![:\w]):([A-Za-z_]\w*)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 500
_GATHER_LATE: Final = "SET LOCAL parallel_tuple_cost = 0"
"""A view is copied whole, so that its rows come together in any case.

Where the planner counts that (and a hundred roles to a body), one process parses what two could.
"""
_ONLY: Final = "only the views rpt_* may be read, each named after FROM or JOIN"
_DENIED: Final = ("prohibited", "not authorized")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The store as one transaction sees it, with the cut-off that parameters are taken from."""

    db: Connection
    cut_off: datetime
    _copied: set[str] = field(default_factory=set)

    def copy_views(self, views: Collection[str]) -> None:
        """Read views that were not read yet; ConfigError for one that does not exist."""
        for view in sorted(set(views) - self._copied):
            if not sa.inspect(self.db).has_table(view):
                raise ConfigError(f"there is no view {view}; docs/reports.md lists them")
            self._create(view, f"SELECT * FROM {_home(self.db)}.{view}")
            self._copied.add(view)

    @contextmanager
    def prepared(self, report: str, statements: Mapping[str, str]) -> Iterator[None]:
        """Keep the rows of named queries while the block reads them."""
        for name, sql in statements.items():
            with explained(f"report {report}, {name}"), self._guarded(self._bound(sql)) as query:
                self._create(name, query)
        yield
        for name in statements:
            self.db.execute(sa.text(f"DROP TABLE {name}"))

    def rows(self, place: str, sql: str, money: Collection[str]) -> list[Row]:
        """The rows of a query; columns in ``money`` come back as exact Decimals."""
        with explained(place), self._guarded(self._bound(sql)) as query:
            found = self.db.execute(_text(query))
            return [readable(row, money) for row in found.mappings()]

    @contextmanager
    def _guarded(self, sql: str) -> Iterator[str]:
        """The query, which reads nothing but the snapshot's own copies while the block runs it.

        However a query is written: the database itself says what it would read.
        """
        if self.db.dialect.name == "postgresql":
            plan = self.db.scalar(_text(f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}"))
            foreign = sorted(_read_by(plan))
            if foreign:
                raise ConfigError(f"reads {foreign[0]}; {_ONLY}")
            yield sql
            return
        connection: Any = self.db.connection.driver_connection
        connection.set_authorizer(_reader_of_copies(self.db))
        try:
            yield sql
        finally:
            connection.set_authorizer(None)

    def names(self, party_ids: Collection[str]) -> dict[str, str]:
        """What the customers are called, where a golden record says."""
        wanted, found = sorted(party_ids), dict[str, str]()
        for start in range(0, len(wanted), _AT_ONCE):
            chunk = current_versions(self.db, wanted[start : start + _AT_ONCE])
            for party, golden in chunk.items():
                found[party] = orjson.loads(golden.body).get("display_name") or ""
        return found

    def _create(self, name: str, sql: str) -> None:
        self.db.execute(_text(f"CREATE TEMPORARY TABLE {name} AS {sql}"))
        if self.db.dialect.name == "postgresql":
            self.db.execute(sa.text(f"ANALYZE {name}"))

    def _bound(self, sql: str) -> str:
        return bound(sql, self.cut_off)


@contextmanager
def report_snapshot(engine: Engine, cut_off: datetime) -> Iterator[Snapshot]:
    """A snapshot of the store; what others commit meanwhile is not seen."""
    with snapshot(engine) as db:
        if db.dialect.name == "sqlite":
            _fold_like_unicode(db)
        else:
            db.execute(_text(_GATHER_LATE))
        yield Snapshot(db, cut_off.astimezone(UTC))
        db.rollback()


def bound(sql: str, cut_off: datetime) -> str:
    """The query with its parameters: a statement that makes a table takes none (PostgreSQL)."""

    def value(hit: re.Match[str]) -> str:
        name = hit[1]
        if name == "day":
            return str((cut_off - _EPOCH).days)
        if name == "today":
            return f"'{cut_off:%Y-%m-%d}'"
        hours = 0 if name == "cut_off" else int(name.removeprefix("before_").removesuffix("h"))
        return f"'{moment(cut_off - timedelta(hours=hours))}'"

    return _PARAMETER.sub(lambda hit: value(hit) if hit[1] else hit[0], sql)


def _reader_of_copies(db: Connection) -> Callable[..., int]:
    """What SQLite asks before a query does anything: it may read what is not in ``main``.

    Where no column of a table is read, the base is not told (sqlite.org/c3ref/set_authorizer.html).
    """
    names = "SELECT name FROM {}.sqlite_master"
    copies, stored = (set(db.scalars(_text(names.format(base)))) for base in ("temp", "main"))
    foreign = stored - copies

    def allow(action: int, table: str | None, _: str | None, base: str | None, *__: Any) -> int:
        reads = action == sqlite3.SQLITE_READ and table
        if action == sqlite3.SQLITE_ATTACH or (reads and (base == "main" or table in foreign)):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return allow


def _read_by(plan: Any) -> Iterator[str]:
    """The tables outside the snapshot that a plan of PostgreSQL reads."""
    if isinstance(plan, list):
        for part in plan:
            yield from _read_by(part)
    elif isinstance(plan, dict):
        schema = plan.get("Schema", "")
        if "Relation Name" in plan and not schema.startswith("pg_temp"):
            yield f"{schema}.{plan['Relation Name']}"
        for part in plan.values():
            yield from _read_by(part)


def moment(value: datetime) -> str:
    """A time as the views write it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fold_like_unicode(db: Connection) -> None:
    """SQLite's own LOWER knows A to Z only (https://www.sqlite.org/lang_corefunc.html#lower)."""
    connection: Any = db.connection.driver_connection
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _home(db: Connection) -> str:
    return (
        "main"
        if db.dialect.name == "sqlite"
        else str(db.scalar(sa.select(sa.func.current_schema())))
    )


def _text(sql: str) -> sa.TextClause:
    return sa.text(sql.replace(":", "\\:"))


def readable(row: sa.RowMapping, money: Collection[str]) -> Row:
    """A row with amounts as exact Decimals, and ids in the form that people write."""
    found = dict(row)
    if found.get("party_id") is not None:
        found["party_id"] = str(UUID(str(found["party_id"])))
    for name, value in found.items():
        if value is not None and name in money:
            found[name] = from_scaled(int(value))
        elif isinstance(value, UUID):
            found[name] = str(value)
    return found


@contextmanager
def explained(place: str) -> Iterator[None]:
    """A query that the database refuses is its author's to mend."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    except DBAPIError as error:
        reason = next(iter(str(error.orig).strip().splitlines()), "no reason given")
        if any(word in reason for word in _DENIED):
            reason = f"{reason}; {_ONLY}"
        raise ConfigError(f"{place}: the database refuses the query: {reason}") from error
