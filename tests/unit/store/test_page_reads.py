"""What the pages ask is read through indexes: a store of any size answers as quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store.database import Connection, Engine, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.review import list_cases
from hub.store.review_counts import recent_decisions, tally_cases
from hub.store.search_index import find_entries, latest_entries
from hub.store.stakes import stakes_of
from hub.store.stream_health import stream_health, what_waits
from tests.unit.store.filled import fill_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LARGE = {
    *("search_term", "golden_record", "review_case", "run", "source_record", "canonical_record"),
    *("canonical_ref", "document", "link", "delivery", "master_party", "quarantine"),
}
"""``latest`` reads the last rows of its table backwards and stops: SQLite calls that a scan."""
READS: dict[str, Callable[[Connection], Any]] = {
    "search": lambda db: find_entries(db, ["berg", "anna"], 20),
    "latest": lambda db: latest_entries(db, 20),
    "queue": lambda db: list_cases(db, limit=20),
    "tally": lambda db: tally_cases(db, NOW),
    "decisions": lambda db: recent_decisions(db, 10),
    "stakes": lambda db: stakes_of(db, {1, 2}),
    "health": stream_health,
    "waiting": what_waits,
    "deliveries": lambda db: list_deliveries(db, DeliveryFilter(), 20),
}


@contextmanager
def _told(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with what is bound."""
    said: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, bound: Any, *_: Any) -> None:
        said.append((statement, bound))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def lite(tmp_path: Any) -> Iterator[Engine]:
    from hub.store.database import open_store
    from hub.store.schema import migrate

    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    fill_store(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", sorted(READS.keys() - {"latest"}))
def test_no_large_table_is_read_as_a_whole(lite: Engine, name: str) -> None:
    with reading(lite) as db, _told(lite) as said:
        cursor = db.connection.cursor()
        db.info["hub_cursor"] = _Noting(cursor, said)
        READS[name](db)
        statements = [(sql, bound) for sql, bound in said if sql.lstrip().startswith("SELECT")]
        assert statements
        for sql, bound in statements:
            for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", bound).fetchall():
                words = step.split()
                whole = words[0] == "SCAN" and "INDEX" not in words
                assert not (whole and words[1] in LARGE), f"{step}: {sql}"


class _Noting:
    """A cursor of the driver that notes what is sent through it."""

    def __init__(self, cursor: Any, said: list[tuple[str, Any]]) -> None:
        self._cursor = cursor
        self._said = said

    def execute(self, sql: str, bound: Any = ()) -> Any:
        self._said.append((sql, bound))
        return self._cursor.execute(sql, bound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


@pytest.mark.parametrize("name", READS)
def test_both_databases_understand_what_is_asked(store: Engine, name: str) -> None:
    fill_store(store)
    with reading(store) as db:
        READS[name](db)
