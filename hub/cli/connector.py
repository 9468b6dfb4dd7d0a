"""hub connector new and inspect: a package for a system that is not connected yet."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.output import AsJson, emit_json, emit_table, say
from hub.errors import ConfigError
from hub.scaffold.draft import Draft, check_name
from hub.scaffold.openapi import draft_from_openapi
from hub.scaffold.project import KINDS, checks, package
from hub.scaffold.render import write_files
from hub.scaffold.starter import starter

Location = Annotated[str, typer.Argument(help="The WSDL: a file, never an address.")]
Target = Annotated[
    Path | None, typer.Option("--draft", help="Write a draft of a connector into this new folder.")
]
Name = Annotated[str, typer.Option(help="What the connector is called.")]


def inspect(wsdl: Location, draft: Target = None, name: Name = "", as_json: AsJson = False) -> None:
    """List the services, ports and operations of a WSDL; draft a connector for it."""
    from hub.scaffold.wsdl import describe_wsdl

    ports = describe_wsdl(wsdl)
    if draft is not None:
        _write_draft(Path(wsdl), draft, name)
        return
    if as_json:
        emit_json([asdict(port) for port in ports])
        return
    for port in ports:
        address = port.address or "no address"
        say(f"{port.service}, port {port.name}: SOAP {port.version} at {address}")
        rows = [
            (
                operation.name,
                ", ".join(field.describe() for field in operation.takes),
                ", ".join(field.describe() for field in operation.gives),
            )
            for operation in port.operations
        ]
        emit_table(("operation", "takes", "gives"), rows)


def _write_draft(wsdl: Path, target: Path, name: str, title: str = "") -> None:
    """A package drafted from a WSDL, with its checks."""
    from hub.scaffold.soap import draft_files

    chosen = check_name(name or wsdl.stem.lower().replace("-", "_").replace(".", "_"))
    made = {**draft_files(wsdl, chosen, title), **checks(chosen, title)}
    write_files(target, made)
    say(f"wrote {len(made)} files into {target}; streams.py is guessed from names")
    say(f"next: cd {target} && make check, then read README.md")


def new_connector(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and _.")],
    *,
    kind: Annotated[str, typer.Option(help=f"How the system speaks: {', '.join(KINDS)}.")] = "rest",
    title: Annotated[str, typer.Option(help="Its name for people.")] = "",
    source: Annotated[
        Path | None, typer.Option(help="An OpenAPI document or a WSDL to draft the streams from.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="The folder to make; else hub-NAME.")] = None,
) -> None:
    """Make a package for a new connector, whose checks pass as it is."""
    check_name(name)
    if kind not in KINDS:
        raise ConfigError(f"there is no kind {kind!r}; known: {', '.join(KINDS)}")
    folder = into or Path(f"hub-{name.replace('_', '-')}")
    text = _text_of(source)
    if source is not None and text.lstrip().startswith("<"):
        _write_draft(source, folder, name, title)
        return
    draft = (
        starter(name, title or name.replace("_", " ").title(), kind)
        if source is None
        else _draft(name, title=title, kind=kind, document=(source, text))
    )
    made = package(draft, kind)
    write_files(folder, made)
    streams = ", ".join(item.stream.name for item in draft.streams)
    say(f"wrote {len(made)} files into {folder}; streams: {streams}")
    for note in draft.notes:
        say(f"look at this: {note}")
    say(f"next: cd {folder} && make check, then read README.md")


def _draft(name: str, *, title: str, kind: str, document: tuple[Path, str]) -> Draft:
    """From an OpenAPI document: its path and its text."""
    source, text = document
    if kind != "rest":
        raise ConfigError("an OpenAPI document describes a REST system: leave --kind out")
    try:
        return draft_from_openapi(text, name=name, title=title, source=source.name)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def _text_of(source: Path | None) -> str:
    if source is None:
        return ""
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: can't be read ({type(error).__name__})") from error


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the group `hub connector`."""
    app.command("new")(new_connector)
    app.command("inspect")(inspect)
