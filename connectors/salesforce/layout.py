"""The fields of an object as they are asked for, and one form for their values on both ways.

A query answers in JSON, a query job in CSV. A record has to be the same whichever way it came, or
the first incremental read would take everything for changed: so describe's types decide how the
texts of a CSV are read, and amounts are floating numbers even where JSON has a whole one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from typing import Any, Final

from connectors.salesforce.client import SYSTEM
from connectors.salesforce.streams import REQUIRED, format_stamp
from hub.errors import SourceSchemaError

_MILLISECONDS: Final = len("2026-01-31T12:00:00.000Z")
_FRACTIONAL: Final = frozenset({"double", "currency", "percent"})
_NOT_IN_CSV: Final = frozenset({"address", "location", "base64", "anyType", "complexvalue", "json"})


def _read_time(text: str) -> str:
    """CSV writes the zone as Z, JSON as +0000."""
    if len(text) == _MILLISECONDS and text.endswith("Z"):
        return text[:-1] + "+0000"
    return format_stamp(datetime.fromisoformat(text).astimezone(UTC))


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "boolean": lambda text: text.lower() == "true",
    "int": int,
    "long": int,
    "datetime": _read_time,
    **dict.fromkeys(_FRACTIONAL, float),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields to ask for with their types by describe, and the server's clock as it said so.

    ``known`` are the names of all fields in lower case, ``unique`` the external ids held once.
    """

    stream: str
    types: Mapping[str, str]
    at: datetime
    known: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The fields in the order in which they are asked for."""
        return list(self.types)

    @property
    def fits_csv(self) -> bool:
        """Whether a query job can give all the fields; compound ones and files it can't."""
        return _NOT_IN_CSV.isdisjoint(self.types.values())

    def level(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows from JSON, with every amount as a floating number."""
        amounts = [name for name, kind in self.types.items() if kind in _FRACTIONAL]
        found = list(rows)
        for row in found:
            for name in amounts:
                if isinstance(row.get(name), int):
                    row[name] = float(row[name])
        return found

    def parse(self, content: bytes) -> list[dict[str, Any]]:
        """The rows of a CSV, typed as JSON has them; an empty text is Salesforce's null."""
        try:
            return self._parse(content)
        except (csv.Error, ValueError):
            # What it could not read would be payload, so the cause is not chained (law 10).
            message = "the results of a query job are not the CSV that was asked for"
            raise SourceSchemaError(message, system=SYSTEM, stream=self.stream) from None

    def _parse(self, content: bytes) -> list[dict[str, Any]]:
        # newline="" keeps the line breaks within addresses as they are.
        lines = csv.reader(TextIOWrapper(BytesIO(content), "utf-8", newline=""), strict=True)
        header = next(lines, [])
        if not header:
            return []
        if missing := set(REQUIRED).difference(header):
            raise ValueError(f"no columns {missing}")
        readers = [_READERS.get(self.types.get(name, ""), str) for name in header]
        columns = list(zip(header, readers, strict=True))
        return [_row(columns, line) for line in lines if line]


def _row(columns: list[tuple[str, Callable[[str], Any]]], line: list[str]) -> dict[str, Any]:
    return {
        name: read(text) if text else None for (name, read), text in zip(columns, line, strict=True)
    }
