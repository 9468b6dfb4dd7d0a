"""The create side of a mapping: the fields of a record that is made at a target.

The mapping language the other way round: expressions over a customer's golden record give the
system's own fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from hub.errors import UnmappableRecordError
from hub.mapping.canonical import Target
from hub.mapping.document import Items, Leaf, Node, Table
from hub.mapping.expressions import read_expression
from hub.mapping.paths import Path
from hub.mapping.plan import Const, Expression, First, Join, Value
from hub.mapping.problems import Place, Problems, suggest, tables_of
from hub.mapping.values import Unit, compile_scalar

_TEXT: Final = Target("text", str)
Creates = Mapping[str, Mapping[str, Expression]]


def read_create(node: Node | None, lookups: Node | None, problems: Problems) -> Creates:
    """The expressions by stream and field; ``lookups`` are tables that they name."""
    tables = {name: table for name, _, table in tables_of(lookups, "lookups", problems=problems)}
    found: dict[str, Mapping[str, Expression]] = {}
    for stream, _, table in tables_of(node, "create", problems=problems):
        fields = {}
        for name, child in table.entries.items():
            line = table.lines[name]
            place = Place(problems, _TEXT, f"create: {stream}: {name}", line)
            read = read_expression(_with_lookups(child, tables, place), place)
            if isinstance(read, Const | Value):
                fields[name] = read
        found[stream] = MappingProxyType(fields)
    return MappingProxyType(found)


def _with_lookups(node: Node, tables: Mapping[str, Table], place: Place) -> Node:
    """The node with named tables in the place of their names, at any depth."""
    if isinstance(node, Items):
        return Items(tuple(_with_lookups(item, tables, place) for item in node.items), node.line)
    if not isinstance(node, Table):
        return node
    entries = {
        name: _with_lookups(child, tables, place)
        for name, child in node.entries.items()
        if name != "lookup"
    }
    lines = dict(node.lines)
    if "lookup" in node.entries:
        entries["enum"] = _named(node.entries["lookup"], tables, place)
        lines["enum"] = lines["lookup"]
    return Table(entries, lines, node.line)


def _named(node: Node, tables: Mapping[str, Table], place: Place) -> Node:
    name = node.text if isinstance(node, Leaf) else ""
    if name not in tables:
        place.refuse(f"lookup {suggest(name, tables)}", node.line)
    return tables.get(name, Table({"": Leaf("", "", node.line)}, {"": node.line}, node.line))


def attributes_read(found: Expression) -> Iterator[str]:
    """The golden attributes whose paths an expression reads; a jmes says nothing of its own."""
    source = found.source if isinstance(found, Value) else None
    if isinstance(source, Path):
        yield str(source.segments[0])
    parts = source.choices if isinstance(source, First) else ()
    for part in source.pieces if isinstance(source, Join) else parts:
        yield from attributes_read(part)


@dataclass(frozen=True, slots=True)
class Filled:
    """A new record's fields, and those that are demanded and have no value."""

    fields: Mapping[str, str]
    lacking: tuple[str, ...]


class Recipe:
    """Fills in the fields of a new record from a golden record.

    ``write`` are the fields by golden attribute that rules write there as well; what the create
    side says of a field counts before them. ``demands`` are what the target demands besides.
    """

    def __init__(
        self,
        create: Mapping[str, Expression],
        write: Mapping[str, str],
        demands: tuple[str, ...] = (),
        *,
        unit: Unit,
    ) -> None:
        self._write = dict(write)
        self._getters = {name: compile_scalar(_lenient(e), unit) for name, e in create.items()}
        required = (n for n, e in create.items() if isinstance(e, Value) and e.required)
        self._demands = tuple(dict.fromkeys((*demands, *required)))

    def fill(self, golden: Mapping[str, Any]) -> Filled:
        """The fields that have a value, as texts."""
        fields = dict(self._written(golden))
        item = dict(golden)
        for name, getter in self._getters.items():
            with suppress(UnmappableRecordError):
                value = getter(item, (item, []))
                fields |= {} if value is None else {name: str(value)}
        lacking = tuple(name for name in self._demands if not fields.get(name))
        return Filled(fields, lacking)

    def _written(self, golden: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for attribute, field in self._write.items():
            value = golden.get(attribute)
            if value not in (None, ""):
                yield field, str(value)


def _lenient(found: Expression) -> Expression:
    """Without its demand: what is lacking is told of the whole record at once."""
    return replace(found, required=False) if isinstance(found, Value) else found
