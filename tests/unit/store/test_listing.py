"""Lists by pages on each database: the whole in its order, whatever the size of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store import listing
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, reading, writing
from hub.store.delivery_desk import DeliveryFilter
from hub.store.listing import Page, Span
from hub.store.review import CaseFilter
from hub.store.tables import metadata
from tests.unit.store.filled import fill_store

Lister = Callable[[Connection, Span], Page]
_NUMBERS = count(10)
LISTS: dict[str, Lister] = {
    "review_case": lambda db, span: listing.case_page(db, CaseFilter("accepted"), span),
    "quarantine": lambda db, span: listing.quarantine_page(db, span, state="x"),
    "report_break": lambda db, span: listing.break_page(db, span, report=None, states=["x"]),
    "audit_entry": listing.audit_page,
    "delivery": lambda db, span: listing.delivery_page(db, DeliveryFilter(["superseded"]), span),
}


def copies(db: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Rows like this one; each two share their time, so that an order by time alone is none."""
    found = metadata.tables[table]
    for number in range(9):
        fresh: dict[str, Any] = {**row, "id": next(_NUMBERS)}
        if isinstance(found.c["id"].type, sa.Uuid):
            fresh["id"] = new_id()
        elif isinstance(found.c["id"].type, sa.Text):
            fresh["id"] = f"break{number}"
        later = timedelta(seconds=number // 2)
        fresh |= {n: row[n] + later for n in ("opened_at", "planned_at", "first_seen") if n in row}
        state = {"review_case": "accepted", "delivery": "superseded"}.get(table, "x")
        fresh |= {n: state for n in ("state",) if n in row}
        fresh |= {n: next(_NUMBERS) for n in ("seq",) if n in row}
        fresh |= {n: f"{n}{number}" for n in ("fingerprint",) if n in row}
        fresh |= {n: number % 3 - 1 for n in ("weight",) if n in row}
        db.execute(sa.insert(found).values(fresh))


@pytest.fixture
def filled(store: Engine) -> Engine:
    fill_store(store)
    with writing(store) as db:
        for name in (*LISTS, "record_delivery"):
            table = metadata.tables[name]
            row = db.execute(sa.select(table).limit(1)).mappings().one()
            copies(db, name, dict(row) | ({"state": "x"} if name == "record_delivery" else {}))
        whole = metadata.tables["record_delivery"]
        db.execute(whole.update().where(whole.c.state == "x").values(state="superseded"))
    return store


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_any_size_hold_the_whole(filled: Engine, name: str) -> None:
    read = LISTS[name]
    with reading(filled) as db:
        whole = read(db, Span(500))
        assert whole.after is None
        assert len(whole.rows) >= (18 if name == "delivery" else 9)
        for size in (1, 2, 5, len(whole.rows)):
            rows: list[Any] = []
            page = read(db, Span(size))
            while page.after is not None:
                rows += page.rows
                page = read(db, Span(size, page.after))
            assert [*rows, *page.rows] == whole.rows


def test_names_are_found_in_any_case_and_by_pages(filled: Engine) -> None:
    with reading(filled) as db:
        for text in ("", "%", "_", "\\"):
            whole = listing.name_page(db, text, Span(100)).rows
            rows: list[Any] = []
            page = listing.name_page(db, text, Span(1))
            while page.after is not None:
                rows += page.rows
                page = listing.name_page(db, text, Span(1, page.after))
            assert [*rows, *page.rows] == whole
