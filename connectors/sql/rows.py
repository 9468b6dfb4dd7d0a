"""A row as a record, a tombstone or something that can't be read; and the place after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson

from connectors.sql.config import TableSource
from hub.errors import CursorExpiredError
from hub.sdk import Cursor, Page, Record, Tombstone, Unreadable, composite_key
from hub.sdk.plain import plain
from hub.sdk.sql import NOT_DELETED, Relation, Row, pack, unpack

SYSTEM: Final = "sql"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands: after these values of the order, in a run that is open or over.

    ``nulls`` is the key after which the rows without a cursor value go on; None once they are read.
    """

    after: tuple[Any, ...] = ()
    open: bool = False
    nulls: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, cursor: Cursor | None) -> Place:
        """The place that a cursor tells; CursorExpiredError where it tells none."""
        told: Mapping[str, Any] = cursor or {}
        after, nulls = told.get("after", []), told.get("nulls")
        if not isinstance(after, list) or not isinstance(nulls, list | None):
            raise CursorExpiredError("the cursor is not one of this connector; open a new epoch")
        where = None if nulls is None else tuple(map(unpack, nulls))
        return cls(tuple(map(unpack, after)), bool(told.get("open")), where)

    def cursor(self) -> Cursor:
        """The place as JSON."""
        told: dict[str, Any] = {"after": [pack(value) for value in self.after]}
        if self.open:
            told["open"] = True
        if self.nulls is not None:
            told["nulls"] = [pack(value) for value in self.nulls]
        return told


def relation_of(source: TableSource) -> Relation:
    """What is read in the order of cursor and key."""
    columns = (source.cursor, *source.key) if source.cursor else source.key
    return Relation(
        system=SYSTEM,
        stream=source.name,
        order=tuple(dict.fromkeys(columns)),
        table=source.table or "",
        schema=source.table_schema,
        select=source.select or "",
        needs=tuple(name for name in (source.version, source.deleted) if name),
    )


def make_page(
    source: TableSource,
    rows: Sequence[Row],
    place: Place,
    *,
    excluded: Mapping[str, int] | None = None,
) -> Page:
    """The rows as a page that is safe up to ``place``."""
    records: list[Record] = []
    tombstones: list[Tombstone] = []
    unreadable: list[Unreadable] = []
    for row in rows:
        key, version = key_of(source, row), version_of(source, row)
        if key is None:
            names = ", ".join(source.key)
            unreadable.append(Unreadable(None, f"no value in the key column {names}", _raw(row)))
        elif is_deleted(source, row):
            tombstones.append(Tombstone(key, version))
        else:
            records.append(
                Record(key, {name: plain(value) for name, value in row.items()}, version)
            )
    return Page(
        records=records,
        tombstones=tombstones,
        unreadable=unreadable,
        cursor=place.cursor(),
        excluded=excluded or {},
    )


def key_of(source: TableSource, row: Row) -> str | None:
    """The text of the row's key; None where a part of it is missing or blank."""
    values = [plain(row[name]) for name in source.key]
    if any(value is None or not str(value).strip() for value in values):
        return None
    return str(values[0]) if len(values) == 1 else composite_key(values)


def version_of(source: TableSource, row: Row) -> str | None:
    """The row's version in a form that sorts as text."""
    column = source.version or source.cursor
    value = row[column] if column else None
    if value is None:
        return None
    if isinstance(value, int):
        return f"{value:020d}"
    return f"{value:040.12f}" if isinstance(value, Decimal | float) else str(plain(value))


def is_deleted(source: TableSource, row: Row) -> bool:
    """Whether the row is marked as deleted: a true value, a number but 0, a time, a text."""
    value = row[source.deleted] if source.deleted else None
    if isinstance(value, str):
        return value.strip().lower() not in NOT_DELETED
    return bool(value)


def _raw(row: Row) -> str:
    return orjson.dumps({name: plain(value) for name, value in row.items()}).decode()
