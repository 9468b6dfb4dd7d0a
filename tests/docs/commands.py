"""The commands of ``hub`` as the program itself knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from typer.main import get_command

from hub.cli.main import app


class Command(NamedTuple):
    """One command: its words after ``hub``, what it says of itself, its parameters."""

    name: str
    help: str
    parameters: tuple[Any, ...]

    @property
    def options(self) -> set[str]:
        return {name for item in self.parameters for name in item.opts if name.startswith("-")}

    @property
    def arguments(self) -> list[Any]:
        return [item for item in self.parameters if item.param_type_name == "argument"]

    @property
    def usage(self) -> str:
        return " ".join(["hub", self.name, *map(_argument, self.arguments)])


def _argument(item: Any) -> str:
    name = (item.metavar or item.name).upper()
    shown = name if item.required else f"[{name}]"
    return f"{shown}…" if item.nargs == -1 else shown


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its name."""
    return {command.name: command for command in _walk(get_command(app), "")}


@cache
def global_options() -> frozenset[str]:
    """The options that stand before a command."""
    return frozenset(name for item in get_command(app).params for name in item.opts) | {"--help"}


def _walk(node: Any, name: str) -> Iterator[Command]:
    inner = getattr(node, "commands", None)
    if inner is None:
        yield Command(name, node.help.splitlines()[0], tuple(node.params))
        return
    for word, child in inner.items():
        yield from _walk(child, f"{name} {word}".strip())
