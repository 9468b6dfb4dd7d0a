"""Functions of the mapping language on dates and times; results are ISO 8601, times in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.mapping.numbers import exact

_DIRECTIVES: Final = frozenset("YymdHMSfzjbBp%I")
_OFFSET: Final = re.compile(r"([-+])([01][0-9]):([0-5][0-9])")
_ZONE: Final = re.compile(r"[A-Za-z]{1,20}(?:[/_+-][A-Za-z0-9]{1,20}){0,4}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_date(value: Any) -> str:
    """A date from an ISO date or time (2026-01-31, 20260131, 2026-01-31T12:00:00Z)."""
    text = _text(value)
    try:
        return date.fromisoformat(text if len(text) <= 10 else text[:10]).isoformat()
    except ValueError:
        raise ValueError("it is no ISO date") from None  # the original holds the value


def date_in(pattern: str) -> Callable[[Any], str]:
    """Read dates in a strptime pattern such as %d.%m.%Y."""
    check_pattern(pattern)
    return lambda value: _parse(value, pattern).date().isoformat()


def read_datetime(value: Any) -> str:
    """A time from ISO 8601 with an offset (Z, +0000, +01:00)."""
    moment = _iso(value)
    if moment.tzinfo is UTC and (text := _as_written(value)) is not None:
        return text
    if moment.tzinfo is None:
        raise ValueError("it has no offset; say which zone it is in: {datetime: UTC}")
    return in_utc(moment)


def _as_written(value: Any) -> str | None:
    """A valid UTC time as its text, with Z, where it has the usual form: formatting is slow."""
    # One slice looks at all five separators of 2026-01-31T12:00:00.000Z.
    if type(value) is not str or value[7:20:3] not in ("-T::.", "-T::Z", "-T::+"):
        return None
    if len(value) <= 27 and value[-1] == "Z":
        return value
    return value[:-5] + "Z" if len(value) <= 31 and value[-5:] == "+0000" else None


def datetime_in(zone: str, pattern: str | None = None) -> Callable[[Any], str]:
    """Read times that, without an offset, are in the zone given; ISO 8601 or a strptime pattern."""
    local = read_zone(zone)
    if pattern is not None:
        check_pattern(pattern)

    def read(value: Any) -> str:
        moment = _iso(value) if pattern is None else _parse(value, pattern)
        return in_utc(moment.replace(tzinfo=local) if moment.tzinfo is None else moment)

    return read


def epoch_in(units: int) -> Callable[[Any], str]:
    """Read a count of seconds (units 1) or milliseconds (1000) since 1970-01-01 UTC."""

    def read(value: Any) -> str:
        micros = exact(value) * (1_000_000 // units)
        try:
            return in_utc(_EPOCH + timedelta(microseconds=int(micros)))
        except OverflowError:
            raise ValueError("it is outside the years 1 to 9999") from None  # holds the value

    return read


def read_mail_date(value: Any) -> str:
    """A time from a mail header (RFC 5322, section 3.3); -0000 means UTC."""
    try:
        moment = parsedate_to_datetime(_text(value)[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError("it is no mail date") from None  # the original holds the value
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def in_utc(moment: datetime) -> str:
    """The moment in UTC as ISO 8601 text ending in Z."""
    try:
        if moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("it is outside the years 1 to 9999") from None  # holds the value
    return moment.isoformat()[:-6] + "Z"


def check_pattern(pattern: str) -> None:
    """Refuse a strptime pattern with directives that depend on the locale or the platform."""
    directives = re.findall(r"%(.?)", pattern)
    if not directives or len(pattern) > 60 or not _DIRECTIVES.issuperset(directives):
        raise ValueError(f"bad pattern {pattern!r}; use %Y %m %d %H %M %S and the like")


def read_zone(name: str) -> tzinfo:
    """A zone from UTC, an offset such as +01:00, or an IANA name such as Europe/Berlin."""
    if name == "UTC":
        return UTC
    if (offset := _OFFSET.fullmatch(name)) is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error
    raise ValueError(f"unknown time zone {name!r}; write UTC, +01:00 or Europe/Berlin")


def _iso(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError("it is no ISO 8601 time") from None  # the original holds the value


def _parse(value: Any, pattern: str) -> datetime:
    try:
        return datetime.strptime(_text(value), pattern)  # noqa: DTZ007  # the caller sets the zone
    except (ValueError, OverflowError):
        raise ValueError(f"it does not look like {pattern}") from None  # holds the value


def _text(value: Any) -> str:
    if isinstance(value, str) and len(value) <= 100:
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and 10**7 <= value < 10**8:
        return str(value)  # 20260131 in JSON
    raise ValueError("it is no text with a date")
