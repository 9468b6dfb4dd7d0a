"""Reports as files: exact numbers, nothing that runs, nothing that phones home."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import html as parser

from hub.reports.definitions import R2, R10, ReportDefinition
from hub.reports.render_csv import harmless, render_csv
from hub.reports.render_html import render_html
from hub.reports.result import ReportPack, ReportResult, break_id, is_break

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOSTILE = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\x00=1+1",
    " =1+1",
    "|calc",
    "%0A=1",
    '=HYPERLINK("http://x.example","y")',
]
SCRIPTS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"]


def account(name: str, balance: str = "10.0000") -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(R2.columns)
    return row | {
        "display_name": name,
        "balance": Decimal(balance),
        "currency": "EUR",
        "active": 1,
        "connection": "erp",
        "type": "party.party",
        "source_key": name,
    }


def result_of(definition: ReportDefinition, rows: list[dict[str, Any]]) -> ReportResult:
    breaks = [break_id(definition, row) for row in rows if is_break(definition, row)]
    return ReportResult(
        definition=definition, rows=rows, breaks=breaks, first_seen=dict.fromkeys(breaks, NOW)
    )


def page_of(*results: ReportResult) -> str:
    pack = ReportPack(company="Test", made_at=NOW, cut_off=NOW, data_hash="d" * 32, results=results)
    return render_html(pack)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_becomes_a_formula(text: str) -> None:
    rendered = render_csv(result_of(R2, [account(text)]))
    row = next(csv.DictReader(io.StringIO(rendered)))
    assert row["Name"].startswith("'")
    assert "\x00" not in row["Name"]


@pytest.mark.parametrize("amount", ["-12.5000", "0.0001", "99999999999999.9999"])
def test_numbers_stay_exact_numbers(amount: str) -> None:
    row = next(csv.DictReader(io.StringIO(render_csv(result_of(R2, [account("A", amount)])))))
    assert Decimal(row["Balance"]) == Decimal(amount)
    assert harmless(-5) == "-5"
    assert harmless("-5.25") == "-5.25"


@pytest.mark.parametrize("text", SCRIPTS + HOSTILE)
def test_a_value_is_text_on_the_page(text: str) -> None:
    page = page_of(result_of(R2, [account(text)]))
    tree = parser.fromstring(page)
    assert tree.xpath("//script | //img | //iframe | //*[@onerror]") == []
    shown = [cell.text_content() for cell in tree.xpath("//section//td")]
    assert any(text.strip("\x00\r\t ")[:20] in cell for cell in shown)


def test_the_page_asks_nobody_for_anything() -> None:
    tree = parser.fromstring(page_of(result_of(R2, [account("A")])))
    assert tree.xpath("//@src") == []
    assert all(link.startswith("#") for link in tree.xpath("//@href"))


def test_an_empty_report_says_that_both_sides_agree() -> None:
    assert "the two sides agree" in page_of(result_of(R2, []))


def test_a_total_is_a_break_only_where_it_does_not_add_up() -> None:
    good: dict[str, Any] = dict.fromkeys(R10.columns, 0)
    assert not is_break(R10, good)
    assert is_break(R10, good | {"unbalanced": 2})


def test_a_break_keeps_its_identity() -> None:
    first, again = account("A", "1.0000"), account("A", "2.0000")
    assert break_id(R2, first) == break_id(R2, again)
    assert break_id(R2, first) != break_id(R2, account("B"))
