"""hub airflow: the DAGs for an Airflow that is there, or a small one on this machine.

Airflow is started as programs of its own and never imported here (DESIGN: who may import whom).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.bundled import bundled
from hub.cli.airflow_site import AirflowSite, serve
from hub.cli.output import say
from hub.cli.workplace import chosen_config
from hub.config import load_config
from hub.errors import ConfigError

HOME: Final = ".airflow"

airflow = typer.Typer(help="Run the hub on Airflow.", no_args_is_help=True)


@airflow.command("install-dags")
def install_dags(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Airflow's DAG folder.")],
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that were changed.")
    ] = False,
) -> None:
    """Write the hub's DAG files into Airflow's DAG folder."""
    wanted = {path.name: path.read_bytes() for path in sorted(bundled("dags").glob("*.py"))}
    stale = [name for name, text in wanted.items() if _read(folder / name) != text]
    foreign = [name for name in stale if (folder / name).exists()]
    if foreign and not force:
        raise ConfigError(
            f"{folder}: {', '.join(foreign)} differ from what the hub would write; nothing was "
            "changed; look at them, then use --force"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        _replace(folder / name, wanted[name])
    say(f"{folder}: {len(stale)} written, {len(wanted) - len(stale)} up to date")
    say("set HUB_CONFIG to your hub.toml for Airflow's dag processor and workers")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({type(error).__name__})") from error


def _replace(path: Path, content: bytes) -> None:
    """The dag processor may read at any time: it finds the old file or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


@airflow.command()
def run(
    port: Annotated[
        int | None, typer.Option("--port", help="Of the UI; else 8080, or a free one.")
    ] = None,
) -> None:
    """Start Airflow with the hub's DAGs on this machine alone; Ctrl-C ends it."""
    config = chosen_config().resolve()
    load_config(config)
    _require_airflow()
    signal.signal(signal.SIGTERM, _interrupt)
    site = AirflowSite(home=Path(HOME).resolve(), config=config, dags=bundled("dags"))
    serve(site, port)


@airflow.command()
def pools() -> None:
    """Make the pools that the DAGs name and Airflow lacks; where Airflow's database is reached."""
    config = chosen_config().resolve()
    load_config(config)
    _require_airflow()
    command = [sys.executable, "-m", "hub.airflow.pools"]
    environment = {**os.environ, "HUB_CONFIG": str(config)}
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # our own module
    if code:
        raise ConfigError("Airflow's database can't be reached from here; see what it says above")


def _require_airflow() -> None:
    if find_spec("airflow") is None:
        raise ConfigError(
            "Airflow is not installed here; pip install 'customer-hub[airflow]', or `make airflow`"
        )


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(airflow, name="airflow")
