"""sync, resolve, publish, reconcile: the job, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, say, warn, working
from hub.cli.workplace import open_workplace
from hub.pipeline import steps, writeback
from hub.pipeline.resolve import plan
from hub.pipeline.workplace import Workplace

PlanOnly = Annotated[bool, typer.Option("--plan", help="Show what would happen; change nothing.")]


def sync(
    connections: Annotated[
        list[str] | None, typer.Argument(help="Connections; all without it.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read from the start and compare key sets.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read what changed in the systems, land it, translate it."""
    work = open_workplace()
    rows, reports = [], []
    for name in connections or list(work.config.connections):
        work.config.connection(name)
        with working(f"reading {name} …"):
            for report in steps.sync_connection(work, name, full=full):
                rows.append(_row(report))
                reports.append(report)
                if report.note:
                    warn(f"{name}/{report.stream}: {report.note}")
    if as_json:
        emit_json([{**_names(report), **report.as_counts()} for report in reports])
        return
    emit_counts(rows, as_json=False)


def _names(report: steps.StreamReport) -> dict[str, str]:
    return {"connection": report.connection, "stream": report.stream}


def _row(report: steps.StreamReport) -> dict[str, Any]:
    counts = report.as_counts()
    return {
        **_names(report),
        "read": counts["read"],
        "new": counts["new"],
        "changed": counts["changed"],
        "unchanged": counts["unchanged"] + counts["repeated"] + counts["stale"],
        "deleted": counts["tombstones"] + counts["vanished"],
        "excluded": sum(counts["excluded"].values()),
        "quarantined": counts["unreadable"] + counts["quarantined"],
    }


def resolve(
    plan_only: PlanOnly = False,
    allow_merges: Annotated[
        bool, typer.Option("--allow-merges", help="Go beyond resolve.max_merges this once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find which records are the same customer, and compute golden records."""
    work = open_workplace()
    with working("resolving …"):
        if plan_only:
            counts: Mapping[str, Any] = plan(work.engine, country=work.config.hub.country).counts
        else:
            counts = steps.resolve(work, allow_merges=allow_merges)
    emit_counts([counts], as_json)


def publish(plan_only: PlanOnly = False, as_json: AsJson = False) -> None:
    """Write golden values to the systems that subscribe to them."""
    work = open_workplace()
    if plan_only:
        _show_plan(work, as_json)
        return
    with working("publishing …"):
        counts: dict[str, Any] = {"staged": dict(writeback.stage(work))}
        for name in sorted({rule.connection for rule in work.config.publish.rules}):
            counts[name] = dict(writeback.deliver(work, name))
    if as_json:
        emit_json(counts)
        return
    emit_table(
        ["to", "result", "count"], [[n, k, v] for n, it in counts.items() for k, v in it.items()]
    )


def _show_plan(work: Workplace, as_json: bool) -> None:
    """Field by field, without the key: a key may be an address; the row id finds it."""
    columns = ["party_id", "connection", "stream", "field", "before", "value"]
    writes = writeback.plan_publish(work)
    rows = [{name: getattr(write, name) for name in columns} for write in writes]
    if as_json:
        emit_json(rows)
        return
    emit_table(columns, [list(row.values()) for row in rows], f"{len(rows)} writes planned")


def reconcile(
    report: Annotated[
        list[str] | None, typer.Option("--report", "-r", help="R1, R2, R10; all without it.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files.")] = None,
    form: Annotated[str, typer.Option("--format", "-f", help="html,csv")] = "html,csv",
    as_json: AsJson = False,
) -> None:
    """Compare front and back office, and write the reports."""
    work = open_workplace()
    folder = out or work.config.root / "reports"
    with working("reconciling …"):
        forms = tuple(part.strip() for part in form.split(",") if part.strip())
        breaks = steps.reconcile(work, folder, reports=tuple(report or ()), forms=forms)
    if as_json:
        emit_json({"breaks": dict(breaks), "folder": str(folder)})
        return
    emit_table(["report", "breaks"], list(breaks.items()))
    say(f"written to {folder}")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    for command in (sync, resolve, publish, reconcile):
        app.command()(command)
