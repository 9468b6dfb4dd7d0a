"""Sign-off: two people, held by the store; what is posted into the period later voids it."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError
from hub.pipeline.reconcile import Request, reconcile
from hub.pipeline.sign_off import approve, end_of, prepare, void_changed
from hub.store.audit import Act, verify_trail
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.sign_offs import all_sign_offs
from hub.store.tables import sign_off
from tests.unit.pipeline.control_world import Books

PERIOD = "2026-09"


def by(actor: str) -> Act:
    return Act(actor, "month end", new_id())


def post(books: Books, key: str, gross: str, *, on: date) -> None:
    amounts = {"net": gross, "tax": "0", "gross": gross, "open_amount": gross}
    body = {"number": key, "date": on, "status": "open", "currency": "EUR", **amounts}
    books.put("invoice", f"erp:invoice:{key}", body)


def signed(store: Engine, books: Books) -> None:
    books.store(store)
    books.rows.clear()
    pack = reconcile(store, Request(company="T", cut_off=end_of(PERIOD)))
    prepare(store, PERIOD, pack, by("paula"))
    approve(store, PERIOD, by("anton"))


def test_a_late_credit_note_voids_the_sign_off_and_says_why(store: Engine) -> None:
    books = Books()
    post(books, "1", "100", on=date(2026, 9, 10))
    signed(store, books)
    post(books, "2", "-40", on=date(2026, 9, 30))
    books.store(store)
    reason = void_changed(store, new_id())[PERIOD]
    assert reason == ("erp invoice 2026-09 EUR: 1 documents, now 2; gross 100.0000, now 60.0000")
    with reading(store) as db:
        (row,) = all_sign_offs(db)
        assert (row["void_reason"], verify_trail(db).broken) == (reason, None)


def test_what_is_posted_into_the_next_period_changes_nothing(store: Engine) -> None:
    books = Books()
    post(books, "1", "100", on=date(2026, 9, 10))
    signed(store, books)
    post(books, "2", "40", on=date(2026, 10, 1))
    books.store(store)
    assert void_changed(store, new_id()) == {}


def test_nobody_signs_what_he_prepared(store: Engine) -> None:
    pack = reconcile(store, Request(company="T", cut_off=end_of(PERIOD)))
    prepare(store, PERIOD, pack, by("paula"))
    with pytest.raises(StoreError, match="another person"):
        approve(store, PERIOD, by("paula"))
    with pytest.raises(StoreError), writing(store) as db:
        db.execute(sa.update(sign_off).values(approved_by="paula"))
    with pytest.raises(StoreError, match="already"):
        prepare(store, PERIOD, pack, by("anton"))


@pytest.mark.parametrize("period", ["2026", "2026-13", "2999-01", "x"])
def test_a_period_is_a_month_that_is_over(period: str) -> None:
    with pytest.raises(ConfigError):
        end_of(period)
