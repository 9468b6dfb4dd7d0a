"""EDM values: how they stand in a URL, and what those of an answer mean.

A literal is built from checked values only, so that no text can end one and begin something else.
Literals by "OData Version 2.0 Overview" (section 6, Primitive Data Types) and by "OData Version
4.01 Part 2: URL Conventions" (section 5.1.1.14) with its ABNF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import IntEnum, StrEnum
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d(:\d\d)?)(?P<part>\.\d{1,12})?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?"
)
_TICKS: Final = re.compile(r"/Date\((-?\d{1,15})([+-]\d{1,4})?\)/")
_SPAN: Final = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:\.\d{1,12})?S)?")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,12})?")


class Version(IntEnum):
    """The protocol's version: SAP's classic services speak 2, Microsoft's speak 4."""

    V2 = 2
    V4 = 4


class Edm(StrEnum):
    """The primitive types that keys, cursors and filters are made of."""

    STRING = "Edm.String"
    GUID = "Edm.Guid"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    DECIMAL = "Edm.Decimal"
    DATE = "Edm.Date"
    DATETIME = "Edm.DateTime"
    DATETIMEOFFSET = "Edm.DateTimeOffset"
    TIME = "Edm.Time"


def literal(value: object, edm: Edm, version: Version) -> str:
    """The value as a filter or a key names it; ValueError where it is none of that type."""
    if value is None:
        return "null"
    return _LITERALS[edm](value, version)


def quote(text: str) -> str:
    """A string literal: a quote in it is doubled, which is all that could end it."""
    if "\0" in text:
        raise ValueError("a text with a zero character is no literal")
    return "'" + text.replace("'", "''") + "'"


def parse_moment(value: object) -> datetime:
    """The moment of an ISO text or of ``/Date(ms)/``, in UTC; one without a zone is taken for UTC.

    The ticks of ``/Date(ms+offset)/`` count in UTC already; the offset says how to show them.
    Digits below a microsecond are cut off.
    """
    text = str(value)
    if ticks := _TICKS.fullmatch(text):
        return _from_ticks(int(ticks[1]))
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("no moment of OData")
    zone = found["zone"] or "Z"
    moment = datetime.fromisoformat(f"{found['day']}T{found['time']}{zone}").astimezone(UTC)
    return moment + timedelta(microseconds=int(f"{found['part'] or '.'}000000"[1:7]))


def plain(value: object) -> Any:
    """A value of an answer in ISO form: version 2 writes ``/Date(1769860800000)/`` for a moment."""
    if not isinstance(value, str) or not value.startswith("/Date("):
        return value
    ticks = _TICKS.fullmatch(value)
    if ticks is None:
        return value
    try:
        moment = _from_ticks(int(ticks[1]))
    except ValueError:
        return value
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z" if ticks[2] else "")


def _from_ticks(ticks: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=ticks)
    except OverflowError:
        raise ValueError("a moment beyond the calendar") from None


def parse_time(value: object) -> timedelta:
    """The time of day of ``PT12H30M05S`` (version 2) or ``12:30:05`` (version 4), in seconds."""
    text = str(value)
    found = _SPAN.fullmatch(text) if text.startswith("P") else _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("no time of day of OData")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _string(value: object, _version: Version) -> str:
    return quote(str(value))


def _guid(value: object, version: Version) -> str:
    text = str(value)
    if not _GUID.fullmatch(text):
        raise ValueError("no GUID")
    return f"guid'{text}'" if version is Version.V2 else text


def _boolean(value: object, _version: Version) -> str:
    if not isinstance(value, bool):
        raise TypeError("no truth value")
    return "true" if value else "false"


def _int32(value: object, _version: Version) -> str:
    return str(int(str(value)))


def _int64(value: object, version: Version) -> str:
    return _int32(value, version) + ("L" if version is Version.V2 else "")


def _decimal(value: object, version: Version) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("no decimal number") from None
    if not number.is_finite():
        raise ValueError("no decimal number")
    return f"{number:f}" + ("M" if version is Version.V2 else "")


def _date(value: object, version: Version) -> str:
    text = value.isoformat()[:10] if isinstance(value, date) else str(value)[:10]
    if not _DATE.fullmatch(text):
        raise ValueError("no date")
    date.fromisoformat(text)
    return f"datetime'{text}T00:00:00'" if version is Version.V2 else text


def _datetime(value: object, version: Version) -> str:
    """Without a zone, as version 2 has it."""
    text = _stamp(value).removesuffix("Z")
    return f"datetime'{text}'" if version is Version.V2 else f"{text}Z"


def _offset(value: object, version: Version) -> str:
    text = _stamp(value)
    return f"datetimeoffset'{text}'" if version is Version.V2 else text


def _stamp(value: object) -> str:
    """ISO in UTC; a text keeps all its digits, since a server may count finer than we do."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = str(plain(value))
    moment = parse_moment(text)
    found = _MOMENT.fullmatch(text)
    part = found["part"] if found else None
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + (part or "") + "Z"


def _time(value: object, version: Version) -> str:
    span = int(parse_time(value).total_seconds())
    hours, minutes, seconds = span // 3600, span // 60 % 60, span % 60
    if version is Version.V2:
        return f"time'PT{hours:02}H{minutes:02}M{seconds:02}S'"
    return f"{hours:02}:{minutes:02}:{seconds:02}"


_LITERALS: Final[Mapping[Edm, Callable[[object, Version], str]]] = {
    Edm.STRING: _string,
    Edm.GUID: _guid,
    Edm.BOOLEAN: _boolean,
    Edm.INT32: _int32,
    Edm.INT64: _int64,
    Edm.DECIMAL: _decimal,
    Edm.DATE: _date,
    Edm.DATETIME: _datetime,
    Edm.DATETIMEOFFSET: _offset,
    Edm.TIME: _time,
}
