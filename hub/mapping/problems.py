"""Collects what is wrong with a mapping file, so that one run shows all of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.errors import MappingError
from hub.mapping.canonical import Target
from hub.mapping.document import Leaf, Node, Table

_SHOWN: Final = 20


@dataclass(slots=True)
class Problems:
    """The problems of one file, in the order found."""

    file: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, message: str, line: int) -> None:
        """Remember a problem, once."""
        if (line, message) not in self.found:
            self.found.append((line, message))

    def raise_any(self) -> None:
        """Raise one error that has the first line and lists all problems."""
        if not self.found:
            return
        self.found.sort()
        (line, message), *others = self.found
        rest = [f"{self.file}:{where}: {what}" for where, what in others[: _SHOWN - 1]]
        if len(others) >= _SHOWN:
            rest.append(f"and {len(others) - _SHOWN + 1} more")
        raise MappingError("\n".join([message, *rest]), file=self.file, line=line)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file and in the canonical model the reader is."""

    problems: Problems
    target: Target
    path: str
    line: int
    ext: Mapping[str, Target] = field(default_factory=dict)

    def refuse(self, message: str, line: int | None = None) -> None:
        """Report a problem with this field."""
        self.problems.add(f"{self.path}: {message}", line or self.line)

    def nested(self, name: str, target: Target, line: int) -> Place:
        """The place of a nested field."""
        path = f"{self.path}.{name}" if self.path else name
        return replace(self, path=path, target=target, line=line)

    def item(self, index: int | None, line: int) -> Place:
        """The place of an item; None stands for every item that an ``each`` makes."""
        path = f"{self.path}[{'*' if index is None else index}]"
        return replace(self, path=path, target=self.target.single(), line=line)


def suggest(name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, and which one was meant, or what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(name[:60], names, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names) or 'none'}"
    return f"unknown {name[:60]!r}; {hint}"


def check_keys(table: Table, known: Iterable[str], *, what: str, problems: Problems) -> None:
    """Report the keys that are not known."""
    names = tuple(known)
    for name in table.entries:
        if name not in names:
            problems.add(f"{what}: {suggest(name, names)}", table.lines[name])


def text_of(table: Table, name: str, *, what: str, problems: Problems) -> str:
    """The text under a key; reports it where it is missing or no text."""
    node: Node | None = table.entries.get(name)
    if isinstance(node, Leaf) and node.text.strip() and node.value is not None:
        return node.text.strip()
    problems.add(f"{what}: {name} must be a text", table.lines.get(name, table.line))
    return ""


def tables_of(
    node: Node | None, what: str, *, problems: Problems
) -> Iterator[tuple[str, int, Table]]:
    """The entries of a table of tables, with their lines; reports those that are none."""
    if node is None:
        return
    if not isinstance(node, Table):
        problems.add(f"{what} must be a table", node.line)
        return
    for name, child in node.entries.items():
        if isinstance(child, Table):
            yield name, node.lines[name], child
        else:
            problems.add(f"{what}: {name} must be a table", node.lines[name])
