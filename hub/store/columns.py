"""Column types that are exact on every database (law 11): time, money, ids.

SQLite's NUMERIC is a float and its DateTime drops the zone, so time is stored as 64-bit
microseconds since 1970 UTC, and money as a 64-bit integer of ten-thousandths.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SCALE: Final = Decimal(10_000)
_LIMIT: Final = 2**63


class UtcMicros(sa.TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class ScaledMoney(sa.TypeDecorator[Decimal]):
    """A Decimal stored as ten-thousandths; more than four decimals are refused."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_scaled(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_scaled(value)


def to_micros(value: datetime) -> int:
    """Microseconds since 1970 UTC; a naive time is an error."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone can't be stored")
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The time of microseconds since 1970 UTC."""
    return _EPOCH + timedelta(microseconds=value)


def to_scaled(value: Decimal) -> int:
    """Ten-thousandths; raises ValueError where that would round or not fit 64 bits."""
    scaled = value * _SCALE
    whole = int(scaled)
    if whole != scaled or not -_LIMIT <= whole < _LIMIT:
        raise ValueError("an amount with more than four decimals or 64 bits can't be stored")
    return whole


def from_scaled(value: int) -> Decimal:
    """The amount with its four decimals; sums are made on the integers before this."""
    return (Decimal(value) / _SCALE).quantize(Decimal("0.0001"))


_uuid_lock = threading.Lock()
_uuid_last = 0


def new_id() -> str:
    """A UUIDv7 (RFC 9562) as text; ids made by one process sort in the order they were made."""
    global _uuid_last  # noqa: PLW0603  # the order within a millisecond is process-wide state
    with _uuid_lock:
        _uuid_last = max(_uuid_last + 1, time.time_ns() // 1_000_000 << 12)
        ordered = _uuid_last
    millis, sub = ordered >> 12, ordered & 0xFFF
    value = millis << 80 | 0x7 << 76 | sub << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(UUID(int=value))
