"""The command ``hub``: the use cases without Airflow."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from hub.cli.commands import Program
from hub.cli.output import complain
from hub.cli.workplace import CHOICE
from hub.errors import HubError
from hub.pipeline.collection import collect_seldom

app = typer.Typer(
    cls=Program,
    help="Connects the front office to the back office: one customer index, golden records, "
    "write-back and reconciliation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def choose(
    config: Annotated[
        str | None,
        typer.Option("--config", "-c", help="Configuration file or its folder (else HUB_CONFIG)."),
    ] = None,
) -> None:
    """Connects the front office to the back office."""
    CHOICE.config = config


def run() -> None:
    """Entry point: every error becomes one line and an exit code, never a traceback."""
    collect_seldom()
    try:
        app()
    except HubError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted; what was committed stays, run it again to go on", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if os.environ.get("HUB_DEBUG"):
            raise
        _fail(f"unexpected {type(error).__name__}; set HUB_DEBUG=1 to see where", 70)


def _fail(message: str, code: int) -> None:
    complain(message)
    sys.exit(code)
