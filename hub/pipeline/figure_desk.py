"""Down from a figure to what it was made of: the records behind a line, and their raw payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import StoreError
from hub.pipeline.workplace import Workplace
from hub.reports.catalogue import Reports, all_reports
from hub.reports.definition import Lines
from hub.store.behind import Query, rows_behind
from hub.store.database import Connection, Engine, reading
from hub.store.evidence import current_payload, payload_of, record_id
from hub.store.lines import RECORDS, TableLine, get_line, list_lines

SHOWN: Final = 200


class SourceView(NamedTuple):
    """A source record with the raw payload that was last read."""

    connection: str
    type: str
    key: str
    version: int
    observed_at: datetime
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """What a line of a table stands for: ``rows`` name records, customers or breaks.

    There may be more than are shown: then it is ``cut``.
    """

    line: TableLine
    title: str
    rows: Sequence[Mapping[str, Any]]
    cut: bool


def figure_view(engine: Engine, known: Reports, line_id: str, limit: int = SHOWN) -> FigureView:
    """The records behind a line, as they stand now; StoreError where there is no such line."""
    with reading(engine) as db:
        line = get_line(db, line_id)
    part = _part(known, line.report, line.part) if line else None
    if line is None or part is None:
        raise StoreError(f"there is no figure {line_id}; `hub figure list REPORT` shows them")
    own = [_named(engine, reference) for reference in line.subject.get(RECORDS, [])]
    subject = {name: value for name, value in line.subject.items() if name != RECORDS}
    line = line._replace(subject=subject)
    rows = [*own, *(_rows(engine, part, subject, limit + 1) if part.behind else [])]
    return FigureView(line=line, title=part.title, rows=rows[:limit], cut=len(rows) > limit)


def reports_of(work: Workplace) -> Reports:
    """The reports that a site has: those of the hub and its own."""
    return all_reports(work.config.root / "report-definitions")


def _named(engine: Engine, reference: str) -> dict[str, Any]:
    """A record that a difference in flight names itself."""
    connection, type_, key = reference.split(":", 2)
    with reading(engine) as db:
        found = record_id(db, connection, type_, key)
    return {"connection": connection, "type": type_, "source_key": key, "record_id": found}


def break_rows(
    engine: Engine, known: Reports, stored: Mapping[str, Any], figures: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """The records that a break was summed up from; none where it names its own."""
    part = _part(known, stored["report"], stored["check_id"])
    if part is None or not part.behind:
        return []
    return _rows(engine, part, {name: figures.get(name) for name in part.subject}, SHOWN)


def _rows(
    engine: Engine, part: Lines, subject: Mapping[str, Any], limit: int
) -> list[dict[str, Any]]:
    query = Query(part.behind or "", part.behind_money)
    return rows_behind(engine, query, dict(subject), cut_off=datetime.now(UTC), limit=limit)


def figures_of(engine: Engine, report: str, part: str | None, limit: int) -> Sequence[TableLine]:
    """The lines of a report's tables that lead down."""
    with reading(engine) as db:
        return list_lines(db, report, part, limit)


def source_of(engine: Engine, reference: str) -> SourceView:
    """A source record by CONNECTION:TYPE:KEY; StoreError where none is held."""
    parts = reference.split(":", 2)
    with reading(engine) as db:
        found = read_source(db, *parts) if len(parts) == 3 else None
    if found is None:
        raise StoreError(f"no source record {reference} is held; say CONNECTION:TYPE:KEY")
    return found


def source_by_id(engine: Engine, record_id: int) -> SourceView:
    """A source record by its row id; StoreError where none is held."""
    with reading(engine) as db:
        found = payload_of(db, record_id)
    if found is None:
        raise StoreError("there is no such source record, or its payload is kept no longer")
    place, raw = found
    return SourceView(*place, raw.version, raw.observed_at, _parsed(raw.payload))


def read_source(db: Connection, connection: str, type_: str, key: str) -> SourceView | None:
    """A source record with its payload; None where it is held no longer."""
    found = current_payload(db, connection, type_, key)
    if found is None:
        return None
    said = _parsed(found.payload)
    return SourceView(connection, type_, key, found.version, found.observed_at, said)


def _part(known: Reports, report: str, part: str) -> Lines | None:
    definition = known.get(report)
    parts = [*definition.checks, *definition.tables] if definition else []
    return next((found for found in parts if found.id == part), None)


def _parsed(payload: str) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload
