"""sign-off prepare, approve, list: a period's figures, under two signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, say, warn, working
from hub.cli.workplace import open_workplace, whoami
from hub.pipeline import sign_off
from hub.pipeline.report_files import make_reports
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
    folder = dest or work.config.root / "reports" / period
    with working("reconciling …"):
        pack = make_reports(work, folder, cut_off=end)
    sign_off.prepare(work.engine, period, pack, new_act(whoami(), reason))
    row = {"period": period, "folder": str(folder), "rules_hash": pack.rules_hash}
    emit_counts([row], as_json)


@signing.command()
def approve(
    period: Period,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit trail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign what somebody else prepared."""
    sign_off.approve(open_workplace().engine, period, new_act(whoami(), reason))
    emit_counts([{"period": period, "approved_by": whoami()}], as_json)


@signing.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List sign-offs; those whose period has changed since are void, with what changed."""
    engine = open_workplace().engine
    for period, reason in sign_off.void_changed(engine, new_id()).items():
        warn(f"{period} has changed since, and its sign-off is void: {reason}")
    with reading(engine) as db:
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
