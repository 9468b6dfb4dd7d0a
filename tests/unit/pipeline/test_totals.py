"""Control totals: a record that no sync has seen shows, and what is in flight does not count."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from connectors.netsuite.samples import SAMPLES
from hub.pipeline.reconcile import Request, reconcile
from hub.pipeline.steps import sync_connection
from hub.pipeline.totals import Asked, ask_systems
from hub.pipeline.turn import SyncMode
from hub.pipeline.workplace import Workplace, open_workplace
from hub.reports.result import CheckResult
from hub.sdk import Sample
from hub.store.database import Engine

_CONFIG = """
[hub]
company = "Test"
store = "{store}"
mappings = "."

[connections.shop]
connector = "sql"
office = "back"

[connections.shop.options]
dialect = "sqlite"
path = "shop.db"
settle_seconds = 0

[[connections.shop.options.tables]]
name = "customers"
table = "customer"
key = ["id"]
cursor = "changed"
totals = ["owed"]
"""
_MAPPING = """
system: sql
version: 1
streams:
  customers:
    - entity: party
      fields:
        kind: {const: organisation}
        display_name: {path: name}
"""


@dataclass
class Shop:
    """A hub that reads the table customer of one database file."""

    work: Workplace
    path: Path

    def put(self, number: int, owed: float | str | None, changed: str) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            row = (number, f"Mill {number}", owed, changed)
            db.execute("INSERT INTO customer VALUES (?, ?, ?, ?)", row)
            db.commit()

    def sync(self, name: str = "shop", *, full: bool = False) -> None:
        time.sleep(0.002)  # the clock of the reading is past that of the ask before it
        for _ in sync_connection(self.work, name, mode=SyncMode(full=full)):
            pass

    def check(self, name: str) -> CheckResult:
        pack = reconcile(self.work.engine, Request(company="Test", reports=["R10"]))
        (found,) = [item for item in pack.results[0].checks if item.check.id == name]
        return found


@pytest.fixture
def shop(store: Engine, tmp_path: Path) -> Iterator[Shop]:
    url = store.url.render_as_string(hide_password=False)
    (tmp_path / "hub.toml").write_text(_CONFIG.format(store=url))
    (tmp_path / "sql.yaml").write_text(_MAPPING)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, owed, changed TEXT)")
    found = Shop(open_workplace(tmp_path / "hub.toml"), tmp_path / "shop.db")
    for number in (1, 2, 3):
        found.put(number, number / 10, f"2026-01-0{number}T00:00:00Z")
    found.sync()
    yield found
    found.work.engine.dispose()


def test_a_system_that_counts_what_is_held_is_no_difference(shop: Shop) -> None:
    assert ask_systems(shop.work) == [
        Asked(connection="shop", stream="customers", system=3, held=3)
    ]
    assert not shop.check("asked_records").lines
    assert not shop.check("asked_sums").lines


@pytest.mark.parametrize("text", [".5", "-.25", "7.", "1.5E2"])
def test_numbers_that_are_texts_are_summed_as_numbers(shop: Shop, text: str) -> None:
    shop.put(4, text, "2026-01-04T00:00:00Z")
    shop.sync()
    ask_systems(shop.work)
    assert not shop.check("asked_sums").lines


def test_a_record_that_no_sync_can_see_is_a_break_after_the_next_reading(shop: Shop) -> None:
    shop.put(4, 100.5, "2025-12-31T00:00:00Z")  # behind the cursor
    ask_systems(shop.work)
    assert shop.check("asked_records").timing_count == 1
    shop.sync()
    ask_systems(shop.work)
    (line,) = shop.check("asked_records").breaks
    assert (line.row["asked"], line.row["held"]) == (4, 3)
    (summed,) = shop.check("asked_sums").breaks
    assert str(summed.row["difference"]) == "100.5000"


def test_a_difference_that_a_reading_mends_was_in_flight(shop: Shop) -> None:
    shop.put(4, None, "2026-01-04T00:00:00Z")
    ask_systems(shop.work)
    assert shop.check("asked_records").timing_count == 1
    shop.sync()
    ask_systems(shop.work)
    assert not shop.check("asked_records").lines


def test_a_full_read_mends_it_and_the_break_closes(shop: Shop) -> None:
    shop.put(4, 1, "2025-12-31T00:00:00Z")
    ask_systems(shop.work)
    shop.sync()
    ask_systems(shop.work)
    (line,) = shop.check("asked_records").breaks
    shop.sync(full=True)
    ask_systems(shop.work)
    assert not shop.check("asked_records").lines
    assert line.state == "open"


def test_a_system_that_does_not_answer_is_named_with_the_reason(shop: Shop) -> None:
    shop.path.rename(shop.path.with_suffix(".away"))
    (asked,) = ask_systems(shop.work)
    assert asked.system is None
    assert asked.problem
    (line,) = shop.check("not_answered").breaks
    assert line.row["problem"] == asked.problem


_ERP = """
[hub]
company = "Test"
store = "{store}"

[connections.erp]
connector = "netsuite"
streams = ["invoice"]
standin = "erp.json"
office = "back"
"""


def test_a_declared_connector_is_asked_for_records_and_sums(store: Engine, tmp_path: Path) -> None:
    url = store.url.render_as_string(hide_password=False)
    (tmp_path / "hub.toml").write_text(_ERP.format(store=url))
    at, rows = datetime(2026, 2, 1, tzinfo=UTC), {}
    for number, total in enumerate((".5", "1000.10", "-20"), start=1):
        row = SAMPLES.row(Sample("invoice", number, 0, at))
        rows[row["id"]] = {**row, "foreigntotal": total}
    (tmp_path / "erp.json").write_bytes(orjson.dumps({"invoice": rows}))
    erp = Shop(open_workplace(tmp_path / "hub.toml"), tmp_path / "erp.json")
    erp.sync("erp")
    assert ask_systems(erp.work) == [Asked(connection="erp", stream="invoice", system=3, held=3)]
    assert not erp.check("asked_sums").lines
    del rows[next(iter(rows))]
    (tmp_path / "erp.json").write_bytes(orjson.dumps({"invoice": rows}))
    ask_systems(erp.work)
    assert erp.check("asked_records").timing_count == 1
    assert erp.check("asked_sums").timing_count > 0
    erp.work.engine.dispose()
