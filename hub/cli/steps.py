"""sync, resolve: the job, step by step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Annotated, Any, NoReturn

import typer

from hub.cli.output import AsJson, complain, emit_counts, emit_json, warn, working
from hub.cli.plan import PlanOnly, require_one, show_proposal
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError, HubError
from hub.pipeline import planning, steps
from hub.pipeline.collection import share_heaps
from hub.pipeline.turn import SyncMode
from hub.pipeline.workplace import Workplace

_Outcome = tuple[list[steps.StreamReport], list[HubError]]


def sync(
    connections: Annotated[
        list[str] | None, typer.Argument(help="Connections; all without it.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read from the start and compare key sets.")
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys", help="Read keys alone, to find what was deleted untold.")
    ] = False,
    allow_deletes: Annotated[
        bool, typer.Option("--allow-deletes", help="Go beyond max_delete_share this once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read what changed in the systems, land it, translate it."""
    if full and keys:
        raise ConfigError("--full compares keys as well: leave out --keys")
    mode = SyncMode(full=full, keys=keys, allow_deletes=allow_deletes)
    work = open_workplace()
    names = connections or list(work.config.connections)
    for name in names:
        work.config.connection(name)
    reports, errors = _read_all(work, names, mode)
    if as_json:
        emit_json([{**_names(report), **report.as_counts()} for report in reports])
    else:
        _show(reports, mode, failed=bool(errors))
    if errors:
        _end_with(errors)


def _read_all(work: Workplace, names: list[str], mode: SyncMode) -> _Outcome:
    """Some connections at once, as hub.toml says; what they did stays in the order of names."""
    reports: list[steps.StreamReport] = []
    errors: list[HubError] = []
    at_once = min(work.config.hub.at_once, len(names))
    if at_once > 1:
        share_heaps()
    several = ThreadPoolExecutor(at_once, thread_name_prefix="sync") if at_once > 1 else None
    with several or nullcontext() as pool:
        tasks = [partial(_read, work, name, mode) for name in names]
        reads: list[Callable[[], _Outcome]] = [*tasks]
        if pool is not None:
            reads = [pool.submit(task).result for task in tasks]
        for name, read in zip(names, reads, strict=True):
            with working(f"reading {name} …"):
                made, failed = read()
            reports += made
            errors += failed
    return reports, errors


def _show(reports: list[steps.StreamReport], mode: SyncMode, *, failed: bool) -> None:
    row = _key_row if mode.keys else _row
    if reports or not failed:
        emit_counts([row(report) for report in reports], as_json=False)
    if mode.keys and not reports and not failed:
        warn("no stream has a key scan; `hub sync --full` finds what was deleted")


def _end_with(errors: list[HubError]) -> NoReturn:
    """Say each thing once, and end as the first of them would have."""
    for message in dict.fromkeys(map(str, errors)):
        complain(message)
    raise typer.Exit(errors[0].exit_code)


def _read(work: Workplace, name: str, mode: SyncMode) -> _Outcome:
    """One system; what failed in it is returned and stops no other system."""
    reports: list[steps.StreamReport] = []
    errors: list[HubError] = []
    try:
        for report in steps.sync_connection(work, name, mode=mode, failed=errors.append):
            reports.append(report)
            if report.note:
                warn(f"{name}/{report.stream}: {report.note}")
    except HubError as error:
        errors.append(error)
    return reports, [steps.name_connection(error, name) for error in errors]


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
        "excluded": sum(counts["excluded"].values()) + counts["suppressed"],
        "quarantined": counts["unreadable"] + counts["quarantined"],
    }


def _key_row(report: steps.StreamReport) -> dict[str, Any]:
    names = ("keys", "unknown", "vanished", "revived")
    return {**_names(report), **{name: report.extract[name] for name in names}}


def resolve(
    plan_only: PlanOnly = False,
    apply: Annotated[
        str | None, typer.Option("--apply", help="Do what the plan with this digest showed.")
    ] = None,
    allow_merges: Annotated[
        bool, typer.Option("--allow-merges", help="Go beyond resolve.max_merges this once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find which records are the same customer, and compute golden records."""
    require_one(plan_only, apply)
    work = open_workplace()
    with working("resolving …"):
        if plan_only:
            proposal = planning.propose_resolve(work).as_dict()
        elif apply:
            counts = planning.apply_resolve(work, apply, actor=whoami())
        else:
            counts = steps.resolve(work, allow_merges=allow_merges)
    if plan_only:
        show_proposal(proposal, as_json)
        return
    emit_counts([counts], as_json)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    for command in (sync, resolve):
        app.command()(command)
