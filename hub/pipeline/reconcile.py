"""Reconcile front against back office: run the reports over one snapshot, and keep the breaks.

All queries read one snapshot, in which each view is computed once. What the reports found is kept
in one transaction, so that a run that is killed leaves the breaks as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final

import orjson

from hub.errors import ConfigError
from hub.reports.catalogue import Reports, rules_hash, shipped_reports
from hub.reports.compare import compared_sql, count_sql
from hub.reports.definition import Check, ReportDefinition, views_of
from hub.reports.result import (
    CheckResult,
    Line,
    ReportPack,
    ReportResult,
    TableResult,
    break_id,
    data_hash,
    places_of,
)
from hub.store.breaks import FoundBreak, Life, keep_breaks, open_breaks
from hub.store.database import Connection, Engine, reading, writing
from hub.store.figures import BREAKS, IN_FLIGHT, Figure, break_history, keep_figures
from hub.store.lines import RECORDS, TableLine, keep_lines
from hub.store.reporting import Snapshot, moment, report_snapshot

PROGRAM: Final = "customer-hub"
_FIRST_DAY: Final = date(1970, 1, 1)
_TREND_DAYS: Final = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which reports of those there are, as of when, for whom; none named means all."""

    company: str
    reports: Sequence[str] = ()
    known: Reports = field(default_factory=shipped_reports)
    cut_off: datetime | None = None


def reconcile(engine: Engine, request: Request) -> ReportPack:
    """Run the reports over the store as it stands; breaks keep their age over runs.

    Reports that tell of breaks run last, over the breaks that the others left.
    """
    now = datetime.now(UTC)
    cut_off = request.cut_off or now
    chosen = _chosen(request)
    first = [one for one in chosen if not one.reads_breaks]
    last = [one for one in chosen if one.reads_breaks]
    found = {}
    for definitions in (first, last):
        for result in _run(engine, definitions, cut_off, now):
            found[result.definition.id] = result
    results = [found[definition.id] for definition in chosen]
    return ReportPack(
        company=request.company,
        made_at=now,
        cut_off=cut_off,
        data_hash=data_hash(results),
        rules_hash=rules_hash(chosen),
        program=f"{PROGRAM} {version(PROGRAM)}",
        results=results,
        history=_history(engine, cut_off),
    )


def _chosen(request: Request) -> list[ReportDefinition]:
    known = {name.upper(): definition for name, definition in request.known.items()}
    for name in request.reports:
        if name.upper() not in known:
            raise ConfigError(f"there is no report {name!r}; known: {', '.join(request.known)}")
    return [known[name.upper()] for name in request.reports or known]


def _run(
    engine: Engine, definitions: Sequence[ReportDefinition], cut_off: datetime, now: datetime
) -> list[ReportResult]:
    if not definitions:
        return []
    with report_snapshot(engine, cut_off) as snap:
        measured = [_measure(snap, definition) for definition in definitions]
        named = _named(snap, measured)
    day = _day(cut_off)
    with writing(engine) as db:
        kept = [_keep(db, result, now) for result in named]
        for result in kept:
            keep_figures(db, result.definition.id, day, _figures_of(result))
            keep_lines(db, result.definition.id, _lines_of(result))
        return kept


def _lines_of(result: ReportResult) -> Iterator[TableLine]:
    """The lines that lead down: of tables, and differences in flight, which are no breaks."""
    report = result.definition.id
    for found in result.checks:
        for line in found.lines:
            if line.timing:
                subject = {name: line.row[name] for name in found.check.subject}
                said = {**subject, RECORDS: [":".join(place) for place in places_of(line.row)]}
                yield TableLine(line.key, report, found.check.id, said)
    for item in result.tables:
        for key, row in zip(item.keys, item.rows, strict=True):
            if key:
                subject = {name: row[name] for name in item.table.subject}
                yield TableLine(key, report, item.table.id, subject)


def _day(moment: datetime) -> int:
    return (moment.astimezone(UTC).date() - _FIRST_DAY).days


def _figures_of(result: ReportResult) -> Iterator[Figure]:
    """What a report came to: its breaks, what is at stake, and figures that have a trend."""
    yield Figure(BREAKS, Decimal(result.break_count))
    yield Figure(IN_FLIGHT, Decimal(result.timing_count))
    for currency, amount in result.at_stake.items():
        yield Figure(f"at stake/{currency}", amount)
    for table in result.tables:
        yield from map(Figure._make, table.trend.items())


def _history(engine: Engine, cut_off: datetime) -> dict[str, list[tuple[date, int]]]:
    """The breaks of the last weeks, by report and day."""
    with reading(engine) as db:
        found = break_history(db, _day(cut_off) - _TREND_DAYS)
    return {
        report: [(_FIRST_DAY + timedelta(days=day), count) for day, count in days]
        for report, days in found.items()
    }


def _measure(snap: Snapshot, definition: ReportDefinition) -> ReportResult:
    snap.copy_views(views_of(definition))
    with snap.prepared(definition.id, definition.prepare):
        return ReportResult(
            definition=definition,
            checks=[_check(snap, definition, check) for check in definition.checks],
            tables=[
                TableResult(
                    table=table,
                    report=definition.id,
                    rows=snap.rows(f"report {definition.id}, {table.id}", table.sql, table.money),
                )
                for table in definition.tables
            ],
        )


def _check(snap: Snapshot, definition: ReportDefinition, check: Check) -> CheckResult:
    place = f"report {definition.id}, {check.id}"
    rows = snap.rows(place, compared_sql(check), check.money)
    _require_columns(place, check, rows)
    counted = count_sql(check)
    settled = moment(snap.cut_off - timedelta(hours=check.grace_hours))
    lines = [
        Line(
            key=break_id(definition.id, check, row),
            row=row,
            row_class=row["row_class"],
            timing=(row.get("changed") or "") > settled,
        )
        for row in rows
    ]
    return CheckResult(
        check=check,
        lines=sorted(_unique(lines, place), key=lambda line: _order(check, line)),
        compared=snap.rows(place, counted, ())[0]["pairs"] if counted else None,
    )


def _require_columns(place: str, check: Check, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    wanted = {*check.subject, *check.columns, *check.money}
    lacking = sorted(wanted - rows[0].keys())
    if lacking:
        raise ConfigError(f"{place}: the query has no column {lacking[0]}")


def _unique(lines: Iterable[Line], place: str) -> Iterable[Line]:
    seen = set()
    for line in lines:
        if line.key in seen:
            raise ConfigError(f"{place}: the subject does not tell two lines apart; add a column")
        seen.add(line.key)
        yield line


def _order(check: Check, line: Line) -> tuple[Any, ...]:
    """The largest amount first, then by subject."""
    amount = line.row.get(check.amount) if check.amount else None
    return (line.timing, -abs(amount or 0), [str(line.row[name]) for name in check.subject])


def _named(snap: Snapshot, results: Sequence[ReportResult]) -> list[ReportResult]:
    """The results with the names of customers in the rows that tell whose they are."""
    rows = [line.row for result in results for check in result.checks for line in check.lines]
    names = snap.names({row["party_id"] for row in rows if row.get("party_id")})

    def name(line: Line) -> Line:
        customer = names.get(line.row.get("party_id") or "")
        return replace(line, row={**line.row, "customer": customer}) if customer else line

    return [
        replace(
            result,
            checks=[
                replace(item, lines=[name(line) for line in item.lines]) for item in result.checks
            ],
        )
        for result in results
    ]


def _keep(db: Connection, result: ReportResult, now: datetime) -> ReportResult:
    """Keep the breaks of a report; one that is known stays a break while its record changes."""
    report = result.definition.id
    known = open_breaks(db, report)
    checks = [
        replace(item, lines=[_awake(line, known) for line in item.lines]) for item in result.checks
    ]
    found = [_found(item.check, line) for item in checks for line in item.breaks]
    lives = keep_breaks(db, report, found, now)
    return replace(
        result,
        checks=[
            replace(item, lines=[_living(line, lives) for line in item.lines]) for item in checks
        ],
    )


def _awake(line: Line, known: set[str]) -> Line:
    return replace(line, timing=False) if line.timing and line.key in known else line


def _living(line: Line, lives: Mapping[str, Life]) -> Line:
    life = lives.get(line.key)
    if life is None:
        return line
    return replace(
        line,
        first_seen=life.first_seen,
        state=life.state,
        cause=life.cause,
        owner=life.owner or "",
        notes=life.notes,
    )


def _found(check: Check, line: Line) -> FoundBreak:
    row = line.row
    figures = [str(row.get(name)) for name in _figures(check)]
    return FoundBreak(
        id=line.key,
        check_id=check.id,
        row_class=line.row_class,
        subject=":".join(str(row[name]) for name in check.subject),
        cause=check.cause,
        owner=check.owner,
        detail=orjson.dumps(row, default=str).decode(),
        figure=hashlib.blake2b(orjson.dumps(figures), digest_size=12).hexdigest(),
        amount=row[check.amount] if check.amount else None,
        currency=row.get("currency") if check.amount else None,
    )


def _figures(check: Check) -> list[str]:
    """The columns on which a person's explanation stands."""
    compared = [check.compare.left, check.compare.right] if check.compare else []
    return [*compared, *check.money]
