"""The SQL transport: a database as a source and a target, without SQLAlchemy in the connector.

A :class:`Database` runs a piece of work in one transaction that reads or writes, and turns what
the driver raises into the hub's errors. Names are quoted by the dialect, values are always bound.
The three modules import SQLAlchemy, and nothing else of the SDK does.
"""

from hub.sdk.sql.database import Connection, Database, Login
from hub.sdk.sql.relation import (
    NOT_DELETED,
    Relation,
    Row,
    count_beyond,
    count_without,
    find_row,
    greatest,
    rows_after,
    rows_without,
    total_rows,
)
from hub.sdk.sql.selects import check_select
from hub.sdk.sql.table import Shape, reflect, update_row
from hub.sdk.sql.values import pack, unpack

__all__ = [
    "NOT_DELETED",
    "Connection",
    "Database",
    "Login",
    "Relation",
    "Row",
    "Shape",
    "check_select",
    "count_beyond",
    "count_without",
    "find_row",
    "greatest",
    "pack",
    "reflect",
    "rows_after",
    "rows_without",
    "total_rows",
    "unpack",
    "update_row",
]
