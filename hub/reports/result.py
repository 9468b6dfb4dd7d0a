"""What a run of the reports found, ready to be rendered in any form."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from hub.reports.definition import Check, Lines, ReportDefinition, Table

Cell = str | int | Decimal | None
Row = Mapping[str, Any]
_PLACES: Final = (
    ("connection", "type", "source_key"),
    ("other_connection", "other_type", "other_key"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One difference; one in flight is ``timing``, and no break.

    ``key`` is its identity over re-runs; what people made of it stands in ``state`` and after.
    """

    key: str
    row: Row
    row_class: str
    timing: bool
    first_seen: datetime | None = None
    state: str = ""
    cause: str = ""
    owner: str = ""
    notes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A check's lines; ``compared`` is how many pairs it held against each other, if it did."""

    check: Check
    lines: Sequence[Line]
    compared: int | None = None

    @property
    def breaks(self) -> Sequence[Line]:
        """The lines that are no timing differences."""
        return [line for line in self.lines if not line.timing]

    @property
    def timing_count(self) -> int:
        """How many lines are in flight."""
        return sum(line.timing for line in self.lines)

    @property
    def classes(self) -> Mapping[str, int]:
        """How many lines are of each class; the pairs that agree too, where they were counted."""
        counts = Counter(line.row_class for line in self.lines)
        if self.compared is not None:
            counts["identical"] = self.compared - len(self.lines)
        return counts

    @property
    def at_stake(self) -> Mapping[str, Decimal]:
        """What the breaks are worth, by currency; never added over currencies."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in self.breaks:
            amount = line.row.get(self.check.amount) if self.check.amount else None
            if amount is not None:
                sums[line.row.get("currency") or ""] += abs(amount)
        return dict(sorted(sums.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResult:
    """A table's rows, in the order of its query."""

    table: Table
    rows: Sequence[Row]
    report: str = ""

    @property
    def keys(self) -> Sequence[str]:
        """The id of each line, by which it leads down to its records; "" where it does not."""
        if not self.table.behind:
            return [""] * len(self.rows)
        return [break_id(self.report, self.table, row) for row in self.rows]

    @property
    def trend(self) -> Mapping[str, Decimal]:
        """The figures that are kept by day, by their names; a line without a figure has none."""
        return {
            "/".join([self.table.id, *(str(row[name]) for name in self.table.subject), column]): (
                row[column]
            )
            for row in self.rows
            for column in self.table.trend
            if row[column] is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """All that one report found."""

    definition: ReportDefinition
    checks: Sequence[CheckResult]
    tables: Sequence[TableResult]

    @property
    def break_count(self) -> int:
        """How many breaks stand."""
        return sum(len(item.breaks) for item in self.checks)

    @property
    def timing_count(self) -> int:
        """How many lines are in flight."""
        return sum(item.timing_count for item in self.checks)

    @property
    def at_stake(self) -> Mapping[str, Decimal]:
        """What the breaks are worth, by currency."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for item in self.checks:
            for currency, amount in item.at_stake.items():
                sums[currency] += amount
        return dict(sorted(sums.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPack:
    """All reports of one run over one snapshot of the store."""

    company: str
    made_at: datetime
    cut_off: datetime
    data_hash: str
    rules_hash: str
    program: str
    results: Sequence[ReportResult]
    history: Mapping[str, Sequence[tuple[date, int]]] = field(default_factory=dict)
    """How many breaks stood on which day, by report, the oldest first."""
    about: str = ""
    """Whose sheet it is, where it is one of several that a report is split into."""

    @property
    def break_counts(self) -> Mapping[str, int]:
        """How many breaks stand, by report."""
        return {result.definition.id: result.break_count for result in self.results}


def break_id(report: str, part: Lines, row: Row) -> str:
    """The identity of a line: the same subject and part give the same id in every run."""
    subject = [report, part.id, *(str(row[name]) for name in part.subject)]
    return hashlib.blake2b(orjson.dumps(subject), digest_size=12).hexdigest()


def headings(lines: Lines, rows: Sequence[Row]) -> Mapping[str, str]:
    """The columns to show; the customer stands first where the rows name one."""
    named = any(row.get("customer") for row in rows)
    return {**({"customer": "Customer"} if named else {}), **lines.columns}


def data_hash(results: Sequence[ReportResult]) -> str:
    """A fingerprint of all lines: equal for equal figures, whenever and wherever they were made."""
    lines = [
        [
            item.definition.id,
            [[dict(line.row) for line in check.lines] for check in item.checks],
            [[dict(row) for row in table.rows] for table in item.tables],
        ]
        for item in results
        if not item.definition.reads_breaks
    ]
    said = orjson.dumps(lines, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def places_of(row: Row) -> list[tuple[str, str, str]]:
    """The source records that a line names: its own, and the one it is held against."""
    places = [tuple(str(row[name]) for name in names if row.get(name)) for names in _PLACES]
    return [(place[0], place[1], place[2]) for place in places if len(place) == 3]
