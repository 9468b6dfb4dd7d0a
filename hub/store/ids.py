"""Row ids: 64-bit integers, handed out in blocks so that a page asks the database for none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.engine import Connection, Engine

from hub.store import bulk
from hub.store.bulk import postgresql_type
from hub.store.database import writing
from hub.store.driver import fetch, send

_BLOCK = 20_000


class IdSource:
    """Hands out ids of one kind; ids of a page that was rolled back are not used again.

    A new block is fetched in a short transaction of its own, so :meth:`take` must be called
    outside of any other (SQLite has one writer). Safe to use from one thread.
    """

    def __init__(self, engine: Engine, name: str, *, block: int = _BLOCK) -> None:
        self._engine = engine
        self._name = name
        self._block = block
        self._next = 0
        self._end = 0

    def reserve(self, count: int) -> None:
        """Make sure that the next ``count`` ids are at hand."""
        if self._end - self._next >= count:
            return
        size = max(count, self._block)
        with writing(self._engine) as connection:
            start = take_block(connection, self._name, size)
        self._next, self._end = start, start + size

    def take(self, count: int) -> Sequence[int]:
        """``count`` ids in a row, reserved before."""
        start = self._next
        if start + count > self._end:
            raise ValueError("ids are reserved before the transaction that uses them")
        self._next += count
        return range(start, start + count)


def take_block(connection: Connection, name: str, size: int) -> int:
    """The first of ``size`` fresh ids, within the caller's transaction; ids start at 1."""
    taken = _advance(connection, name, size)
    if taken is None:
        _start(connection, name)
        taken = _advance(connection, name, size)
    if taken is None:  # pragma: no cover  # the row was made in this transaction
        raise ValueError(f"no block of ids named {name}")
    return taken - size


def _advance(connection: Connection, name: str, size: int) -> int | None:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    sql = f"UPDATE id_block SET next = next + {mark} WHERE name = {mark} RETURNING next"
    rows = fetch(connection, sql, (size, name), ("following",))
    return rows[0].following if rows else None


def _start(connection: Connection, name: str) -> None:
    connection.execute(
        sa.text("INSERT INTO id_block (name, next) VALUES (:name, 1) ON CONFLICT DO NOTHING"),
        {"name": name},
    )


def insert_numbered(
    db: Connection, table: Table, columns: Sequence[str], rows: Sequence[bulk.Row]
) -> None:
    """Add rows in order, each under a fresh id of the table's; the first column is the one for it.

    PostgreSQL takes the ids of a few rows in the statement that adds them: nobody waits for them.
    """
    if not rows:
        return
    if db.dialect.name == "sqlite" or len(rows) > bulk.FEW:
        first = take_block(db, table.name, len(rows))
        numbered: list[bulk.Row] = [(number, *row) for number, row in enumerate(rows, first)]
        bulk.insert(db, table, columns, numbered)
    elif len(rows) > bulk.BY_ONES:
        count = len(rows)
        send(db, _many_numbered(table, tuple(columns)), (count, count, *bulk.arrays(rows)))
    else:
        for row in rows:
            send(db, _one_numbered(table, tuple(columns)), (1, 1, *row))


@lru_cache
def _many_numbered(table: Table, columns: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{postgresql_type(table, column)}[]" for column in columns[1:])
    given = f"unnest({arrays}) WITH ORDINALITY AS given({', '.join(columns[1:])}, place)"
    values = ", ".join(f"given.{column}" for column in columns[1:])
    return (
        f"{_numbering(table, columns)} block.first + given.place - 1, {values} FROM block, {given}"
    )


@lru_cache
def _one_numbered(table: Table, columns: tuple[str, ...]) -> str:
    values = ", ".join(f"%s::{postgresql_type(table, column)}" for column in columns[1:])
    return f"{_numbering(table, columns)} block.first, {values} FROM block"


def _numbering(table: Table, columns: tuple[str, ...]) -> str:
    return f"""
        WITH block AS (
            INSERT INTO id_block (name, next) VALUES ('{table.name}', 1 + %s::bigint)
            ON CONFLICT (name) DO UPDATE SET next = id_block.next + excluded.next - 1
            RETURNING next - %s::bigint AS first
        )
        INSERT INTO {table.name} ({", ".join(columns)}) SELECT"""
