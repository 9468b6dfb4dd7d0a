"""The values of a cursor as text and back, so that they can be bound again as what they were."""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk.plain import plain

_UNPACK: Final[Mapping[str, Callable[[Any], Any]]] = {
    "int": int,
    "float": float,
    "str": str,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
    "bytes": b64decode,
}


def pack(value: Any) -> JsonValue:
    """A value of a key or cursor column as [type, text]; :func:`unpack` gives it back equal."""
    kind = "bytes" if isinstance(value, bytearray | memoryview) else type(value).__name__
    if kind not in _UNPACK or (isinstance(value, float) and not math.isfinite(value)):
        message = (
            f"a key or cursor column holds a {kind}, which can't be ordered; select it as text"
        )
        raise SourceSchemaError(message)
    text = repr(value) if kind == "float" else _pack_text(value)
    return [kind, text]


def _pack_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(plain(value))


def unpack(packed: Any) -> Any:
    """The value that was packed; CursorExpiredError where it is none."""
    try:
        kind, text = packed
        return _UNPACK[kind](text)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        message = "the cursor is not one of this connector; open a new epoch"
        raise CursorExpiredError(message) from error
