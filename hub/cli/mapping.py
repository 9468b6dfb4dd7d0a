"""mapping check, mapping preview: what an engineer does while writing a mapping."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, say
from hub.cli.workplace import open_site
from hub.errors import ConfigError, MappingError
from hub.mapping import Mapping, PreviewRow, load_mapping, preview
from hub.pipeline.connections import Site

mappings = typer.Typer(
    help="Mapping files: from a system's records to canonical ones.", no_args_is_help=True
)


@mappings.command()
def check(
    what: Annotated[
        str, typer.Argument(help="A mapping file or a connection; all connections without it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check mapping files; every problem is named with its line."""
    if what.endswith((".yaml", ".yml")):
        found = [_line(what, _load_file(Path(what)))]
    else:
        site = open_site()
        names = [what] if what else list(site.config.connections)
        found = [_line(name, site.mapping(name)) for name in names]
    emit_counts(found, as_json)


def _load_file(path: Path) -> Mapping:
    try:
        return load_mapping(path.read_text(encoding="utf-8"), file=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"can't be read ({type(error).__name__})", file=str(path)) from error


def _line(name: str, mapping: Mapping) -> dict[str, Any]:
    return {
        "mapping of": name,
        "system": mapping.system,
        "streams": ", ".join(mapping.streams),
        "version": mapping.version,
        "digest": mapping.digest[:12],
        "state": "ok",
    }


@mappings.command("preview")
def show_preview(
    connection: Annotated[str, typer.Argument(help="The connection.")],
    stream: Annotated[str, typer.Argument(help="One of its streams.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many records.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Show records of the system and what the mapping makes of them, side by side."""
    site = open_site()
    mapping = site.mapping(connection)
    records = _first_records(site, connection, stream, count)
    found = preview(mapping, stream, records)
    if as_json:
        emit_json([[row._asdict() for row in rows] for rows in found])
        return
    for number, rows in enumerate(found, 1):
        _show(f"record {number} of {connection}/{stream}", rows)
    if not found:
        say(f"{connection}/{stream} holds no record")


def _first_records(site: Site, connection: str, stream: str, count: int) -> list[Any]:
    with site.connected(connection) as opened:
        known = [item.name for item in opened.streams]
        if stream not in known:
            raise ConfigError(
                f"connection {connection} has no stream {stream!r}; it has {', '.join(known)}"
            )
        pages = opened.connector.read(stream, None)
        return list(islice((record.data for page in pages for record in page.records), count))


def _show(title: str, rows: list[PreviewRow]) -> None:
    columns = ["source", "value", "canonical", "value", "line"]
    cells = [
        [
            row.source_path,
            row.source_value,
            f"{row.part + ': ' if row.part else ''}{row.canonical_path}",
            row.canonical_value,
            row.line,
        ]
        for row in rows
    ]
    emit_table(columns, cells, title)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(mappings, name="mapping")
