"""maintain: what the store needs once a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from hub.cli.output import AsJson, emit_json, say, working
from hub.cli.workplace import open_workplace
from hub.pipeline import maintain as upkeep


def maintain(
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Rewrite the whole store, to give space back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up the store, drop what is kept no longer, refresh the database's statistics."""
    work, now = open_workplace(), datetime.now(UTC)
    with working("backing up …"):
        backup = upkeep.back_up(work, now)
    with working("tidying …"):
        dropped = upkeep.forget(work, now)
        size = upkeep.tidy(work, vacuum=vacuum)
    if as_json:
        made = None if backup is None else backup.path.name
        emit_json({"backup": made, **dropped, "bytes": size})
        return
    if backup is None:
        say("no backup: maintain.backups is none")
    else:
        say(f"backup: {backup.path.name}, {backup.size:,} bytes; {backup.kept} kept")
    gone = ", ".join(f"{count:,} {what}" for what, count in dropped.items())
    say(f"dropped {gone}")
    say(f"store: {size:,} bytes")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(maintain)
