"""What is read: a table, a view or a SELECT, page by page after the last row, never by OFFSET.

An OFFSET skips rows when others before it are deleted. Here a page is what comes after the last
row of the page before, in the order of the cursor column and the key: rows that share a time are
told apart by their key, and a row that changes moves to the end, where it is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import quoted_name

from hub.errors import SourceSchemaError

Row = Mapping[str, Any]
NOT_DELETED: Final = frozenset({"", "0", "f", "false", "n", "no", "off"})
"""What a column of deletions holds, in small letters, where a row is not deleted; null besides."""
_COMPARE_ROWS: Final = frozenset({"postgresql", "sqlite"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table or view (in ``schema``), or a SELECT; ``order`` ends with the key and is never null.

    ``null`` names a column that must be null in the rows that are read. ``needs`` are further
    columns that must be there; ``only`` those that are read, if not all. ``system`` and
    ``stream`` go into messages.
    """

    system: str
    stream: str
    order: tuple[str, ...]
    table: str = ""
    schema: str | None = None
    select: str = ""
    needs: tuple[str, ...] = ()
    null: str = ""
    only: tuple[str, ...] = ()

    def wrong(self, message: str) -> SourceSchemaError:
        """The error that says so of this relation."""
        return SourceSchemaError(message, system=self.system, stream=self.stream)


def rows_after(
    connection: Connection, relation: Relation, after: Sequence[Any], *, limit: int
) -> list[Row]:
    """The next rows; ``after`` holds values for the first columns of the order, or none."""
    columns = [_named(name) for name in relation.only] or [_everything()]
    statement = sa.select(*columns).select_from(_source(relation))
    statement = statement.where(*_bounds(connection, relation, after)).limit(limit)
    return _fetch(connection, relation, statement.order_by(*map(_named, relation.order)))


def rows_without(
    connection: Connection, relation: Relation, empty: Sequence[str], *, limit: int
) -> list[Row]:
    """Rows where one of these columns is null: no order reaches them."""
    anywhere = sa.or_(*(_named(name).is_(None) for name in empty))
    statement = sa.select(_everything()).select_from(_source(relation))
    return _fetch(connection, relation, statement.where(anywhere).limit(limit))


def count_without(connection: Connection, relation: Relation, empty: Sequence[str]) -> int:
    """How many rows have a null in one of these columns."""
    anywhere = sa.or_(*(_named(name).is_(None) for name in empty))
    counted = sa.select(sa.func.count()).select_from(_source(relation)).where(anywhere)
    return int(connection.execute(counted).scalar_one())


def total_rows(
    connection: Connection, relation: Relation, *, deleted: str = "", sums: Sequence[str] = ()
) -> tuple[Any, ...]:
    """How many rows have all of the order and are not deleted, and what their columns add up to.

    ``deleted`` is the column that is true, or holds a time, once a row is deleted.
    """
    held = [_named(name).is_not(None) for name in relation.order]
    counted: list[sa.ColumnElement[Any]] = [sa.func.count()]
    counted += [sa.func.sum(_named(name)) for name in sums]
    query = sa.select(*counted).select_from(_source(relation)).where(*held)
    if deleted:
        flag = sa.func.lower(sa.func.trim(sa.cast(_named(deleted), sa.Text())))
        query = query.where(sa.or_(_named(deleted).is_(None), flag.in_(NOT_DELETED)))
    return tuple(connection.execute(query).one())


def count_beyond(connection: Connection, relation: Relation, after: Sequence[Any]) -> int:
    """How many rows come after this place in the order."""
    bounds = _bounds(connection, relation, after)
    counted = sa.select(sa.func.count()).select_from(_source(relation)).where(*bounds)
    return int(connection.execute(counted).scalar_one())


def greatest(connection: Connection, relation: Relation) -> Any:
    """The greatest value of the first column of the order; None where there is no row."""
    column = sa.func.max(_named(relation.order[0]))
    return connection.execute(sa.select(column).select_from(_source(relation))).scalar_one()


def find_row(
    connection: Connection, relation: Relation, key: Mapping[str, Any], *, lock: bool = False
) -> Row | None:
    """The one row with this key, or None; ``lock`` keeps others from changing it meanwhile."""
    statement = sa.select(_everything()).select_from(_source(relation)).limit(2)
    statement = statement.where(*(_named(name) == _bound(value) for name, value in key.items()))
    found = _fetch(connection, relation, statement.with_for_update() if lock else statement)
    if len(found) > 1:
        raise relation.wrong("two rows have the same key; name the columns that identify a row")
    return found[0] if found else None


def _everything() -> sa.ColumnElement[Any]:
    return sa.literal_column("*")


def _fetch(connection: Connection, relation: Relation, statement: sa.Select[Any]) -> list[Row]:
    result = connection.execute(statement)
    names = list(result.keys())
    _check_names(names, relation)
    return [dict(zip(names, row, strict=True)) for row in result]


def _check_names(names: Sequence[str], relation: Relation) -> None:
    """SQLite takes an unknown name in quotes for a text, so a typing error would go unnoticed."""
    if len(set(names)) != len(names):
        raise relation.wrong("the SELECT gives two columns of one name; rename one with AS")
    missing = [name for name in (*relation.order, *relation.needs) if name not in names]
    if missing:
        listed = ", ".join(missing)
        raise relation.wrong(f"there is no column {listed}; mind upper and lower case")


def _bounds(
    connection: Connection, relation: Relation, after: Sequence[Any]
) -> list[sa.ColumnElement[bool]]:
    bounds: list[sa.ColumnElement[bool]] = [_named(name).is_not(None) for name in relation.order]
    if relation.null:
        bounds.append(_named(relation.null).is_(None))
    if after:
        by_row = connection.dialect.name in _COMPARE_ROWS
        bounds.append((_beyond_row if by_row else _beyond)(relation.order, after))
    return bounds


def _source(relation: Relation) -> sa.FromClause:
    if relation.table:
        return sa.table(
            quoted_name(relation.table, quote=True),
            schema=quoted_name(relation.schema, quote=True) if relation.schema else None,
        )
    inner = relation.select.replace(":", "\\:")  # a colon begins no bind
    return sa.text(f"{inner}\n").columns().subquery("hub_source")


def _beyond_row(names: Sequence[str], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """(a, b) > (x, y): answered from an index even where a million rows share one time."""
    columns = [_named(name) for name in names[: len(values)]]
    return sa.tuple_(*columns) > sa.tuple_(*map(_bound, values))


def _beyond(names: Sequence[str], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The same in words that every database knows; MySQL finds no index for rows of values."""
    column, value = _named(names[0]), _bound(values[0])
    if len(values) == 1:
        return column > value
    deeper = sa.and_(column == value, _beyond(names[1:], values[1:]))
    return sa.and_(column >= value, sa.or_(column > value, deeper))


def _named(name: str) -> sa.ColumnElement[Any]:
    return sa.column(quoted_name(name, quote=True))


def _bound(value: Any) -> sa.BindParameter[Any]:
    """Without a type of ours: the database compares by the column's, in the order it sorts by."""
    return sa.bindparam(None, value, type_=sa.types.NullType(), unique=True)
