"""run: the whole job in one process, continuously."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Annotated, Any, Final

import orjson
import typer

from hub.cli.ending import told_to_end
from hub.cli.output import AsJson, say, warn
from hub.cli.workplace import open_workplace
from hub.errors import ConfigError
from hub.pipeline.continuous import Continuous
from hub.pipeline.loops import Cycle
from hub.pipeline.workplace import Workplace
from hub.store.alone import alone

_SERVING: Final = "hub.web.serving"


def run(
    *,
    host: Annotated[
        str, typer.Option("--host", help="Where to receive; others reach it by a proxy with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 is any.")] = 8090,
    no_receive: Annotated[
        bool, typer.Option("--no-receive", help="Only poll: `hub push serve` receives elsewhere.")
    ] = False,
    grace: Annotated[
        float, typer.Option("--grace", min=0, help="Seconds for what is under way at the end.")
    ] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Read, take what is pushed, resolve and publish, all the time, until it is ended."""
    work = open_workplace()
    tell = _Log(as_json)
    with alone(work.engine), told_to_end() as ended:
        running = Continuous(work, tell.cycle)
        serving = None if no_receive else _find_serving(work, running.wake, host, port)
        address = f"http://{host}:{serving.start()}/push/CONNECTION" if serving else None
        running.start()
        tell.begin(list(work.config.connections), work.config.publish.targets, address)
        ended()
        if serving:
            serving.stop()
        tell.end(running.stop(grace))


def _find_serving(work: Workplace, wake: Callable[[str], None], host: str, port: int) -> Any:
    """By name: the command line does not import the web."""
    try:
        found = importlib.import_module(_SERVING)
    except ImportError as error:
        raise ConfigError(
            "the receiver needs: pip install 'customer-hub[web]'; or poll only, by --no-receive"
        ) from error
    return found.find_serving(work, wake=wake, host=host, port=port)


class _Log:
    """One line for each cycle in which something happened."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def begin(self, readers: list[str], writers: list[str], address: str | None) -> None:
        if self._as_json:
            self._write({"step": "begin", "read": readers, "write": writers, "receive": address})
            return
        heard = f"receiving at {address}" if address else "nothing is received"
        say(f"reading {_named(readers)}; writing to {_named(writers)}; {heard}; Ctrl-C ends it")

    def cycle(self, cycle: Cycle) -> None:
        """Called from any loop."""
        with self._lock:
            if self._as_json:
                self._write(cycle.as_dict())
            else:
                sys.stdout.write(f"{_line(cycle)}\n")
                sys.stdout.flush()

    def end(self, left: Any) -> None:
        for name in left:
            warn(f"{name}: still at work; what is committed stays, the next run goes on")
        if self._as_json:
            self._write({"step": "end", "unfinished": list(left)})
        else:
            say("ended")

    def _write(self, line: dict[str, Any]) -> None:
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
        sys.stdout.flush()


def _named(names: list[str]) -> str:
    return ", ".join(names) or "nothing"


def _line(cycle: Cycle) -> str:
    place = f"{cycle.step} {cycle.connection}" if cycle.connection else cycle.step
    parts = [f"{name} {count:,}" for name, count in cycle.counts.items()]
    if cycle.error:
        parts.append(f"{cycle.error} (again in {cycle.again:.0f} s)")
    return f"{cycle.at:%H:%M:%S} {place}: {', '.join(parts)} [{cycle.seconds:.2f} s]"


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(run)
