"""What a library gives, as JSON: the form in which a record's values reach the mapping."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import JsonValue

_INTEGERS: Final = range(-(2**63), 2**64)  # what JSON takes here; larger ones become text


def plain(value: Any) -> JsonValue:
    """The value as JSON, exactly: a Decimal is text, bytes are base64, a time is ISO 8601.

    A time with a zone is told in UTC and ends with ``+00:00``; one without a zone has none, and
    the mapping says which it is. What JSON has no form for becomes the text that Python gives it.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if value in _INTEGERS else str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _PLAIN.get(type(value), str)(value)


def _float(value: float) -> JsonValue:
    return value if math.isfinite(value) else str(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _datetime(value: datetime) -> str:
    told = value.astimezone(UTC) if value.tzinfo else value
    return told.isoformat(timespec="microseconds")


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return b64encode(bytes(value)).decode()


def _duration(value: timedelta) -> str:
    return f"PT{value / timedelta(seconds=1):f}S"


_PLAIN: Final[Mapping[type, Callable[[Any], JsonValue]]] = {
    float: _float,
    Decimal: _decimal,
    datetime: _datetime,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _duration,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
}
