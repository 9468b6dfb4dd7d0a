"""erase, export: what a person may ask for by law (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.files import write_private
from hub.cli.output import AsJson, emit_json, emit_table, say, warn, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError
from hub.pipeline.customer import find_customer
from hub.pipeline.erase import Erased, Request, erase, plan_erasure
from hub.pipeline.export import export_party, to_text
from hub.pipeline.workplace import Workplace

privacy = typer.Typer()
Customer = Annotated[str, typer.Argument(help="Customer id, or CONNECTION:TYPE:KEY of a record.")]


@privacy.command("erase")
def erase_customer(
    customer: Customer,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is kept: name a ticket, not the person.")
    ],
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would happen; change nothing.")
    ] = False,
    hold: Annotated[
        bool | None,
        typer.Option("--hold/--no-hold", help="Keep invoices and the like without names, or not."),
    ] = None,
    *,
    organisation: Annotated[
        bool, typer.Option("--organisation", help="It is one person's: a sole trader.")
    ] = False,
    reports: Annotated[
        Path | None,
        typer.Option("--reports", help="Folder of report files to look through (else reports)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person from every table for ever, and keep them out; run again, it goes on."""
    work = open_workplace()
    request = Request(
        party=_party(work, customer),
        actor=whoami(),
        reason=reason,
        hold=hold,
        organisation=organisation,
        reports=reports or work.config.root / "reports",
        ours=work.ours,
        targets=work.config.publish.erasures,
    )
    run = plan_erasure if plan else erase
    with working("looking …" if plan else "erasing …"):
        done = run(work.engine, request, work.config.erasure_key)
    emit_json(_plain(done)) if as_json else _tell(done)


@privacy.command()
def export(
    customer: Customer,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; else it is printed.")
    ] = None,
) -> None:
    """Write all that is held about a person as one JSON, with the origin of every value."""
    work = open_workplace()
    text = to_text(export_party(work.engine, _party(work, customer), work.ours))
    if out is None:
        typer.echo(text.decode(), nl=False)
        return
    write_private(out, text)
    say(f"written to {out}; it is personal data: hand it over and delete it")


def _party(work: Workplace, text: str) -> str:
    party = find_customer(work.engine, text)
    if party is None:
        raise ConfigError(
            "no customer has that id or source reference (CONNECTION:TYPE:KEY); one that was "
            "erased is known by its id alone"
        )
    return party


def _plain(done: Erased) -> dict[str, Any]:
    return {
        "party_id": done.party,
        "state": done.state,
        "records": done.fates,
        "held_documents": done.held,
        "rows": done.counts,
        "sharers": list(done.sharers),
        "report_files": list(done.files),
    }


def _tell(done: Erased) -> None:
    emit_table(["source records", "count"], list(done.fates.items()))
    emit_table(["table", "rows"], list(done.counts.items()))
    if done.held:
        say(f"{done.held} documents are kept without names")
    for party in done.sharers:
        warn(f"{party} has the same e-mail or phone, which stays: is it the same person?")
    for path in done.files:
        warn(f"{path} holds the person: delete it, or write it anew with `hub reconcile`")
    say(f"{done.party}: {'nothing was changed' if done.state == 'planned' else 'erased'}")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(privacy)
