"""Bulk look-ups through partial indexes: rows that still stand (active links, open cases)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from hub.store.bulk import LookUp, bound_list
from hub.store.driver import Answer, ask, no_rows

ACTIVE_LINK: Final = "recorded_to IS NULL"
CLOSED_LINK: Final = "recorded_to IS NOT NULL"
OPEN_CASE: Final = "state = 'open'"


def look_up_standing(
    db: Connection, table: Table, columns: Sequence[str], *, where: LookUp, condition: str
) -> list[Any]:
    """Rows whose column is one of many values and that meet the partial index's condition.

    SQLite uses a partial index only where its condition stands literally in the statement. Without
    values the database is not asked.
    """
    return ask_standing(db, table, columns, where=where, condition=condition)()


def ask_standing(
    db: Connection, table: Table, columns: Sequence[str], *, where: LookUp, condition: str
) -> Answer:
    """The same, called for later."""
    if not where.values:
        return no_rows
    wanted = ", ".join(f"held.{column}" for column in columns)
    if db.dialect.name == "sqlite":
        sql = (
            f"SELECT {wanted} FROM json_each(?) AS wanted CROSS JOIN {table.name} AS held "
            f"WHERE held.{where.column} = wanted.value AND held.{condition}"
        )
    else:
        kind = "uuid" if isinstance(table.c[where.column].type, sa.Uuid) else "bigint"
        sql = (
            f"SELECT {wanted} FROM {table.name} AS held "
            f"WHERE held.{where.column} = ANY(%s::{kind}[]) AND held.{condition}"
        )
    return ask(db, sql, bound_list(db, where.values), columns)


def as_uuid(value: Any) -> str:
    """A UUID as text, whatever form the driver gives it in."""
    return str(value if isinstance(value, UUID) else UUID(value))
