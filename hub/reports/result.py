"""What a report found, ready to be rendered in any form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from hub.reports.definitions import ReportDefinition

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """One report's lines, in the order and with the headings of its definition."""

    definition: ReportDefinition
    rows: Sequence[Mapping[str, Cell]]
    breaks: Sequence[str]
    first_seen: Mapping[str, datetime]

    @property
    def break_count(self) -> int:
        """How many breaks are open."""
        return len(self.breaks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPack:
    """All reports of one run over one snapshot of the store."""

    company: str
    made_at: datetime
    cut_off: datetime
    data_hash: str
    results: Sequence[ReportResult]


def break_id(definition: ReportDefinition, row: Mapping[str, Any]) -> str:
    """The identity of a break: the same pair and field give the same id in every run."""
    subject = [definition.id, *(str(row[name]) for name in definition.subject)]
    return hashlib.blake2b(orjson.dumps(subject), digest_size=12).hexdigest()


def is_break(definition: ReportDefinition, row: Mapping[str, Any]) -> bool:
    """Every line of a break report; of a totals report, the lines whose sums don't agree."""
    return definition.breaks or bool(row.get("unbalanced"))


def data_hash(results: Sequence[ReportResult]) -> str:
    """A fingerprint of all lines: equal for equal figures, whenever and wherever they were made."""
    lines = [[item.definition.id, *map(dict, item.rows)] for item in results]
    return hashlib.blake2b(orjson.dumps(lines, default=str), digest_size=16).hexdigest()
