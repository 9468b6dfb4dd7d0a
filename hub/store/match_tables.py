"""The tables of matching: what each record is compared by, and the models it is compared with."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from hub.store.columns import UtcMicros
from hub.store.layout import RowId, foreign_key, index_on, metadata, partial_index

match_profile = Table(
    "match_profile",
    metadata,
    Column("canonical_id", RowId, foreign_key("canonical_record.id"), primary_key=True),
    Column("profile", Text, nullable=False),
)
index_on("sqlite", Index("ix_match_profile_profile", match_profile.c.profile))
index_on(
    "postgresql",  # SQLite's has the record too: it is the number of the row
    Index("ix_match_profile_record", match_profile.c.profile, match_profile.c.canonical_id),
)

match_content = Table(
    "match_content",
    metadata,
    Column("profile", Text, primary_key=True),
    Column("features", Text, nullable=False),
)

match_key = Table(
    "match_key",
    metadata,
    Column("profile", Text, nullable=False),
    Column("key", Text, nullable=False),
    PrimaryKeyConstraint("profile", "key").ddl_if(dialect="sqlite"),
    sqlite_with_rowid=False,
)
KEYS: Final = MappingProxyType(
    {
        "sqlite": index_on("sqlite", Index("ix_match_key_key", match_key.c.key)),
        "postgresql": index_on(
            "postgresql",
            Index("uq_match_key_key", match_key.c.key, match_key.c.profile, unique=True),
        ),
    }
)
"""The index that holders of a key are found by, by database: either answers by itself.

SQLite keeps the table in the order of its primary key, and adds that to the index.
"""
index_on("postgresql", Index("ix_match_key_profile", match_key.c.profile))

frequent_key = Table(
    "frequent_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("over", Integer, nullable=False),
)

derived_relationship = Table(
    "derived_relationship",
    metadata,
    Column("left_profile", Text, primary_key=True),
    Column("right_profile", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("evidence", Text, nullable=False),
)
Index("ix_derived_relationship_right", derived_relationship.c.right_profile)

match_model = Table(
    "match_model",
    metadata,
    Column("version", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("trained_at", UtcMicros, nullable=False),
    Column("adopted_at", UtcMicros),
    Column("in_force", Boolean, nullable=False),
)
partial_index(match_model, "in_force", "uq_match_model_in_force", "in_force", unique=True)

match_frequency = Table(
    "match_frequency",
    metadata,
    Column("version", Text, foreign_key("match_model.version"), primary_key=True),
    Column("term", Text, primary_key=True),
    Column("holders", BigInteger, nullable=False),
    Column("share", Float, nullable=False),
    sqlite_with_rowid=False,
)
