"""The digest: notices every change, and no renaming of surrogate ids."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store.classification import COLUMNS, Show
from hub.store.database import Engine, open_store, reading, writing
from hub.store.digest import digest, dump
from hub.store.schema import migrate
from hub.store.tables import metadata
from tests.unit.store.filled import fill_store, numbered, uuid

_SHOWN = [
    (table, column)
    for table, columns in sorted(COLUMNS.items())
    for column, show in columns.items()
    if show in {Show.VALUE, Show.NAMED}
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A small store with a row in every table; tests roll their changes back."""
    folder: Path = tmp_path_factory.mktemp("digest")
    engine = open_store(f"sqlite:///{folder / 'hub.db'}")
    migrate(engine)
    fill_store(engine)
    yield engine
    engine.dispose()


def test_every_column_is_classified() -> None:
    tables = {table.name: set(table.columns.keys()) for table in metadata.sorted_tables}
    assert {name: set(columns) for name, columns in COLUMNS.items()} == tables


def test_the_filled_store_has_a_row_in_every_table(filled: Engine) -> None:
    with reading(filled) as db:
        empty = [
            table.name
            for table in metadata.sorted_tables
            if not db.scalar(sa.select(sa.func.count()).select_from(table))
        ]
    assert empty == []


@pytest.mark.parametrize(("table", "column"), _SHOWN)
def test_a_change_of_any_shown_column_is_noticed(
    filled: Engine, table: str, column: str, tmp_path: Path
) -> None:
    before = digest(filled)
    copy = _copy_of(filled, tmp_path)
    target = metadata.tables[table]
    with writing(copy) as db:
        db.execute(sa.update(target).values({column: _other(target.c[column])}))
    assert digest(copy) != before


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_a_row_less_is_noticed(filled: Engine, table: str, tmp_path: Path) -> None:
    if all(show is Show.OUT for show in COLUMNS[table].values()):
        pytest.skip("left out on purpose")
    before = digest(filled)
    copy = _copy_of(filled, tmp_path)
    with copy.connect() as db:
        db.exec_driver_sql(f"DELETE FROM {table}")
        db.commit()
    assert digest(copy) != before


def test_ids_times_and_runs_are_not_noticed(tmp_path: Path) -> None:
    one, two = (open_store(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    for engine, shift in ((one, 0), (two, 1_000_000)):
        migrate(engine)
        fill_store(engine, shift=shift)
    assert list(dump(one)) == list(dump(two))
    assert digest(one) == digest(two)


def test_no_surrogate_uuid_is_shown(filled: Engine) -> None:
    text = "\n".join(dump(filled))
    assert not re.search("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", text)


def test_both_databases_give_the_same_digest(store: Engine, filled: Engine) -> None:
    fill_store(store)
    assert digest(store) == digest(filled)


def test_a_link_to_another_party_is_noticed(filled: Engine, tmp_path: Path) -> None:
    before = digest(filled)
    copy = _copy_of(filled, tmp_path)
    with writing(copy) as db:
        link = metadata.tables["link"]
        db.execute(
            sa.update(link).where(link.c.id == numbered(2, 0)).values(party_id=uuid("party-1", 0))
        )
    assert digest(copy) != before


def _copy_of(engine: Engine, folder: Path) -> Engine:
    target = folder / "copy.db"
    with engine.connect() as db, closing(sqlite3.connect(target)) as copied:
        source: Any = db.connection.driver_connection
        source.backup(copied)
    copy = open_store(f"sqlite:///{target}")
    sa.event.listen(copy, "connect", _without_checks)
    return copy


def _without_checks(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA ignore_check_constraints=ON")


def _other(column: sa.Column[Any]) -> Any:
    """Another value of the column's type, in the words of SQL, so that keys stay unique."""
    if isinstance(column.type, sa.Boolean):
        return sa.not_(column)
    if isinstance(column.type, sa.LargeBinary):
        return b"another"
    if isinstance(column.type, sa.Text):
        return sa.func.coalesce(column, "") + "x"
    return sa.func.coalesce(sa.type_coerce(column, sa.BigInteger), 0) + 10_000
