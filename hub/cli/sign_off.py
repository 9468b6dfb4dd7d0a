"""sign-off prepare, approve, list: a period's figures, under two signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, say, warn, working
from hub.cli.workplace import open_workplace, whoami
from hub.pipeline import sign_off
from hub.pipeline.report_files import FORMS, PDF, Wanted, make_reports
from hub.pipeline.sign_off_files import pack_folder, void_with_sheets, write_sheet
from hub.reports.render_pdf import can_render_pdf
from hub.store.audit import new_act
from hub.store.columns import new_id
from hub.store.database import reading
from hub.store.sign_offs import all_sign_offs

signing = typer.Typer(help="Sign a period's figures: prepared by one, approved by another.")
Period = Annotated[str, typer.Argument(help="A month that is over, like 2026-10.")]
_LISTED = ("period", "prepared_by", "approved_by", "data_hash", "rules_hash", "program")


@signing.command()
def prepare(
    period: Period,
    dest: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the pack (else reports/PERIOD).")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit trail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write the pack of a period and put it before another person to sign."""
    work = open_workplace()
    end = sign_off.end_of(period)
    folder = dest or pack_folder(work, period)
    forms = (*FORMS, PDF) if can_render_pdf() else FORMS
    with working("reconciling …"):
        wanted = Wanted(forms=forms, cut_off=end, own_sheets=False)
        pack = make_reports(work, folder, wanted)
    sign_off.prepare(work.engine, period, pack, new_act(whoami(), reason))
    write_sheet(work, period, folder)
    row = {"period": period, "folder": str(folder), "rules_hash": pack.rules_hash}
    emit_counts([row], as_json)


@signing.command()
def approve(
    period: Period,
    dest: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the pack (else reports/PERIOD).")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit trail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign what somebody else prepared."""
    work = open_workplace()
    void_with_sheets(work, new_id())
    sign_off.approve(work.engine, period, new_act(whoami(), reason))
    write_sheet(work, period, dest)
    emit_counts([{"period": period, "approved_by": whoami()}], as_json)


@signing.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List sign-offs; those whose period has changed since are void, with what changed."""
    work = open_workplace()
    for period, reason in void_with_sheets(work, new_id()).items():
        warn(f"{period} has changed since, and its sign-off is void: {reason}")
    with reading(work.engine) as db:
        rows = [dict(row) for row in all_sign_offs(db)]
    if not rows and not as_json:
        say("nothing is prepared or signed yet")
        return
    emit_counts([_line(row) for row in rows], as_json)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    state = "void" if row["voided_at"] else "signed" if row["approved_by"] else "prepared"
    return {
        "state": state,
        **{name: row[name] for name in _LISTED},
        "message": row["void_reason"] or "",
    }


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(signing, name="sign-off")
