"""One report as CSV for machines: exact numbers, and no cell that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any, Final

from hub.reports.result import ReportResult, break_id, is_break

_FORMULA: Final = re.compile(r"^[\s\x00]*[=+\-@\t\r|%]|^[\t\r\n\x00]")
_NUMBER: Final = re.compile(r"^-?\d+(\.\d+)?$")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def render_csv(result: ReportResult) -> str:
    """UTF-8 text with a heading line; the last two columns say which lines are breaks."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = result.definition.columns
    writer.writerow([*columns.values(), "Break", "First seen"])
    for row in result.rows:
        key = break_id(result.definition, row)
        broken = is_break(result.definition, row)
        seen = result.first_seen[key].isoformat() if broken else ""
        writer.writerow([*(harmless(row[name]) for name in columns), key if broken else "", seen])
    return out.getvalue()


def harmless(value: Any) -> str:
    """A cell's text; one that a spreadsheet could run gets an apostrophe (OWASP, CSV injection).

    Numbers stay numbers, negative ones too.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + _CONTROL.sub("", text)
    return _CONTROL.sub("", text)
