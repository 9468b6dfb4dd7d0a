"""Reconciliation: what is planted is found, nothing is invented, and a break has a life."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError
from hub.pipeline.break_desk import Word, break_view, speak
from hub.pipeline.reconcile import Request, reconcile
from hub.reports.catalogue import shipped_reports
from hub.reports.definition import ReportDefinition
from hub.reports.result import CheckResult, ReportPack
from hub.store.audit import new_act
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.figures import IN_FLIGHT, last_figures
from hub.store.tables import canonical_record, document
from tests.unit.pipeline.control_breaks import plant
from tests.unit.pipeline.control_world import CUT_OFF, Books, Row

Found = Counter[tuple[str, str, Decimal | None]]


def run(store: Engine) -> ReportPack:
    return reconcile(store, Request(company="Test", cut_off=CUT_OFF))


def found_in(pack: ReportPack) -> Found:
    return Counter(
        (result.definition.id, item.check.id, _amount(item.check.amount, line.row))
        for result in pack.results
        for item in result.checks
        for line in item.breaks
    )


def check_of(pack: ReportPack, report: str, check: str) -> CheckResult:
    (found,) = [
        item
        for result in pack.results
        if result.definition.id == report
        for item in result.checks
        if item.check.id == check
    ]
    return found


def put_account(store: Engine, *, balance: str, copied: str, changed: datetime) -> None:
    """An account of the ERP, and the copy that the CRM shows: canonical records 1 and 2."""
    books = Books()
    for key, amount in (("erp:account:1", balance), ("crm:copy:1", copied)):
        body: Row = {"party": {"type": "party", "key": "1"}, "ledger": "erp", "account_no": "A1"}
        body |= {"currency": "EUR", "ar_balance": amount, "updated_at": changed}
        books.put("account", key, body)
    books.store(store)


def set_copy(store: Engine, amount: str) -> None:
    where = document.c.canonical_id == 2
    with writing(store) as db:
        db.execute(sa.update(document).where(where).values(open_amount=Decimal(amount)))


def touch(store: Engine, changed: datetime) -> None:
    """The source says that the copy was changed."""
    where = canonical_record.c.id == 2
    with writing(store) as db:
        body = orjson.loads(db.scalar(sa.select(canonical_record.c.body).where(where)) or "{}")
        text = orjson.dumps(body | {"updated_at": changed}, option=orjson.OPT_UTC_Z).decode()
        db.execute(sa.update(canonical_record).where(where).values(body=text))


def _amount(name: str | None, row: object) -> Decimal | None:
    assert isinstance(row, dict)
    return row[name] if name else None


def test_three_hundred_planted_breaks_are_found_and_none_is_invented(store: Engine) -> None:
    books = Books()
    expected = plant(books, each=8, good=60)
    books.store(store)
    found = found_in(run(store))
    assert len(expected) >= 300
    assert found == Counter(expected)


def test_a_break_is_planted_for_every_check() -> None:
    planted = {(report, check) for report, check, _ in plant(Books(), each=1, good=0)}
    checks = {(r.id, check.id) for r in shipped_reports().values() for check in r.checks}
    assert planted == checks


def test_a_run_again_finds_the_same_and_changes_nothing(store: Engine) -> None:
    books = Books()
    plant(books, each=1, good=5)
    books.store(store)
    first, before = run(store), digest(store)
    again = run(store)
    assert (again.data_hash, digest(store)) == (first.data_hash, before)
    assert found_in(again) == found_in(first)


def test_what_changed_within_a_day_is_in_flight(store: Engine) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(hours=1))
    balance = check_of(run(store), "R5", "balance")
    assert (len(balance.breaks), balance.timing_count) == (0, 1)


def test_the_last_day_says_how_much_is_in_flight(store: Engine) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(hours=1))
    run(store)
    with reading(store) as db:
        assert last_figures(db, IN_FLIGHT)["R5"] == 1
    later = Request(company="Test", reports=["R5"], cut_off=CUT_OFF + timedelta(days=2))
    reconcile(store, later)
    with reading(store) as db:
        assert last_figures(db, IN_FLIGHT)["R5"] == 0


def test_a_known_break_stays_one_while_its_record_changes(store: Engine) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(days=3))
    assert len(check_of(run(store), "R5", "balance").breaks) == 1
    touch(store, CUT_OFF - timedelta(hours=1))
    balance = check_of(run(store), "R5", "balance")
    assert (len(balance.breaks), balance.timing_count) == (1, 0)


@pytest.mark.parametrize(("copied", "breaks"), [("100.01", 0), ("100.02", 1), ("99.99", 0)])
def test_a_difference_within_the_tolerance_is_none(store: Engine, copied: str, breaks: int) -> None:
    put_account(store, balance="100", copied=copied, changed=CUT_OFF - timedelta(days=3))
    balance = check_of(run(store), "R5", "balance")
    assert (len(balance.breaks), balance.compared) == (breaks, 1)
    assert balance.classes["identical"] == 1 - breaks


def test_a_break_closes_by_itself_and_comes_back_with_its_age(store: Engine) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(days=3))
    (first,) = check_of(run(store), "R5", "balance").lines
    speak(store, first.key, Word(kind="assign", act=new_act("eva", "mine"), owner="eva"))
    set_copy(store, "100")
    assert check_of(run(store), "R5", "balance").lines == []
    assert break_view(store, first.key).stored["state"] == "closed"
    set_copy(store, "80")
    (back,) = check_of(run(store), "R5", "balance").lines
    assert (back.key, back.first_seen, back.state) == (first.key, first.first_seen, "reopened")
    assert (back.owner, back.notes) == ("eva", 1)


@pytest.mark.parametrize("kind", ["explain", "close"])
def test_a_word_holds_as_long_as_the_figures(store: Engine, kind: str) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(days=3))
    (line,) = check_of(run(store), "R5", "balance").lines
    speak(store, line.key, Word(kind=kind, act=new_act("eva", "rounding"), cause="timing"))
    (same,) = check_of(run(store), "R5", "balance").lines
    assert (same.state, same.cause) == (
        {"explain": "explained", "close": "force_closed"}[kind],
        "timing",
    )
    set_copy(store, "80")
    (other,) = check_of(run(store), "R5", "balance").lines
    assert (other.state, other.first_seen) == ("reopened", line.first_seen)


def test_a_break_drills_down_to_the_raw_payloads(store: Engine) -> None:
    put_account(store, balance="100", copied="90", changed=CUT_OFF - timedelta(days=3))
    (line,) = check_of(run(store), "R5", "balance").lines
    view = break_view(store, line.key)
    assert [(one.connection, one.type, one.key) for one in view.sources] == [
        ("crm", "copy", "1"),
        ("erp", "account", "1"),
    ]
    assert all(one.payload == {"key": "1"} for one in view.sources)


def test_what_people_say_is_refused_where_it_explains_nothing(store: Engine) -> None:
    with pytest.raises(StoreError, match="no break"):
        break_view(store, "none")
    with pytest.raises(ConfigError, match="say why"):
        speak(store, "none", Word(kind="comment", act=new_act("eva", " ")))
    with pytest.raises(ConfigError, match="no cause"):
        speak(store, "none", Word(kind="explain", act=new_act("eva", "x"), cause="weather"))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT p.party_id FROM rpt_party_v1 p, source_record s",
        "SELECT p.party_id FROM rpt_party_v1 p, source_record s WHERE s.source_key <> ''",
        "SELECT p.party_id, (SELECT COUNT(*) FROM/**/token) AS n FROM rpt_party_v1 p",
        "SELECT p.party_id FROM rpt_party_v1 p, rpt_golden_v1 g",
    ],
)
def test_the_database_itself_lets_reports_read_the_views_alone(store: Engine, query: str) -> None:
    table = {"id": "t", "title": "T", "sql": query, "columns": {"party_id": "Party"}}
    own = {"id": "OWN", "title": "Own", "question": "?", "tables": [table]}
    known = {"OWN": ReportDefinition.model_validate(own)}
    with pytest.raises(ConfigError, match=r"report OWN, t.*only the views rpt_"):
        reconcile(store, Request(company="Test", known=known))
