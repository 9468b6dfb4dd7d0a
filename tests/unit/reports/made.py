"""Packs of reports made by hand, for the tests of the forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.reports.catalogue import shipped_reports
from hub.reports.result import CheckResult, Line, ReportPack, ReportResult, TableResult, break_id

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOSTILE = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    " =1+1",
    "|calc",
    "%0A=1",
    '=HYPERLINK("http://x.example","y")',
    "=cmd|'/C calc'!A0",
    "{=1+1}",
    '=DDE("cmd";"/C calc";"x")',
    "\uff1d1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "http://x.example/",
    "https://x.example/?a=b",
    "mailto:a@x.example",
    "file:///etc/passwd",
    "internal:'Summary'!A1",
    "external:c:\\x.xlsx",
    "</td></tr></table><h1>x",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "&lt;b&gt;&amp;",
    "_x000D_x_x0041_",
    "a\x1b[31mb\x07",
    "' OR 1=1 --",
]
"""Formulas, links, scripts, markup, templates, escapes: none may be more than text in any form."""

KEY = "005Nl0000000003IAA"


def line(name: str, balance: str = "10.0000", *, timing: bool = False) -> Line:
    """A line of R2, with a text in every column that can hold one."""
    check = shipped_reports()["R2"].checks[0]
    row: dict[str, Any] = {**dict.fromkeys(check.columns, name), "currency": "EUR"}
    row |= {"balance": Decimal(balance), "customer": name}
    return Line(
        key=break_id("R2", check, row),
        row=row,
        row_class="only_right",
        timing=timing,
        first_seen=None if timing else NOW,
        state="" if timing else "open",
        cause="missing",
        owner=name,
    )


def result_of(*lines: Line) -> ReportResult:
    definition = shipped_reports()["R2"]
    check = CheckResult(check=definition.checks[0], lines=lines)
    return ReportResult(definition=definition, checks=[check], tables=[])


def long_keys(report: str) -> ReportResult:
    """A report with a line in each check and table whose every text is a key of 18 letters."""
    definition = shipped_reports()[report]
    checks = []
    for check in definition.checks:
        row: dict[str, Any] = {**dict.fromkeys([*check.subject, *check.columns], KEY)}
        row |= {name: Decimal("1234567.8900") for name in (check.amount,) if name in row}
        key = break_id(report, check, row)
        held = Line(key=key, row=row, row_class="modified", timing=False, first_seen=NOW)
        checks.append(CheckResult(check=check, lines=[replace(held, state="open", owner="it")]))
    tables = [
        TableResult(table=table, rows=[dict.fromkeys([*table.subject, *table.columns], KEY)])
        for table in definition.tables
    ]
    return ReportResult(definition=definition, checks=checks, tables=tables)


def totals_of(*rows: dict[str, Any]) -> ReportResult:
    """R10 with a table and no break."""
    definition = shipped_reports()["R10"]
    checks = [CheckResult(check=check, lines=[], compared=3) for check in definition.checks]
    tables = [TableResult(table=definition.tables[0], rows=rows)]
    return ReportResult(definition=definition, checks=checks, tables=tables)


def pack_of(*results: ReportResult) -> ReportPack:
    return ReportPack(
        company="Test",
        made_at=NOW,
        cut_off=NOW,
        data_hash="d" * 32,
        rules_hash="e" * 32,
        program="customer-hub 0",
        results=results,
    )
