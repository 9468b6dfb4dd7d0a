"""The table of search: the words under which a customer's golden record is found."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from hub.store.layout import metadata

Word = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte, so that what begins alike stands together on both databases."""

search_term = Table(
    "search_term",
    metadata,
    Column(
        "golden_id",
        BigInteger,
        ForeignKey("golden_record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("term", Word, primary_key=True),
    sqlite_with_rowid=False,
)
"""Made of golden records by :mod:`hub.pipeline.search_customers`; goes with them."""
Index("ix_search_term_term", search_term.c.term, search_term.c.golden_id)
