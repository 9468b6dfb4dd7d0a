"""Trends: a small line beside each report that has several days, and a sheet with all of them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
from lxml import html as parser

from hub.reports.render_html import render_html
from hub.reports.render_xlsx import render_xlsx
from tests.unit.reports.made import line, pack_of, result_of, totals_of

DAYS = [(date(2026, 10, 1), 4), (date(2026, 10, 3), 0), (date(2026, 10, 5), 2)]
PACK = replace(
    pack_of(result_of(line("A")), totals_of()), history={"R2": DAYS, "R10": DAYS[:1], "OLD": DAYS}
)


def _cell(day: int) -> datetime:
    """A day as a workbook has it: without a zone."""
    return datetime(2026, 10, day, tzinfo=UTC).replace(tzinfo=None)


def test_a_line_is_drawn_for_reports_of_several_days() -> None:
    tree = parser.fromstring(render_html(PACK))
    (drawn,) = tree.xpath("//polyline/@points")
    assert drawn == "0.0,0.0 30.0,14.0 60.0,7.0"
    assert tree.xpath("//svg[@class='spark']/title/text()") == ["4 on 2026-10-01, 2 on 2026-10-05"]


def test_a_pack_without_days_has_no_column_for_them() -> None:
    tree = parser.fromstring(render_html(pack_of(result_of(line("A")))))
    assert "Trend" not in tree.xpath("//th/text()")


def test_the_workbook_has_the_days_of_the_reports_in_the_pack() -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(PACK)))
    rows = list(book["Trend by day"].iter_rows(min_row=4, values_only=True))
    assert rows[0] == ("Day", "R2", "R10")
    assert rows[1:] == [
        (_cell(1), 4, 4),
        (_cell(3), 0, None),
        (_cell(5), 2, None),
    ]
