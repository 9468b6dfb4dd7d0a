"""Which module of this folder holds which command: the called one alone is imported.

All of them take a second to import, most of them alone half of that. The pattern is Click's
(https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

MODULES: Final[Mapping[str, str]] = {
    "init": "setup",
    "doctor": "setup",
    "token-key": "setup",
    "sync": "steps",
    "resolve": "steps",
    "publish": "publish",
    "run": "run_all",
    "show": "customer",
    "history": "history",
    "explain": "explain",
    "merge": "steward",
    "unmerge": "steward",
    "move": "steward",
    "never-link": "steward",
    "status": "look",
    "maintain": "maintain",
    "serve": "serve",
    "demo": "demo",
    "connector": "setup",
    "connection": "setup",
    "model": "setup",
    "mapping": "mapping",
    "delivery": "delivery",
    "reconcile": "reconcile",
    "mail": "reconcile",
    "break": "reconcile",
    "figure": "figure",
    "sign-off": "sign_off",
    "review": "review",
    "audit": "steward",
    "proof": "proof",
    "erase": "privacy",
    "export": "privacy",
    "match": "match",
    "quarantine": "look",
    "store": "look",
    "push": "push",
    "web-user": "serve",
    "airflow": "airflow",
}
"""The module of each command, in the order of `hub --help`."""


class Program(TyperGroup):
    """The program ``hub``, whose commands are imported as they are asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": _Commands()})


class _Commands(Mapping[str, Any]):
    """Every command by its name."""

    def __getitem__(self, name: str) -> Any:
        return commands_of(MODULES[name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


@cache
def commands_of(module: str) -> Mapping[str, Any]:
    """What a module hangs on the program, by name."""
    part = typer.Typer()
    import_module(f"hub.cli.{module}").add_to(part)
    return get_group(part).commands
