"""Reconcile front against back office: run the reports, keep the breaks, write the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from hub.errors import ConfigError
from hub.reports.definitions import REPORTS, ReportDefinition
from hub.reports.render_csv import render_csv
from hub.reports.render_html import render_html
from hub.reports.result import ReportPack, ReportResult, break_id, data_hash, is_break
from hub.store.database import Engine, reading, writing
from hub.store.reporting import FoundBreak, keep_breaks, run_query

GRACE = timedelta(hours=24)
"""What is younger than this is in flight: a timing difference, not a break."""

FORMS = ("html", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which reports, as of when, for whom."""

    company: str
    reports: Sequence[str] = tuple(REPORTS)
    cut_off: datetime | None = None


def reconcile(engine: Engine, request: Request) -> ReportPack:
    """Run the reports over the store as it stands; breaks keep their age over runs."""
    now = datetime.now(UTC)
    cut_off = request.cut_off or now
    results = [_run(engine, _definition(name), cut_off, now) for name in request.reports]
    return ReportPack(
        company=request.company,
        made_at=now,
        cut_off=cut_off,
        data_hash=data_hash(results),
        results=results,
    )


def _definition(name: str) -> ReportDefinition:
    try:
        return REPORTS[name.upper()]
    except KeyError:
        raise ConfigError(f"there is no report {name!r}; known: {', '.join(REPORTS)}") from None


def _run(
    engine: Engine, definition: ReportDefinition, cut_off: datetime, now: datetime
) -> ReportResult:
    settled_before = (cut_off - GRACE).strftime("%Y-%m-%dT%H:%M:%SZ")
    parameters = {"settled_before": settled_before}
    wanted = {name: value for name, value in parameters.items() if f":{name}" in definition.sql}
    with reading(engine) as db:
        rows = run_query(db, definition.sql, wanted, definition.money)
    broken = {break_id(definition, row): row for row in rows if is_break(definition, row)}
    found = [_found(definition, key, row) for key, row in broken.items()]
    with writing(engine) as db:
        first_seen = keep_breaks(db, definition.id, found, now)
    return ReportResult(
        definition=definition, rows=rows, breaks=list(broken), first_seen=first_seen
    )


def _found(definition: ReportDefinition, key: str, row: dict[str, Any]) -> FoundBreak:
    amount = row[definition.money[0]] if definition.money else None
    return FoundBreak(
        id=key,
        subject=":".join(str(row[name]) for name in definition.subject),
        cause=definition.cause,
        detail=orjson.dumps(row, default=str).decode(),
        amount=amount,
        currency=row.get("currency") if definition.money else None,
    )


def write_reports(pack: ReportPack, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write the pack in the forms asked for; each file is complete or absent.

    Raises ConfigError for an unknown form, and for a folder that can't be written to.
    """
    for form in forms:
        if form not in FORMS:
            raise ConfigError(f"there is no report form {form!r}; known: {', '.join(FORMS)}")
    contents: dict[str, str] = {}
    if "html" in forms:
        contents["reconciliation.html"] = render_html(pack)
    if "csv" in forms:
        contents |= {f"{item.definition.id}.csv": render_csv(item) for item in pack.results}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / name, text) for name, text in contents.items()]
    except OSError as error:
        raise ConfigError(f"{folder}: can't be written to ({error.strerror})") from error


def _write(path: Path, text: str) -> Path:
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_text(text, encoding="utf-8", newline="")
    return fresh.replace(path)
