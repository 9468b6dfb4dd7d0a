"""Every figure leads down: to records with their raw payloads, to customers, or to breaks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.errors import ConfigError, StoreError
from hub.pipeline.break_desk import break_view
from hub.pipeline.figure_desk import SHOWN, figure_view, figures_of, source_by_id, source_of
from hub.pipeline.reconcile import Request, reconcile
from hub.reports.catalogue import read_definition, shipped_reports
from hub.reports.result import ReportPack, TableResult
from hub.store.database import Engine
from tests.unit.pipeline.control_breaks import plant
from tests.unit.pipeline.control_world import CUT_OFF, LONG_AGO, Books, Row

EVASIONS = (
    "SELECT 'erp' AS connection, payload AS number FROM rpt_party_v1, raw_version",
    "SELECT 'erp' AS connection, number FROM (SELECT payload AS number FROM/**/raw_version) r",
)


@pytest.fixture(name="pack")
def _pack(store: Engine) -> ReportPack:
    books = Books()
    plant(books, each=2, good=6)
    books.store(store)
    return reconcile(store, Request(company="T", cut_off=CUT_OFF))


def tables_of(pack: ReportPack) -> list[TableResult]:
    return [table for result in pack.results for table in result.tables if table.rows]


def test_every_table_leads_down(store: Engine, pack: ReportPack) -> None:
    """But for what the planted systems say they have: those streams hold no records here."""
    known = shipped_reports()
    for table in tables_of(pack):
        if table.table.id == "asked":
            continue
        for key, row in list(zip(table.keys, table.rows, strict=True))[:5]:
            view = figure_view(store, known, key)
            assert view.rows or row.get("records") == 0, (table.report, table.table.id, row)
            for found in view.rows:
                named = found.get("record_id") or found.get("party_id") or found.get("break_id")
                assert named, (table.report, table.table.id)


def test_a_control_total_is_the_sum_of_what_is_behind_it(store: Engine, pack: ReportPack) -> None:
    (totals,) = [t for t in tables_of(pack) if (t.report, t.table.id) == ("R10", "totals")]
    for key, row in zip(totals.keys, totals.rows, strict=True):
        view = figure_view(store, shipped_reports(), key)
        assert len(view.rows) == row["documents"] < SHOWN
        assert not view.cut
        for name in ("net", "gross", "open_amount"):
            known = [found[name] for found in view.rows if found[name] is not None]
            assert sum(known, Decimal(0)) == (row[name] or 0)


def test_a_record_behind_shows_its_raw_payload(store: Engine, pack: ReportPack) -> None:
    line = figures_of(store, "R10", "totals", 1)[0]
    row = figure_view(store, shipped_reports(), line.id, 1).rows[0]
    source = source_by_id(store, row["record_id"])
    assert (source.connection, source.type, source.key) == (
        row["connection"],
        row["type"],
        row["source_key"],
    )
    assert source == source_of(store, f"{source.connection}:{source.type}:{source.key}")
    assert source.payload


def test_a_sum_that_breaks_shows_its_items(store: Engine, pack: ReportPack) -> None:
    seen = 0
    for result in pack.results:
        for item in result.checks:
            if item.check.behind and item.check.id in ("open_items", "several", "neglected"):
                for line in item.breaks:
                    view = break_view(store, line.key)
                    assert all(row["record_id"] for row in view.rows)
                    seen += bool(view.rows)
    assert seen >= 3


@pytest.mark.parametrize("query", EVASIONS)
def test_behind_reads_nothing_but_views(store: Engine, query: str) -> None:
    line = {"id": "t", "title": "T", "columns": {"connection": "C"}, "subject": ["connection"]}
    line |= {"sql": "SELECT connection FROM rpt_stream_v1", "behind": query}
    books = Books()
    books.source("erp:party:1")
    books.store(store)
    own = read_definition({"id": "OWN", "title": "O", "question": "?", "tables": [line]}, "own")
    reconcile(store, Request(company="T", cut_off=CUT_OFF, known={"OWN": own}))
    (kept,) = figures_of(store, "OWN", None, 5)
    with pytest.raises(ConfigError, match=r"raw_version|not authorized|prohibited"):
        figure_view(store, {"OWN": own}, kept.id)


def test_what_there_is_not_is_said(store: Engine, pack: ReportPack) -> None:
    with pytest.raises(StoreError, match="no figure"):
        figure_view(store, shipped_reports(), "none")
    with pytest.raises(StoreError, match="CONNECTION:TYPE:KEY"):
        source_of(store, "erp:nothing")
    with pytest.raises(StoreError, match="no such source record"):
        source_by_id(store, 10_000_000)


def account(books: Books, key: str, currency: str | None, *, ledger: str, balance: str) -> None:
    body: Row = {"party": {"type": "party", "key": "1"}, "ledger": ledger, "account_no": "A1"}
    body |= {"currency": currency, "ar_balance": balance, "updated_at": LONG_AGO}
    books.put("account", f"{ledger}:account:{key}", body)


def invoice(books: Books, key: str, account_key: str, currency: str, *, ledger: str) -> None:
    body: Row = {"kind": "invoice", "number": key, "date": "2026-10-01", "status": "open"}
    body |= {"status_raw": "o", "currency": currency, "net": "100", "tax": "0", "gross": "100"}
    body |= {"open_amount": "100", "party": {"type": "party", "key": "1"}}
    body |= {"account": {"type": "account", "key": account_key}}
    books.put("invoice", f"{ledger}:invoice:{key}", body)


def test_ledgers_and_currencies_are_kept_apart(store: Engine) -> None:
    """The same number in two ledgers, and a currency of its own for an account, are no breaks."""
    books = Books()
    account(books, "1", "EUR", ledger="erp", balance="100")
    account(books, "2", "USD", ledger="erp", balance="250")
    account(books, "1", "EUR", ledger="branch", balance="100")
    account(books, "3", "EUR", ledger="branch", balance="999")
    invoice(books, "i1", "1", "EUR", ledger="erp")
    invoice(books, "i2", "2", "USD", ledger="erp")
    invoice(books, "i3", "1", "EUR", ledger="branch")
    for key, currency in (("i4", "EUR"), ("i5", "CHF")):
        invoice(books, key, "3", currency, ledger="branch")
    books.store(store)
    pack = reconcile(store, Request(company="T", cut_off=CUT_OFF, reports=["R7"]))
    (result,) = pack.results
    (items,) = [item for item in result.checks if item.check.id == "open_items"]
    ((line,), (foreign,)) = (items.breaks, result.tables)
    assert (line.row["source_key"], line.row["difference"]) == ("2", Decimal(-150))
    assert items.compared == 3
    shown = [(row["source_key"], row["currency"], row["open_amount"]) for row in foreign.rows]
    assert shown == [("3", "CHF", Decimal(100)), ("3", "EUR", Decimal(100))]
    view = figure_view(store, shipped_reports(), foreign.keys[0])
    assert [row["other_key"] for row in view.rows] == ["i5"]


def test_a_difference_in_flight_leads_down_too(store: Engine) -> None:
    books = Books()
    for key, amount in (("erp:account:1", "100"), ("crm:copy:1", "90")):
        body: Row = {"party": {"type": "party", "key": "1"}, "ledger": "erp", "account_no": "A1"}
        body |= {"currency": "EUR", "ar_balance": amount, "updated_at": CUT_OFF}
        books.put("account", key, body)
    books.store(store)
    pack = reconcile(store, Request(company="T", cut_off=CUT_OFF, reports=["R5"]))
    (line,) = [line for item in pack.results[0].checks for line in item.lines]
    assert line.timing
    view = figure_view(store, shipped_reports(), line.key)
    assert [row["connection"] for row in view.rows] == ["crm", "erp"]
    assert all(source_by_id(store, row["record_id"]).payload for row in view.rows)
