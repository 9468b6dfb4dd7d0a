"""Tryton's JSON: times, dates and amounts are objects that name their class.

Source: trytond/protocols/jsonrpc.py of Tryton 8.2, JSONEncoder and JSONDecoder.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from hub.sdk.sweep import format_time

Domain = list[Any]


def encode_parameter(value: Any) -> str:
    """A domain, an order or a context as Tryton takes it: JSON in URL-safe base64."""
    return urlsafe_b64encode(orjson.dumps(value)).decode()


def encode_time(moment: datetime) -> dict[str, Any]:
    """A time as a domain holds it; Tryton's times are UTC without saying so."""
    utc = moment.astimezone(UTC)
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{name: getattr(utc, name) for name in names}}


def decode(value: Any) -> Any:
    """Plain JSON: times and dates as ISO 8601, amounts as exact text."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    make = _CLASSES.get(str(value.get("__class__")))
    if make is not None:
        return make(value)
    return {name: decode(item) for name, item in value.items()}


def _decode_time(value: Mapping[str, Any]) -> str:
    fields = {name: item for name, item in value.items() if name != "__class__"}
    return format_time(datetime(**fields, tzinfo=UTC))


def _decode_date(value: Mapping[str, Any]) -> str:
    return date(value["year"], value["month"], value["day"]).isoformat()


def _decode_amount(value: Mapping[str, Any]) -> str:
    amount = Decimal(value["decimal"])
    return f"{amount:f}"


_CLASSES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "datetime": _decode_time,
    "date": _decode_date,
    "Decimal": _decode_amount,
}
