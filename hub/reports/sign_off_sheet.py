"""The sheet of a sign-off: who signs for which figures, and that it is void where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from hub.reports.cells import shown
from hub.reports.pages import page_template


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPeriod:
    """A period's sign-off as it stands; ``totals`` are the figures by their names, as texts."""

    period: str
    cut_off: datetime
    data_hash: str
    rules_hash: str
    program: str
    totals: Mapping[str, Mapping[str, str]]
    prepared_by: str
    prepared_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str | None = None

    @property
    def state(self) -> str:
        """``prepared``, ``signed`` or ``void``."""
        if self.voided_at:
            return "void"
        return "signed" if self.approved_by else "prepared"


def render_sheet(company: str, signed: SignedPeriod) -> str:
    """The sheet as a page that asks no server for anything."""
    return page_template("sign_off.html").render(
        company=company, signed=signed, amount=_amount, time=_time
    )


def _amount(text: str) -> str:
    """A figure of the totals, with its cents where it is an amount; a dash for none."""
    try:
        return shown(Decimal(text)) if "." in text else shown(int(text))
    except (InvalidOperation, ValueError):
        return "–"


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M UTC")
