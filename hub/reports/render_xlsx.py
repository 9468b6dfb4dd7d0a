"""All reports of a run as a workbook: a summary, and a sheet for each check and table.

XlsxWriter is told to take no text for a formula, a link or a number; formulas and links are those
written here. Totals are formulas over the sheets, with their values beside them for readers that
do not calculate (https://xlsxwriter.readthedocs.io/working_with_formulas.html).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from hub.reports.cells import cause_text, clean, is_number
from hub.reports.render_csv import FIGURE
from hub.reports.result import CheckResult, Line, ReportPack, ReportResult, Row, headings

_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
_LIFE: Final = ("Class", "Standing", "State", "Cause", "Owner", "First seen", "Break")
_TOP: Final = 4
_MOST: Final = 1_048_000
_LONGEST: Final = 32_000
_EXACT: Final = Decimal(10) ** 11
"""A number in a workbook has 15 digits: a larger amount with four decimals would be rounded."""
_FORMATS: Final[Mapping[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 16, "font_color": "#1d2733"},
    "soft": {"font_color": "#5d6b7a"},
    "head": {"bold": True, "bg_color": "#eef2f6", "bottom": 2, "bottom_color": "#9fb0c0"},
    "number": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00"},
    "date": {"num_format": "yyyy-mm-dd hh:mm"},
    "link": {"font_color": "#0b5cad", "underline": 1},
    "sum": {"bold": True, "top": 1, "num_format": "#,##0"},
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a check stands in the workbook: its sheet and the columns that totals read."""

    sheet: str
    standing: str
    amount: str | None
    currency: str | None
    last: int

    def span(self, column: str) -> str:
        """A column's cells below the heading."""
        return f"'{self.sheet}'!${column}${_TOP + 1}:${column}${max(self.last, _TOP + 1)}"


def render_xlsx(pack: ReportPack) -> bytes:
    """The workbook as a file's bytes."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    writer = _Writer(book, {name: book.add_format(style) for name, style in _FORMATS.items()})
    summary = book.add_worksheet("Summary")
    for result in pack.results:
        writer.add_report(result)
    if pack.history:
        writer.add_trend(pack)
    writer.fill_summary(summary, pack)
    book.set_properties({"title": f"Reconciliation · {clean(pack.company)}"})
    book.close()
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, formats: Mapping[str, Any]) -> None:
        self._book = book
        self._formats = formats
        self._places: dict[tuple[str, str], _Place] = {}
        self._names: set[str] = set()

    def add_report(self, result: ReportResult) -> None:
        """A sheet for each check and each table of a report."""
        report = result.definition.id
        for item in result.checks:
            columns = headings(item.check, [line.row for line in item.lines])
            sheet = self._sheet(report, item.check.id, item.check.title)
            rows = [[*_cells(columns, line.row), *_life(line)] for line in item.lines[:_MOST]]
            self._fill(sheet, [*columns.values(), *_LIFE], rows)
            self._places[report, item.check.id] = _place(sheet, item, list(columns), len(rows))
        for table in result.tables:
            sheet = self._sheet(report, table.table.id, table.table.title)
            down = [FIGURE] if table.table.behind else []
            rows = [
                [*_cells(table.table.columns, row), *([key] if down else [])]
                for row, key in zip(table.rows[:_MOST], table.keys, strict=False)
            ]
            self._fill(sheet, [*table.table.columns.values(), *down], rows)

    def add_trend(self, pack: ReportPack) -> None:
        """How many breaks each report had on each day, as a table and as lines."""
        days = sorted({day for counts in pack.history.values() for day, _ in counts})
        reports = [
            item.definition.id for item in pack.results if item.definition.id in pack.history
        ]
        counts = {name: dict(pack.history[name]) for name in reports}
        sheet = self._sheet("Trend", "by day", "Breaks")
        rows = [
            [datetime.combine(day, time()), *(counts[name].get(day) for name in reports)]
            for day in days
        ]
        self._fill(sheet, ["Day", *reports], rows)
        chart = self._book.add_chart({"type": "line"})
        first, last, name = _TOP, _TOP + len(days) - 1, sheet.get_name()
        for column, report in enumerate(reports, 1):
            chart.add_series(
                {
                    "name": report,
                    "categories": [name, first, 0, last, 0],
                    "values": [name, first, column, last, column],
                }
            )
        sheet.insert_chart(_TOP, len(reports) + 2, chart, {"x_scale": 1.6, "y_scale": 1.4})

    def fill_summary(self, sheet: Any, pack: ReportPack) -> None:
        """One line for each check, with its totals by formula."""
        self._head(sheet, f"{clean(pack.about) or 'Reconciliation'} · {clean(pack.company)}")
        made = f"{pack.made_at:%Y-%m-%d %H:%M} UTC · {pack.program}"
        sheet.write_string(1, 0, f"Cut-off {pack.cut_off:%Y-%m-%d %H:%M} UTC · made {made}")
        sheet.write_string(2, 0, f"Data {pack.data_hash} · rules {pack.rules_hash}")
        names = ("Report", "Check", "Title", "Lines", "Breaks", "Timing", "Currency", "At stake")
        for column, name in enumerate(names):
            sheet.write_string(_TOP - 1, column, name, self._formats["head"])
        row = _TOP
        for result in pack.results:
            for item in result.checks:
                row = self._summarise(sheet, row, result.definition.id, item)
        self._total(sheet, row, pack)
        sheet.freeze_panes(_TOP, 0)
        if row > _TOP:
            sheet.autofilter(_TOP - 1, 0, row - 1, len(names) - 1)
        for column, width in enumerate((10, 18, 52, 9, 9, 9, 10, 18)):
            sheet.set_column(column, column, width)

    def _summarise(self, sheet: Any, row: int, report: str, item: CheckResult) -> int:
        """A row for each currency of a check; counts stand in the first of them."""
        place = self._places[report, item.check.id]
        link = f"internal:'{place.sheet}'!A1"
        sheet.write_url(row, 0, link, self._formats["link"], report)
        sheet.write_string(row, 1, item.check.id)
        sheet.write_string(row, 2, clean(item.check.title))
        sheet.write_number(row, 3, len(item.lines), self._formats["number"])
        for column, standing, value in (
            (4, "break", len(item.breaks)),
            (5, "timing", item.timing_count),
        ):
            formula = f'=COUNTIF({place.span(place.standing)},"{standing}")'
            sheet.write_formula(row, column, formula, self._formats["number"], value)
        for place_in, (currency, amount) in enumerate(item.at_stake.items()):
            sheet.write_string(row + place_in, 6, clean(currency))
            if place.amount and place.currency:
                formula, money = _stake(place, row + place_in), self._formats["money"]
                sheet.write_formula(row + place_in, 7, formula, money, float(amount))
        return row + max(len(item.at_stake), 1)

    def _total(self, sheet: Any, row: int, pack: ReportPack) -> None:
        style = self._formats["sum"]
        sheet.write_string(row, 2, "Total", style)
        timing = sum(result.timing_count for result in pack.results)
        breaks = sum(result.break_count for result in pack.results)
        for column, value in ((3, breaks + timing), (4, breaks), (5, timing)):
            letter = _letter(column)
            formula = f"=SUM({letter}{_TOP + 1}:{letter}{max(row, _TOP + 1)})"
            sheet.write_formula(row, column, formula, style, value)

    def _sheet(self, report: str, part: str, title: str) -> Any:
        name = f"{report} {part}"[:31]
        while name.lower() in self._names:
            name = f"{name[:28]}~{len(self._names)}"[:31]
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        self._head(sheet, f"{report} · {clean(title)}")
        sheet.write_url(1, 0, "internal:'Summary'!A1", self._formats["link"], "back to the summary")
        return sheet

    def _head(self, sheet: Any, title: str) -> None:
        sheet.write_string(0, 0, title, self._formats["title"])
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_TOP - 1)
        sheet.set_footer("&L&A&RPage &P of &N")

    def _fill(self, sheet: Any, heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        for column, name in enumerate(heading):
            sheet.write_string(_TOP - 1, column, clean(name), self._formats["head"])
            texts = [len(clean(row[column])) for row in rows[:200]]
            sheet.set_column(column, column, min(max([len(name) + 3, *texts]) + 1, 60))
        for place, row in enumerate(rows, _TOP):
            for column, value in enumerate(row):
                self._write(sheet, place, column, value)
        sheet.freeze_panes(_TOP, 1)
        sheet.autofilter(_TOP - 1, 0, max(_TOP + len(rows) - 1, _TOP), len(heading) - 1)

    def _write(self, sheet: Any, row: int, column: int, value: Any) -> None:
        if value is None or value == "":
            return
        if is_number(value) and _fits(Decimal(value), money=isinstance(value, Decimal)):
            style = "money" if isinstance(value, Decimal) else "number"
            sheet.write_number(row, column, float(value), self._formats[style])
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value, self._formats["date"])
        else:
            sheet.write_string(row, column, clean(value)[:_LONGEST])


def _cells(columns: Mapping[str, str], row: Row) -> list[Any]:
    return [_dated(row.get(name)) for name in columns]


def _dated(value: Any) -> Any:
    """A moment as the views write it becomes a native date."""
    if isinstance(value, str) and len(value) == 20 and value[10] == "T" and value[-1] == "Z":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _life(line: Line) -> list[Any]:
    standing = "timing" if line.timing else "break"
    cause = cause_text(line.cause)
    key = "" if line.timing else line.key
    return [line.row_class, standing, line.state, cause, line.owner, line.first_seen, key]


def _place(sheet: Any, item: CheckResult, columns: list[str], rows: int) -> _Place:
    amount, currency = item.check.amount, "currency"
    return _Place(
        sheet=sheet.get_name(),
        standing=_letter(len(columns) + _LIFE.index("Standing")),
        amount=_letter(columns.index(amount)) if amount in columns else None,
        currency=_letter(columns.index(currency)) if currency in columns else None,
        last=_TOP + rows,
    )


def _stake(place: _Place, row: int) -> str:
    """Σ |amount| of the breaks in the currency that stands beside."""
    assert place.amount is not None
    assert place.currency is not None
    amounts = place.span(place.amount)
    chosen = (
        f'{amounts},{place.span(place.currency)},G{row + 1},{place.span(place.standing)},"break"'
    )
    return f'=SUMIFS({chosen},{amounts},">0")-SUMIFS({chosen},{amounts},"<0")'


def _fits(value: Decimal, *, money: bool) -> bool:
    return abs(value) < (_EXACT if money else _EXACT * 10_000)


def _letter(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))
