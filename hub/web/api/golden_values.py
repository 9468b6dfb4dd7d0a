"""Golden values with their origin, as the API writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, JsonValue

from hub.web.api.words import Reference


class Claim(BaseModel):
    """A value that lost, and where it stands."""

    record: Reference | None
    value: JsonValue


class Origin(BaseModel):
    """Where a golden value is from, and by which rule it won."""

    record: Reference | None
    raw_version: int | None
    mapping_line: int | None
    rule: str | None
    losers: Sequence[Claim]


class GoldenValue(BaseModel):
    """One attribute of the golden record; a list has an origin for each item."""

    field: str
    value: JsonValue
    origins: Sequence[Origin]


def golden_values(golden: Mapping[str, Any], origin: Mapping[str, Any]) -> list[GoldenValue]:
    """The values of a golden record, by the names of their fields."""
    return [
        GoldenValue(field=name, value=value, origins=_origins(origin.get(name)))
        for name, value in sorted(golden.items())
    ]


def _origins(found: Any) -> list[Origin]:
    items = found if isinstance(found, list) else [found] if found else []
    return [_origin(item) for item in items]


def _origin(item: Mapping[str, Any]) -> Origin:
    losers = [
        Claim(record=Reference.read(loser.get("source")), value=loser.get("value"))
        for loser in item.get("losers", ())
    ]
    return Origin(
        record=Reference.read(item.get("source")),
        raw_version=item.get("raw_version"),
        mapping_line=(item.get("mapping") or {}).get("line"),
        rule=item.get("rule"),
        losers=losers,
    )
