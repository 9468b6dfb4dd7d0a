"""reconcile; break list, show, assign, explain, comment, close: the controller's desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.figure import show_rows, show_source
from hub.cli.history import read_moment
from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, out, say, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError
from hub.pipeline import steps
from hub.pipeline.break_desk import BreakView, Word, break_view, list_breaks, speak
from hub.pipeline.figure_desk import reports_of
from hub.pipeline.report_files import Wanted
from hub.reports.result import ReportPack, ReportResult
from hub.store.audit import new_act

reports = typer.Typer()
breaks = typer.Typer(help="Breaks that the reports found, and their life.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="Id of the break, as the reports show it.")]
Reason = Annotated[str, typer.Option("--reason", help="What you found out; kept with the break.")]
_LISTED = ("id", "report", "check_id", "customer", "state", "owner", "cause", "amount", "currency")


@reports.command()
def reconcile(
    report: Annotated[
        list[str] | None, typer.Option("--report", "-r", help="R1 to R14 or SCORE; all without it.")
    ] = None,
    dest: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files.")] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="html,xlsx,csv,pdf")
    ] = "html,xlsx,csv",
    *,
    cut_off: Annotated[
        str | None,
        typer.Option(
            "--cut-off",
            help="As of when: a day (its end in UTC) or a time; else now. Later documents and "
            "what had just changed then are no breaks.",
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option(help="Ask the systems themselves what they hold, where they can count.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Compare front and back office, and write the reports."""
    work = open_workplace()
    folder = dest or work.config.root / "reports"
    forms = tuple(part.strip() for part in form.split(","))
    wanted = Wanted(reports=tuple(report or ()), forms=forms, cut_off=_read_cut_off(cut_off))
    with working("reconciling …"):
        pack = steps.reconcile(work, folder, wanted, ask=ask)
    if as_json:
        emit_json(_summary(pack) | {"folder": str(folder)})
        return
    rows = [
        (one.definition.id, one.definition.title, one.break_count, one.timing_count, _stake(one))
        for one in pack.results
    ]
    emit_table(["report", "title", "breaks", "in flight", "at stake"], rows)
    say(f"written to {folder}")


def _read_cut_off(text: str | None) -> datetime | None:
    """A time that has come, or the last second of a day; ConfigError for any other text."""
    found = read_moment(text)
    if text is None or found is None:
        return None
    if len(text) == len("2026-10-31"):
        found += timedelta(days=1, seconds=-1)
    if found > datetime.now(UTC):
        raise ConfigError(f"--cut-off {text} is not over yet: leave it out to take what is there")
    return found


def _summary(pack: ReportPack) -> dict[str, Any]:
    stakes = {r.definition.id: {c: f"{a:.2f}" for c, a in r.at_stake.items()} for r in pack.results}
    return {
        "cut_off": pack.cut_off.isoformat(),
        "breaks": dict(pack.break_counts),
        "in_flight": {r.definition.id: r.timing_count for r in pack.results},
        "at_stake": stakes,
    }


def _stake(result: ReportResult) -> str:
    return " · ".join(f"{amount:,.2f} {name}".strip() for name, amount in result.at_stake.items())


@reports.command()
def mail(as_json: AsJson = False) -> None:
    """Mail how many breaks the last reconciliation left to those named in hub.toml."""
    from hub.pipeline.report_mail import mail_reports

    receivers = mail_reports(open_workplace())
    if not receivers and not as_json:
        say("hub.toml names nobody in [mail]: nothing was sent")
        return
    emit_counts([{"receivers": receivers}], as_json)


@breaks.command("list")
def show_breaks(
    report: Annotated[str | None, typer.Option("--report", "-r", help="Of one report.")] = None,
    state: Annotated[
        str,
        typer.Option(
            "--state", help="open (all that stand), assigned, explained, force_closed or closed."
        ),
    ] = "open",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List breaks, the oldest first."""
    found = list_breaks(open_workplace().engine, report=report, state=state, limit=limit)
    rows = [{**{name: row[name] for name in _LISTED}, "since": row["first_seen"]} for row in found]
    emit_counts(rows, as_json)


@breaks.command()
def show(key: Key, as_json: AsJson = False) -> None:
    """Show a break down to the source records and their raw payloads."""
    work = open_workplace()
    view = break_view(work.engine, key, reports_of(work))
    if as_json:
        emit_json(_plain(view))
        return
    stored = view.stored
    say(f"{stored['report']} {stored['check_id']}, {stored['state']}, {stored['row_class']}")
    say(f"since {stored['first_seen']:%Y-%m-%d %H:%M} UTC, owner {stored['owner'] or 'nobody'}")
    emit_table(["figure", "value"], [(name, str(value)) for name, value in view.figures.items()])
    for note in view.notes:
        say(f"{note.at:%Y-%m-%d %H:%M} {note.actor}, {note.kind}: {note.text}")
    if view.rows:
        out.print()
        say("made of")
        show_rows(view.rows)
    for source in view.sources:
        out.print()
        show_source(source)


@breaks.command()
def assign(
    key: Key,
    owner: Annotated[str, typer.Argument(help="Who takes it.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Give a break to somebody."""
    _say(key, Word(kind="assign", act=new_act(whoami(), reason), owner=owner), as_json)


@breaks.command()
def explain(
    key: Key,
    reason: Reason,
    cause: Annotated[
        str | None,
        typer.Option(
            "--cause", help="timing, mapping, missing, duplicate, amount, manual or source_error."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a break; the word holds as long as its figures stay."""
    _say(key, Word(kind="explain", act=new_act(whoami(), reason), cause=cause), as_json)


@breaks.command()
def comment(key: Key, reason: Reason, as_json: AsJson = False) -> None:
    """Note something with a break."""
    _say(key, Word(kind="comment", act=new_act(whoami(), reason)), as_json)


@breaks.command()
def close(key: Key, reason: Reason, as_json: AsJson = False) -> None:
    """Close a break on your word; it comes back when its figures change."""
    _say(key, Word(kind="close", act=new_act(whoami(), reason)), as_json)


def _say(key: str, word: Word, as_json: bool) -> None:
    speak(open_workplace().engine, key, word)
    emit_counts([{"break": key, "noted": word.kind}], as_json)


def _plain(view: BreakView) -> dict[str, Any]:
    return {
        **view.stored,
        "detail": view.figures,
        "notes": [note._asdict() for note in view.notes],
        "sources": [source._asdict() for source in view.sources],
        "rows": [dict(row) for row in view.rows],
    }


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(reports)
    app.add_typer(breaks, name="break")
