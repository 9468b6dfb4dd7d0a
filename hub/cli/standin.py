"""connector stand-in: a system to try things on, for who has none at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.ending import told_to_end
from hub.cli.output import AsJson, emit_json, say
from hub.errors import ConfigError
from hub.plugins import discover
from hub.sdk.standin import StandInState

State = Annotated[
    Path | None, typer.Option("--state", help="File of its records, which it changes; else none.")
]


def stand_in(
    connector: Annotated[str, typer.Argument(help="Of which connector; see `hub connector list`.")],
    state: State = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="On 127.0.0.1; 0 is any.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run a connector's stand-in server, and print how to reach it; Ctrl-C ends it."""
    known = discover().standins
    if connector not in known:
        raise ConfigError(f"{connector!r} has no stand-in; there are: {', '.join(sorted(known))}")
    if state is not None and not state.is_file():
        raise ConfigError(f"{state} is not there; `hub demo` makes states in hub-demo/systems")
    records = StandInState({}) if state is None else StandInState.load(state)
    with told_to_end() as ended:
        running = known[connector].start(records, port)
        try:
            if as_json:
                emit_json(running.config)
            else:
                for name, value in running.config.items():
                    say(f"{name}: {value}")
                say("Ctrl-C ends it")
            ended()
        finally:
            running.stop()


def add_to(app: typer.Typer) -> None:
    """Hang the command on the group `hub connector`."""
    app.command("stand-in")(stand_in)
