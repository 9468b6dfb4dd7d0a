"""A mapping file as a tree of nodes with line numbers, read so that no file can do harm.

Only plain YAML is read: no tags, anchors or aliases, bounded size, depth and number of nodes.
Scalars follow YAML 1.2: ``yes``, ``no`` and dates are texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from hub.errors import MappingError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_CHARACTERS: Final = 512_000
_MAX_DEPTH: Final = 24
_MAX_NODES: Final = 20_000
_PLAIN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: its value, and its text as written."""

    value: Scalar
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping; ``lines`` has the line of each key."""

    entries: Mapping[str, Node]
    lines: Mapping[str, int]
    line: int


Node = Leaf | Items | Table


def read_document(text: str, *, file: str) -> Node:
    """Parse a file's text, or raise MappingError with the line at fault."""
    if len(text) > _MAX_CHARACTERS:
        raise MappingError(f"the file is longer than {_MAX_CHARACTERS:,} characters", file=file)
    try:
        _inspect(text, file)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise MappingError(f"not valid YAML: {error.problem}", file=file, line=line) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise MappingError(
            "not valid YAML: it holds a character that is not allowed", file=file
        ) from error
    if root is None:
        raise MappingError("the file is empty", file=file, line=1)
    return _convert(root, file)


def _inspect(text: str, file: str) -> None:
    # Events come one at a time, so a bomb is refused before a tree of it is built.
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        reason = _objection(event, depth=depth, nodes=nodes)
        if reason is not None:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise MappingError(reason, file=file, line=line)


def _objection(event: yaml.Event, *, depth: int, nodes: int) -> str | None:
    if depth > _MAX_DEPTH:
        return f"nested deeper than {_MAX_DEPTH} levels"
    if nodes > _MAX_NODES:
        return f"more than {_MAX_NODES:,} nodes"
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        return (
            "anchors and aliases (& and *) are not allowed; write it out, or put a text that"
            " begins with * in quotes"
        )
    return None


def _convert(node: yaml.Node, file: str) -> Node:
    line = node.start_mark.line + 1
    if node.tag not in _PLAIN_TAGS:
        raise MappingError("YAML tags (!…) are not allowed", file=file, line=line)
    if isinstance(node, yaml.MappingNode):
        return _convert_table(node, file)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_convert(child, file) for child in node.value), line)
    assert isinstance(node, yaml.ScalarNode)
    return Leaf(_scalar(node), node.value, line)


def _convert_table(node: yaml.MappingNode, file: str) -> Table:
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for name, line, child in _pairs(node, file):
        if name in entries:
            raise MappingError(
                f"{name!r} is given twice, first in line {lines[name]}", file=file, line=line
            )
        entries[name] = _convert(child, file)
        lines[name] = line
    return Table(entries, lines, node.start_mark.line + 1)


def _pairs(node: yaml.MappingNode, file: str) -> Iterator[tuple[str, int, yaml.Node]]:
    for key, child in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag not in _PLAIN_TAGS:
            raise MappingError("a key must be a plain text", file=file, line=line)
        yield key.value, line, child


def _scalar(node: yaml.ScalarNode) -> Scalar:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
