"""Privacy of columns: each is classified, and what is called nothing is no text of others."""

from __future__ import annotations

from hub.store.personal import PRIVACY, Holds, searched_columns
from hub.store.portrait import exported_sections
from hub.store.tables import metadata


def test_every_column_of_every_table_is_classified() -> None:
    tables = {table.name: set(table.columns.keys()) for table in metadata.sorted_tables}
    assert {name: set(privacy.columns) for name, privacy in PRIVACY.items()} == tables


def test_what_is_not_exported_says_why() -> None:
    silent = [name for name, found in PRIVACY.items() if not found.export and not found.note]
    assert silent == []


def test_what_stays_says_why() -> None:
    kept = [name for name, found in PRIVACY.items() if Holds.KEPT in found.columns.values()]
    assert kept == ["stream", "push_delivery", "frequent_key"]
    assert all(PRIVACY[name].note for name in kept)


def test_payloads_and_bodies_are_searched() -> None:
    searched = set(searched_columns())
    assert {("raw_version", "payload"), ("canonical_record", "body")} <= searched
    assert "golden" in exported_sections()
