"""All reports of a run as one self-contained HTML page: no request leaves it, no script runs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hub.reports.definitions import ReportDefinition
from hub.reports.pages import page_template
from hub.reports.result import ReportPack, break_id, is_break

_KEYS: Final = frozenset({"source_key", "party_id", "type", "connection"})


def render_html(pack: ReportPack) -> str:
    """The page as text; every value is escaped by the template engine."""
    template = page_template("reconciliation.html")
    return template.render(
        pack=pack, cell=_cell, is_number=_is_number, age=_age, key=_key, keys=_KEYS
    )


def _cell(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if value is None:
        return ""
    if column == "active":
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:,.4f}"
    return str(value)


def _is_number(row: dict[str, Any], column: str) -> bool:
    return isinstance(row[column], int | Decimal) and column != "active"


def _key(definition: ReportDefinition, row: dict[str, Any]) -> str | None:
    return break_id(definition, row) if is_break(definition, row) else None


def _age(first_seen: datetime, now: datetime) -> str:
    days = (now - first_seen).days
    bands = ((1, "0–1"), (7, "2–7"), (30, "8–30"), (60, "31–60"))
    return next((band for limit, band in bands if days <= limit), "> 60") + " days"
