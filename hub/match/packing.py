"""Features as a line of JSON, and back: what the store keeps of each content to compare it."""

from __future__ import annotations

from typing import Any, Final

import orjson

from hub.match.features import Features


def pack_features(row: Features) -> str:
    """The row as a JSON list; what is not known at its end is left out."""
    values: list[Any] = list(row)
    while values and values[-1] is None:
        values.pop()
    return orjson.dumps(values).decode()


def unpack_features(text: str) -> Features:
    """The row of :func:`pack_features`."""
    values = [tuple(v) if v.__class__ is list else v for v in orjson.loads(text)]
    return Features._make(values + _NOTHING[len(values) :])


_NOTHING: Final[list[Any]] = [None] * len(Features._fields)
