"""What tables are made of: their register, the types of their ids, their keys and indexes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Table

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Uuid = sa.Uuid(as_uuid=False)
RowId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit row id; SQLite keeps a table in the order of a key only where its type is INTEGER."""


def foreign_key(target: str) -> ForeignKey:
    """A column that names a row of another table."""
    return ForeignKey(target)


def index_on(dialect: str, index: Index) -> Index:
    """An index that only one of the databases has; its ``info`` says so."""
    index.ddl_if(dialect=dialect)
    index.info["dialect"] = dialect
    return index


def partial_index(
    table: Table,
    condition: str,
    name: str,
    *columns: str,
    unique: bool = False,
    own_only: bool = False,
) -> Index:
    """A partial index: both databases keep it as small as what matches.

    SQLite uses it only for a query with the very same condition: write ``sa.text("pending")``,
    since SQLAlchemy writes a flag as ``pending = 1`` there.

    ``own_only`` keeps PostgreSQL from reading the whole index for who does not ask by its column:
    where statistics know of no matching row yet, it takes any index with the condition for empty.
    """
    where = sa.text(condition)
    own = sa.text(f"{condition} AND {columns[0]} IS NOT NULL") if own_only else where
    return Index(
        name,
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=where,
        postgresql_where=own,
    )
