"""push serve, drain, list, show, retry: what systems send by themselves."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from hub.cli.listening import listen, require_web
from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, say, warn, working
from hub.cli.workplace import chosen_config, open_workplace
from hub.errors import ConfigError
from hub.store import pushes
from hub.store.database import reading, writing

_RECEIVER: Final = "hub.web.receiver:create"
_PROTOCOL: Final = "hub.web.deadline:DeadlineProtocol"
_CONCURRENT: Final = 100

push = typer.Typer(help="Deliveries that systems push to the hub by webhook.", no_args_is_help=True)
Ids = Annotated[list[str] | None, typer.Argument(help="Deliveries; all that failed without it.")]


@push.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; others reach it by a proxy with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Its port.")] = 8090,
) -> None:
    """Receive deliveries and land them, until it is ended."""
    require_web("the receiver")
    say(f"receiving at http://{host}:{port}/push/CONNECTION; Ctrl-C ends it")
    path = chosen_config().resolve()
    listen(_RECEIVER, path, address=(host, port), protocol=_PROTOCOL, at_once=_CONCURRENT)


@push.command()
def drain(as_json: AsJson = False) -> None:
    """Land what was received and waits: `hub push serve` does so by itself."""
    from hub.pipeline.push import drain_all

    work = open_workplace()
    with working("landing …"):
        reports = list(drain_all(work))
    for report in reports:
        for error in report.errors:
            warn(f"{report.connection}: {error}")
    rows = [{"connection": report.connection, **report.as_counts()} for report in reports]
    emit_counts(rows, as_json)


@push.command("list")
def show_deliveries(
    state: Annotated[
        str | None, typer.Option("--state", help="pending, done, failed or dead; all without it.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first; their content is not shown."""
    if state not in (None, *pushes.STATES):
        raise ConfigError(f"there is no state {state!r}: it is one of {', '.join(pushes.STATES)}")
    work = open_workplace()
    with reading(work.engine) as db:
        rows = [dict(row) for row in pushes.list_deliveries(db, state=state, limit=limit)]
    shown = ("id", "connection", "received_at", "state", "bytes", "reason")
    emit_counts(rows if as_json else [{name: row[name] for name in shown} for row in rows], as_json)


@push.command()
def show(
    delivery: Annotated[str, typer.Argument(help="Its id, as `hub push list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show what is known of a delivery, without its content."""
    work = open_workplace()
    with reading(work.engine) as db:
        found = pushes.list_deliveries(db, ids=[_as_id(delivery)])
    if not found:
        raise ConfigError("there is no such delivery; see `hub push list`")
    row: dict[str, Any] = dict(found[0])
    if as_json:
        emit_json(row)
        return
    emit_table(["what", "value"], list(row.items()))


@push.command()
def retry(ids: Ids = None, as_json: AsJson = False) -> None:
    """Let failed deliveries try again, after the connector was mended; dead ones by their id."""
    from hub.pipeline.push import drain_all

    work = open_workplace()
    with writing(work.engine) as db:
        queued = pushes.retry_deliveries(db, [_as_id(text) for text in ids or ()])
    if ids and not queued:
        raise ConfigError("no such delivery has failed; see `hub push list`")
    with working("landing …"):
        reports = list(drain_all(work))
    done, failed = (sum(report.counts[name] for report in reports) for name in ("done", "failed"))
    if as_json:
        emit_json({"queued": queued, "done": done, "failed": failed})
        return
    say(f"{queued} queued, {done} landed, {failed} failed again")


def _as_id(text: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(text))
    except ValueError as error:
        raise ConfigError("a delivery's id is a UUID; see `hub push list`") from error


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(push, name="push")
