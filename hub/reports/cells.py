"""Cells: what a value looks like to people, and what of it a file may hold."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BANDS: Final = ((1, "0–1"), (7, "2–7"), (30, "8–30"), (60, "31–60"))
_CENT: Final = Decimal("0.01")


def clean(value: Any) -> str:
    """A value's text without control characters; a line ends in one way only."""
    return "" if value is None else _CONTROL.sub("", str(value).replace("\r", "\n"))


def shown(value: Any) -> str:
    """A cell for people: amounts with their cents, the rest as it is."""
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == value.quantize(_CENT) else f"{value:,.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return clean(value)


def is_number(value: Any) -> bool:
    """Whether a cell is set to the right."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def age_band(first_seen: datetime | None, now: datetime) -> str:
    """How long a break has stood, in the bands of a controller."""
    if first_seen is None:
        return ""
    days = (now - first_seen).days
    return next((band for limit, band in _BANDS if days <= limit), "> 60") + " days"


def cause_text(cause: str) -> str:
    """A cause as people write it."""
    return cause.replace("_", " ")
