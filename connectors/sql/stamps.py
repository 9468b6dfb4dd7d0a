"""Cursor values as moments: when a row is old enough to be read, and what a write sets."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

_STYLE: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?P<sep>[T ])\d\d:\d\d:\d\d(\.(?P<fraction>\d{1,6}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)

_REPEATED_HOUR: Final = timedelta(hours=1)

Horizon = Callable[[Any], bool]
"""Whether a row with this cursor value may be read now."""


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """When the value was surely over; None where it is no time.

    A date lasts until its day ends. In the hour that the clocks go back over, it is the later one.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone, fold=1)
    if isinstance(value, date):
        return datetime.combine(value + timedelta(days=1), time(), zone)
    return None


def is_number(value: Any) -> bool:
    """Whether a cursor value is counted, not timed."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def older_than(bound: datetime, zone: tzinfo) -> Horizon:
    """The horizon for times."""

    def covers(value: Any) -> bool:
        when = moment(value, zone)
        return when is not None and when <= bound

    return covers


def up_to(bound: Any) -> Horizon:
    """The horizon for numbers."""
    return lambda value: bool(value <= bound)


def next_stamp(current: Any, now: datetime, zone: tzinfo) -> Any:
    """What comes after a version: one more, or the time now, written as the one before it."""
    if is_number(current):
        return current + 1
    style = _STYLE.fullmatch(current) if isinstance(current, str) else None
    suffix = style["zone"] if style else None
    told = _in_style(now.astimezone(UTC if suffix else zone), style)
    return told + ("" if not suffix else "Z" if suffix == "Z" else "+00:00")


def hour_before(value: Any) -> Any:
    """An hour before a time without a zone, written as it is; None for anything else."""
    if isinstance(value, datetime):
        return None if value.tzinfo else value - _REPEATED_HOUR
    style = _STYLE.fullmatch(value) if isinstance(value, str) else None
    if style is None or style["zone"]:
        return None
    return _in_style(datetime.fromisoformat(style.string) - _REPEATED_HOUR, style)


def _in_style(told: datetime, style: re.Match[str] | None) -> str:
    sep, fraction = style.group("sep", "fraction") if style else (" ", "000000")
    text = told.strftime(f"%Y-%m-%d{sep}%H:%M:%S")
    return text + f".{told.microsecond:06d}"[: len(fraction) + 1] if fraction else text
