"""Which configuration the command line works with."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from pathlib import Path

from hub.cli.output import err
from hub.config import DEMO_FOLDER, find_config
from hub.errors import ConfigError
from hub.pipeline import workplace
from hub.pipeline.connections import Site
from hub.pipeline.workplace import Workplace

ACTOR = "HUB_ACTOR"
"""Environment variable that names who decides; else the name of the login."""


@dataclass
class Choice:
    """The configuration file named on the command line, if any."""

    config: str | None = None


CHOICE = Choice()


def chosen_config() -> Path:
    """The configuration file; says so when it falls back to the demo's."""
    path = find_config(CHOICE.config)
    if CHOICE.config is None and path.parent == Path(DEMO_FOLDER):
        err.print(f"[dim]using {path}[/dim]")
    return path


def open_site() -> Site:
    """Load configuration and connectors; the store stays closed."""
    return workplace.open_site(chosen_config())


def open_workplace() -> Workplace:
    """Load everything and bring the store's schema up to date."""
    return workplace.open_workplace(chosen_config())


def whoami() -> str:
    """Who is at the keyboard; ConfigError where neither environment nor system knows."""
    try:
        return os.environ.get(ACTOR) or getpass.getuser()
    except (OSError, KeyError) as error:
        raise ConfigError(f"nobody is logged in here: set {ACTOR} to your name") from error
