"""Each check and table as CSV for machines: exact numbers, no cell that a spreadsheet executes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from hub.reports.cells import clean
from hub.reports.result import CheckResult, Line, ReportResult, TableResult, headings

_FORMULA: Final = re.compile(r"^[\s\x00]*[=+\-@\t\r|%]|^[\t\r\n\x00]")
_NUMBER: Final = re.compile(r"^-?\d+(\.\d+)?$")
LIFE: Final = ("Class", "Standing", "State", "Cause", "Owner", "First seen", "Break")
"""The columns after those of the check: a timing difference has no life."""


FIGURE: Final = "Figure"
"""The column of a table whose id leads down to the records (`hub figure show`)."""


def render_csv(result: ReportResult) -> dict[str, str]:
    """The files of a report, by their names; UTF-8 with a heading line (RFC 4180)."""
    report = result.definition.id
    checks = {f"{report}_{item.check.id}.csv": _check(item) for item in result.checks}
    return checks | {f"{report}_{item.table.id}.csv": _table(item) for item in result.tables}


def harmless(value: Any) -> str:
    """A cell's text; one that a spreadsheet could run gets an apostrophe (OWASP, CSV injection).

    Numbers stay numbers, negative ones too.
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + clean(text)
    return clean(text)


def _check(item: CheckResult) -> str:
    columns = headings(item.check, [line.row for line in item.lines])
    rows = ([*(line.row.get(name) for name in columns), *_life(line)] for line in item.lines)
    return _written([*columns.values(), *LIFE], rows)


def _life(line: Line) -> Iterator[Any]:
    yield line.row_class
    yield "timing" if line.timing else "break"
    yield from (line.state, line.cause, line.owner)
    yield line.first_seen.isoformat() if line.first_seen else ""
    yield "" if line.timing else line.key


def _table(item: TableResult) -> str:
    columns = item.table.columns
    rows = ([row[name] for name in columns] for row in item.rows)
    if not item.table.behind:
        return _written([*columns.values()], rows)
    keyed = ([*row, key] for row, key in zip(rows, item.keys, strict=True))
    return _written([*columns.values(), FIGURE], keyed)


def _written(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return out.getvalue()
