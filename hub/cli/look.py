"""status, quarantine, store: what is there, what is broken, what to do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, out, say, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError
from hub.store import overview
from hub.store.audit import new_act
from hub.store.database import reading
from hub.store.digest import digest
from hub.store.quarantine import list_quarantine


def status(as_json: AsJson = False) -> None:
    """Show what every stream holds, how its last read ended, and what waits."""
    work = open_workplace()
    with reading(work.engine) as db:
        streams = overview.stream_status(db)
        totals = overview.store_totals(db)
    if as_json:
        emit_json({"streams": streams, "totals": totals})
        return
    emit_counts([_short(row) for row in streams], as_json=False)
    out.print()
    emit_table(["what", "count"], list(totals.items()))


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """The error only where there is one: most reads end well."""
    return {name: value for name, value in row.items() if name != "error" or value}


quarantine = typer.Typer(
    help="Records that can't be read or mapped, with the reason.", no_args_is_help=True
)
store = typer.Typer(help="The store as a whole.", no_args_is_help=True)


@quarantine.command("list")
def show_quarantine(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits in quarantine; the payload is not shown."""
    work = open_workplace()
    with reading(work.engine) as db:
        streams = overview.known_streams(db)
        rows = [_entry(row, streams) for row in list_quarantine(db, limit=limit)]
    emit_counts(rows, as_json)


def _entry(row: Any, streams: dict[int, tuple[str, str]]) -> dict[str, Any]:
    connection, stream = streams[row["stream_id"]]
    names = ("stage", "created_at", "error", "message")
    entry = {"id": row["id"], "connection": connection, "stream": stream}
    return entry | {name: row[name] for name in names}


@quarantine.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Entries; all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Map quarantined records again, after the mapping or the source was mended."""
    from hub.pipeline.quarantine_desk import replay_entries

    work = open_workplace()
    with working("mapping again …"):
        counts = replay_entries(work, ids or None, new_act(whoami(), ""))
    if ids and not counts["queued"]:
        raise ConfigError("no entry with such an id waits in quarantine; see `hub quarantine list`")
    if as_json:
        emit_json(counts)
        return
    queued, mapped, failed = (counts[name] for name in ("queued", "mapped", "quarantined"))
    say(f"{queued} queued, {mapped} mapped, {failed} failed again")


@store.command("digest")
def show_digest(as_json: AsJson = False) -> None:
    """Print the fingerprint of the store's content."""
    work = open_workplace()
    value = digest(work.engine)
    emit_json({"digest": value}) if as_json else say(value)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(status)
    app.add_typer(quarantine, name="quarantine")
    app.add_typer(store, name="store")
