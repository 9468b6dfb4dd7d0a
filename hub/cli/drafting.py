"""connector new: a package for a system that is not connected yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.output import say
from hub.errors import ConfigError
from hub.scaffold.draft import Draft, check_name
from hub.scaffold.openapi import draft_from_openapi
from hub.scaffold.project import KINDS, package, write_files
from hub.scaffold.starter import starter


def new_connector(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and _.")],
    kind: Annotated[str, typer.Option(help=f"How the system speaks: {', '.join(KINDS)}.")] = "rest",
    title: Annotated[str, typer.Option(help="Its name for people.")] = "",
    openapi: Annotated[
        Path | None, typer.Option(help="An OpenAPI document to draft the streams from.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="The folder to make; else hub-NAME.")] = None,
) -> None:
    """Make a package for a new connector, whose checks pass as it is."""
    check_name(name)
    if kind not in KINDS:
        raise ConfigError(f"there is no kind {kind!r}; known: {', '.join(KINDS)}")
    draft = _draft(name, title=title, kind=kind, openapi=openapi)
    folder = into or Path(f"hub-{name.replace('_', '-')}")
    made = package(draft, kind)
    write_files(made, folder)
    streams = ", ".join(item.stream.name for item in draft.streams)
    say(f"wrote {len(made)} files into {folder}; streams: {streams}")
    for note in draft.notes:
        say(f"look at this: {note}")
    say(f"next: cd {folder} && make check, then read README.md")


def _draft(name: str, *, title: str, kind: str, openapi: Path | None) -> Draft:
    shown = title or name.replace("_", " ").title()
    if openapi is None:
        return starter(name, shown, kind)
    if kind != "rest":
        raise ConfigError("--openapi describes a REST system: leave --kind out, or say rest")
    try:
        text = openapi.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{openapi}: can't be read ({type(error).__name__})") from error
    try:
        return draft_from_openapi(text, name=name, title=title, source=openapi.name)
    except ConfigError as error:
        raise ConfigError(f"{openapi}: {error}") from error
