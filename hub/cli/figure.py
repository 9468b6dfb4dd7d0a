"""figure list, show, source: from a figure of a report down to records and their raw payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, out, say
from hub.cli.workplace import open_workplace
from hub.pipeline.figure_desk import (
    SourceView,
    figure_view,
    figures_of,
    reports_of,
    source_of,
)

figures = typer.Typer(help="Figures of reports, down to what they are made of.",
                      no_args_is_help=True)  # fmt: skip
_HIDDEN = frozenset({"record_id", "part", "other_connection"})


@figures.command("list")
def show_figures(
    report: Annotated[str, typer.Argument(help="The report, such as R10.")],
    part: Annotated[str | None, typer.Option("--table", "-t", help="One of its tables.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the figures of a report's tables, with the ids that lead down."""
    found = figures_of(open_workplace().engine, report.upper(), part, limit)
    rows = [
        {"id": line.id, "table": line.part, "figure": " · ".join(map(str, line.subject.values()))}
        for line in found
    ]
    emit_counts(rows, as_json)


@figures.command("show")
def show_figure(
    key: Annotated[str, typer.Argument(help="Id of the figure, as the reports show it.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many records.")] = 200,
    raw: Annotated[
        bool, typer.Option("--raw", help="With the raw payload of each record.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the records that a figure is made of, as they stand now."""
    work = open_workplace()
    view = figure_view(work.engine, reports_of(work), key, limit)
    places = {_place(row) for row in view.rows} - {""} if raw else set()
    sources = [source_of(work.engine, place) for place in sorted(places)]
    if as_json:
        head = {"title": view.title, **view.line._asdict(), "cut": view.cut}
        said = [source._asdict() for source in sources]
        emit_json({**head, "rows": [dict(row) for row in view.rows], "sources": said})
        return
    subject = " · ".join(str(value) for value in view.line.subject.values())
    say(f"{view.line.report} {view.title}: {subject}")
    show_rows(view.rows)
    if view.cut:
        say(f"and more than these {limit}: see --limit")
    for source in sources:
        out.print()
        show_source(source)


@figures.command("source")
def show_raw(
    reference: Annotated[str, typer.Argument(help="CONNECTION:TYPE:KEY of a source record.")],
    as_json: AsJson = False,
) -> None:
    """Show what a system said of a record: the raw payload that was last read."""
    source = source_of(open_workplace().engine, reference)
    if as_json:
        emit_json(source._asdict())
    else:
        show_source(source)


def show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Records, each by its reference, with what the report says of them."""
    names = [name for row in rows[-1:] for name in row if name not in _HIDDEN]
    shown = [name for name in names if name not in _KEYS]
    lines = [
        [_place(row), *("" if row.get(n) is None else str(row[n]) for n in shown)] for row in rows
    ]
    emit_table(["record", *shown], lines)


def show_source(source: SourceView) -> None:
    """A raw payload under its reference."""
    say(f"{source.connection}:{source.type}:{source.key}, version {source.version}")
    emit_json(source.payload)


_KEYS = frozenset({"connection", "type", "source_key", "other_type", "other_key"})


def _place(row: Mapping[str, Any]) -> str:
    """The reference of a row's record; empty where it stands for a customer or a break."""
    if row.get("record_id") is None:
        return ""
    other = row.get("other_key") is not None
    names = ("other_connection", "other_type", "other_key")
    return ":".join(str(row[n]) for n in (names if other else ("connection", "type", "source_key")))


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(figures, name="figure")
