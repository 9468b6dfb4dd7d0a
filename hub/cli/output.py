"""How the command line speaks: tables for people, JSON for machines, progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

LONG_COLUMNS = frozenset({"message", "detail", "error", "value", "streams", "state"})
"""Columns that may run over several lines; the others keep theirs."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_PIPE_WIDTH = 240

out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def emit_json(value: Any) -> None:
    """Print a value as JSON; times and amounts become texts."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(value, default=_jsonable, option=options).decode() + "\n")


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal | datetime):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def emit_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print rows under headings; numbers are set to the right."""
    content = [list(row) for row in rows]
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None)
    for place, name in enumerate(columns):
        table.add_column(
            name,
            justify="right" if _are_numbers([row[place] for row in content]) else "left",
            header_style="dim",
            no_wrap=name not in LONG_COLUMNS,
            overflow="fold",
        )
    for row in content:
        table.add_row(*(Text(_text(cell)) for cell in row))
    out.print(table if content else Text(f"{title}: none" if title else "none", style="dim"))


def _are_numbers(cells: Sequence[Any]) -> bool:
    return bool(cells) and all(isinstance(cell, int | float | Decimal | None) for cell in cells)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    if isinstance(cell, Decimal) and cell == round(cell, 2):
        return f"{cell:,.2f}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def say(message: str) -> None:
    """One plain line for people."""
    out.print(Text(message))


def warn(message: str) -> None:
    """One line on standard error."""
    err.print(Text(f"warning: {message}", style="yellow"))


def complain(message: object) -> None:
    """What went wrong, as one line on standard error."""
    err.print(Text(f"error: {' '.join(str(message).split())}", style="red"))


@contextmanager
def working(message: str) -> Iterator[None]:
    """A spinner while something longer runs; silent where no person watches."""
    if err.is_terminal:
        with err.status(message):
            yield
    else:
        yield


def emit_counts(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Rows that are alike, as JSON or as a table with their keys as headings."""
    if as_json:
        emit_json(list(rows))
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    emit_table(columns, [[row.get(key) for key in columns] for row in rows])
