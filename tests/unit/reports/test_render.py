"""Reports as files: exact numbers, nothing that runs, nothing that phones home."""

from __future__ import annotations

import csv
import hashlib
import io
from base64 import b64encode
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from lxml import html as parser

from hub.reports.catalogue import shipped_reports
from hub.reports.cells import clean
from hub.reports.render_csv import harmless, render_csv
from hub.reports.render_html import render_html
from hub.reports.render_xlsx import render_xlsx
from tests.unit.reports.made import HOSTILE, line, pack_of, result_of, totals_of


def csv_rows(*lines: Any) -> list[dict[str, str]]:
    text = render_csv(result_of(*lines))["R2_no_party.csv"]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def book_of(*lines: Any) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(pack_of(result_of(*lines)))))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_file_becomes_a_formula(text: str) -> None:
    (row,) = csv_rows(line(text))
    assert row["Ledger"].lstrip("'")[:1] != "" or not clean(text)
    assert row["Ledger"][0] not in "=+-@\t\r\n|%"
    assert not set(row["Ledger"]) & set("\x00\x07\x1b")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_workbook_becomes_a_formula_or_a_link(text: str) -> None:
    sheet = book_of(line(text))["R2 no_party"]
    cells = [cell for row in sheet.iter_rows(min_row=5) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    assert sum(cell.value == clean(text) for cell in cells if cell.value) >= 5


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_text_on_the_page(text: str) -> None:
    tree = parser.fromstring(render_html(pack_of(result_of(line(text)))))
    assert tree.xpath("//img | //iframe | //*[@onerror] | //section//h1") == []
    assert len(tree.xpath("//script")) == 1
    shown = [cell.text_content() for cell in tree.xpath("//section//td")]
    assert any(clean(text).strip()[:12] in cell for cell in shown)


@pytest.mark.parametrize("amount", ["-12.5000", "0.0001", "99999999999999.9999"])
def test_numbers_stay_exact_numbers(amount: str) -> None:
    (row,) = csv_rows(line("A", amount))
    assert Decimal(row["Balance"]) == Decimal(amount)
    assert (harmless(-5), harmless("-5.25")) == ("-5", "-5.25")


@pytest.mark.parametrize("amount", ["-12.5000", "0.0100", "99999999.9900"])
def test_numbers_of_a_workbook_are_numbers(amount: str) -> None:
    sheet = book_of(line("A", amount))["R2 no_party"]
    headings = [cell.value for cell in sheet[4]]
    cell = sheet[5][headings.index("Balance")]
    assert (cell.data_type, Decimal(str(cell.value))) == ("n", Decimal(amount))


def test_an_amount_that_a_workbook_would_round_is_text() -> None:
    sheet = book_of(line("A", "99999999999999.9999"))["R2 no_party"]
    values = [cell.value for cell in sheet[5]]
    assert "99999999999999.9999" in values


def test_the_page_asks_nobody_and_runs_its_own_script_alone() -> None:
    tree = parser.fromstring(render_html(pack_of(result_of(line("A")))))
    (script,) = tree.xpath("//script")
    digest = b64encode(hashlib.sha256(script.text_content().encode()).digest()).decode()
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert tree.xpath("//@src") == []
    assert all(link.startswith("#") for link in tree.xpath("//@href"))


def test_an_empty_report_says_that_both_sides_agree() -> None:
    page = render_html(pack_of(result_of(), totals_of()))
    checks = shipped_reports()["R10"].checks
    found = [page.count(said) for said in ("Nothing found.", "two sides agree in all 3 pairs")]
    assert found == [1, len(checks)]


def test_totals_agree_in_all_forms() -> None:
    lines = [line("A", "-0.1000"), line("B", "1234.5600"), line("C", "9.0000", timing=True)]
    pack = pack_of(result_of(*lines))
    assert pack.results[0].at_stake == {"EUR": Decimal("1234.6600")}
    page = parser.fromstring(render_html(pack)).xpath("//table[@class='summary']//tr")[1]
    assert [cell.text_content().strip() for cell in page][2:] == ["2", "1", "1,234.66 EUR"]
    rows = [row for row in csv_rows(*lines) if row["Standing"] == "break"]
    assert sum(abs(Decimal(row["Balance"])) for row in rows) == Decimal("1234.66")


def test_a_line_in_flight_has_no_life() -> None:
    first, second = csv_rows(line("A"), line("B", timing=True))
    assert (first["Standing"], second["Standing"], second["Break"]) == ("break", "timing", "")
