"""The sql connector on real SQLite and PostgreSQL: reading loses nothing, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.sql.reader import NO_KEY, TOO_YOUNG
from hub.errors import CursorExpiredError, SourceSchemaError
from tests.connectors.sql_case import CUSTOMERS, DAY, Company, keys, minutes, read


@pytest.fixture
def company(empty_url: str) -> Iterator[Company]:
    """A test that asks for it runs on both databases."""
    made = Company(empty_url)
    yield made
    made.engine.dispose()


def test_rows_of_one_time_are_told_apart_by_their_key(company: Company) -> None:
    for number in (5, 1, 7, 3, 2, 6, 4):
        company.put(number, f"n{number}")
    pages = read(company.connect())
    assert keys(pages) == ["1", "2", "3", "4", "5", "6", "7"]
    for place, page in enumerate(pages):
        rest = read(company.connect(), page.cursor)
        assert keys(rest) == keys(pages[place + 1 :])


def test_only_what_changed_comes_afterwards(company: Company) -> None:
    for number, at in enumerate(minutes(7)):
        company.put(number, f"n{number}", at)
    cursor = read(company.connect())[-1].cursor
    company.put(2, "changed", DAY + timedelta(hours=1))
    company.put(9, "new", DAY + timedelta(hours=1))
    (page,) = read(company.connect(), cursor)
    assert [record.data["name"] for record in page.records] == ["changed", "new"]
    assert keys(read(company.connect(), page.cursor)) == []


def test_rows_that_change_while_we_read_are_not_lost(company: Company) -> None:
    for number, at in enumerate(minutes(9)):
        company.put(number, f"n{number}", at)
    pages = company.connect().read("customers", None)
    found = [next(pages)]
    company.run("DELETE FROM customer WHERE id IN (0, 1)")
    company.put(20, "inserted before us", DAY - timedelta(hours=1))
    company.put(4, "moved", DAY + timedelta(hours=1))
    found += list(pages)
    later = read(company.connect(), found[-1].cursor)
    assert keys(found) == ["0", "1", "2", "3", "5", "6", "7", "8", "4"]
    assert keys(later) == []  # a stamp before the watermark breaks the rule for cursor columns
    assert keys(read(company.connect())) == ["20", "2", "3", "5", "6", "7", "8", "4"]


def test_without_a_cursor_every_read_is_full_and_by_key(company: Company) -> None:
    table = {key: value for key, value in CUSTOMERS.items() if key != "cursor"}
    for number in (10, 9, 2, 1):
        company.put(number, f"n{number}")
    pages = read(company.connect(table))
    assert keys(pages) == ["1", "2", "9", "10"]
    assert keys(read(company.connect(table), pages[0].cursor)) == ["10"]


def test_young_rows_wait_for_the_next_run_and_are_counted(company: Company) -> None:
    company.put(1, "old")
    company.put(2, "young", datetime.now(UTC))
    company.put(3, "future", datetime.now(UTC) + timedelta(days=1))
    connector = company.connect(settle_seconds=2)
    (page,) = read(connector)
    assert keys([page]) == ["1"]
    assert page.excluded == {TOO_YOUNG: 2}
    time.sleep(2.1)
    assert keys(read(connector, page.cursor)) == ["2"]


def test_rows_without_a_time_come_in_every_run(company: Company) -> None:
    for number in range(1, 6):
        company.put(number, f"n{number}", None)
    company.put(6, "timed")
    pages = read(company.connect())
    assert keys(pages) == ["1", "2", "3", "4", "5", "6"]
    assert keys(read(company.connect(), pages[0].cursor)) == ["4", "5", "6"]
    assert keys(read(company.connect(), pages[-1].cursor)) == ["1", "2", "3", "4", "5"]


def test_rows_without_a_key_are_unreadable_or_counted(company: Company) -> None:
    company.put(1, "good")
    select = "SELECT CASE WHEN id > 1 THEN NULL ELSE id END AS id, name, changed FROM customer"
    for number in range(2, 7):
        company.put(number, f"bad {number}")
    table = CUSTOMERS | {"select": select, "table": None}
    first, *rest = read(company.connect(table))
    assert [bad.key for bad in first.unreadable] == [None] * 3
    assert first.excluded == {NO_KEY: 2}
    assert keys(rest) == ["1"]


@pytest.mark.parametrize("cursor", ["changed", None])
def test_a_key_that_two_rows_have_is_refused(company: Company, cursor: str | None) -> None:
    for number in range(4):
        company.put(number, f"n{number}")
    table = {"name": "customers", "select": "SELECT 7 AS id, changed FROM customer", "key": ["id"]}
    with pytest.raises(SourceSchemaError, match="two rows have the same key"):
        read(company.connect(table | {"cursor": cursor}))


def test_a_deleted_mark_is_a_tombstone(company: Company) -> None:
    company.put(1, "there")
    company.put(2, "gone")
    company.run("UPDATE customer SET gone = (id = 2)")
    (page,) = read(company.connect(CUSTOMERS | {"deleted": "gone"}))
    assert [stone.key for stone in page.tombstones] == ["2"]
    assert keys([page]) == ["1"]


def test_keys_alone_tell_what_is_gone(company: Company) -> None:
    for number in range(1, 9):
        company.put(number, f"n{number}")
    company.run("DELETE FROM customer WHERE id = 4")
    pages = list(company.connect().keys("customers"))
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [key for page in pages for key in page] == ["1", "2", "3", "5", "6", "7", "8"]


def test_a_key_of_several_columns(company: Company) -> None:
    for number in range(1, 6):
        company.put(number, f"n{number}")
    select = "SELECT id / 3 AS a, 'x' || id AS b, changed FROM customer"
    table = {"name": "customers", "select": select, "key": ["a", "b"], "cursor": "changed"}
    pages = read(company.connect(table))
    assert keys(pages) == ['[0,"x1"]', '[0,"x2"]', '[1,"x3"]', '[1,"x4"]', '[1,"x5"]']
    assert keys(read(company.connect(table), pages[0].cursor)) == keys(pages[1:])


def test_a_number_as_cursor_waits_for_transactions_that_commit_late(company: Company) -> None:
    """The row with 5 is written first and committed last, as a slow transaction does."""
    company.run("CREATE TABLE log (id INTEGER PRIMARY KEY, seq INTEGER)")
    company.run("INSERT INTO log VALUES (1, 4)")
    table = {"name": "customers", "table": "log", "key": ["id"], "cursor": "seq"}
    connector = company.connect(table, settle_seconds=1)
    cursor = read(connector)[-1].cursor
    company.run("INSERT INTO log VALUES (3, 6)")
    late = threading.Timer(0.4, company.run, ["INSERT INTO log VALUES (2, 5)"])
    late.start()
    assert keys(read(connector, cursor)) == ["2", "3"]
    late.join()


def test_the_place_of_an_open_transaction_is_kept(company: Company) -> None:
    """PostgreSQL's now() is when the transaction began: its rows appear behind younger ones."""
    if company.kind != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    connector = company.connect(settle_seconds=2)
    with company.engine.begin() as slow:
        slow.execute(sa.text("INSERT INTO customer VALUES (1, 'slow', now())"))
        company.run("INSERT INTO customer VALUES (2, 'quick', now())")
        *_, page = read(connector)
    assert keys([page]) == []
    time.sleep(2.1)
    assert keys(read(connector, page.cursor)) == ["1", "2"]


def test_local_times_are_read_an_hour_back(company: Company) -> None:
    """The clocks go back: 02:40 comes twice, and the second is not behind the first."""
    company.run("ALTER TABLE customer ADD COLUMN local TIMESTAMP")
    company.run("INSERT INTO customer (id, local) VALUES (1, '2025-10-26 02:40:00')")
    table = CUSTOMERS | {"cursor": "local"}
    cursor = read(company.connect(table, timezone="Europe/Vienna"))[-1].cursor
    company.run("INSERT INTO customer (id, local) VALUES (2, '2025-10-26 02:10:00')")
    found = keys(read(company.connect(table, timezone="Europe/Vienna"), cursor))
    assert found == ["2", "1"]


def test_times_in_several_forms_are_refused(company: Company) -> None:
    select = "SELECT id, CASE id WHEN 1 THEN '2026-01-31 12:00:00' ELSE '2026-01-31T11:00:00' END"
    company.put(1, "a")
    company.put(2, "b")
    table = CUSTOMERS | {"table": None, "select": f"{select} AS changed FROM customer"}
    with pytest.raises(SourceSchemaError, match="several forms"):
        read(company.connect(table))


@pytest.mark.parametrize(
    "cursor",
    [{"after": 7}, {"after": [["odd", "1"]]}, {"after": [["int", "x"]]}, {"after": [], "nulls": 3}],
)
def test_a_foreign_cursor_has_expired(company: Company, cursor: dict[str, object]) -> None:
    with pytest.raises(CursorExpiredError):
        read(company.connect(), cursor)  # type: ignore[arg-type]  # foreign on purpose
