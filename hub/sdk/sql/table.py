"""Changing one row of a table: its columns' types, a guarded UPDATE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoSuchTableError

from hub.errors import RejectedError
from hub.sdk.sql.relation import Relation

_PARSE: Final[Mapping[type, Any]] = {
    int: int,
    float: float,
    str: str,
    Decimal: lambda value: Decimal(str(value)),
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    UUID: lambda value: UUID(str(value)),
}


class Shape:
    """A table as the database describes it."""

    def __init__(self, table: sa.Table, *, loose: bool) -> None:
        self.table = table
        self.loose = loose

    def native(self, name: str, value: JsonValue, *, zone: tzinfo) -> Any:
        """A JSON value as the column's type holds it; RejectedError where it can't be one.

        ``zone`` is that of times without one. SQLite's columns hold any type (``loose``), so
        there a value stays as it is.
        """
        if name not in self.table.c:
            raise RejectedError(f"the table has no column {name}")
        if value is None or self.loose:
            return _loose(value)
        parse = _PARSE.get(self._type(name))
        try:
            parsed = value if parse is None else parse(value)
            return self._zoned(name, parsed, zone) if isinstance(parsed, datetime) else parsed
        except (ArithmeticError, TypeError, ValueError):
            message = f"the value is no {self._type(name).__name__}"
        raise RejectedError(f"column {name}: {message}")

    def key(self, name: str, text: str) -> Any:
        """The text of a source key as the column's type holds it; None where it can't be one."""
        kind = self._type(name)
        try:
            return _PARSE[kind](text) if kind in _PARSE else text
        except (ArithmeticError, TypeError, ValueError):
            return text if self.loose else None

    def _zoned(self, name: str, moment: datetime, zone: tzinfo) -> datetime:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if getattr(self.table.c[name].type, "timezone", False):
            return aware
        return aware.astimezone(zone).replace(tzinfo=None)

    def _type(self, name: str) -> type:
        try:
            return self.table.c[name].type.python_type
        except RuntimeError:  # the type has none
            return object


def reflect(connection: Connection, relation: Relation) -> Shape:
    """The table of a relation; SourceSchemaError where it is none that can be changed."""
    try:
        table = sa.Table(
            relation.table,
            sa.MetaData(),
            schema=relation.schema,
            autoload_with=connection,
            resolve_fks=False,
        )
    except NoSuchTableError as error:
        raise relation.wrong("there is no such table, and only a table is written to") from error
    return Shape(table, loose=connection.dialect.name == "sqlite")


def update_row(
    connection: Connection, shape: Shape, fields: Mapping[str, Any], *, guard: Mapping[str, Any]
) -> int:
    """Change these fields of the row that still has the guard's values; returns how many did."""
    columns = shape.table.c
    bounds = [
        columns[name].is_(None) if value is None else columns[name] == _as_is(value)
        for name, value in guard.items()
    ]
    as_is = connection.dialect.name == "sqlite"
    values = {columns[name]: _as_is(v) if as_is else v for name, v in fields.items()}
    return connection.execute(sa.update(shape.table).where(*bounds).values(values)).rowcount


def _as_is(value: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(None, value, type_=sa.types.NullType(), unique=True)


def _loose(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value
