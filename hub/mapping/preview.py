"""Shows what a mapping makes of a few records, value by value, with the line at work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingOf
from typing import Any, NamedTuple

from hub.errors import MappingError
from hub.mapping.catalogue import source_text
from hub.mapping.comparisons import compile_condition
from hub.mapping.paths import Path, compile_path
from hub.mapping.plan import Const, Each, Expression, Many, Ref, Thing, Value
from hub.mapping.reader import Mapping
from hub.mapping.things import compile_expression, elements
from hub.mapping.values import Item, Scope, Unit, compile_jmes, compile_source


class PreviewRow(NamedTuple):
    """One canonical value and where it comes from; values are shown as they are, unmasked.

    ``canonical_path`` has the index that an item has in the result.
    """

    part: str
    source_path: str
    source_value: Any
    canonical_path: str
    canonical_value: Any
    line: int


def preview(
    mapping: Mapping, stream: str, records: Iterable[MappingOf[str, Any]]
) -> list[list[PreviewRow]]:
    """The rows of each record, in the order of the mapping file."""
    plan = mapping.plans.get(stream) or mapping.plans.get("*")
    if plan is None:
        raise MappingError(f"stream {stream!r} has no mapping", file=mapping.file)
    unit = Unit(mapping.file, stream)
    rows = []
    for record in records:
        scope: Scope = (dict(record), [])
        rows.append(
            [
                row._replace(part=part.part)
                for part in plan.parts
                if part.when is None or compile_condition(part.when, unit)(scope[0], scope)
                for row in _Walk(unit, scope).rows(part.body, scope[0], "")
            ]
        )
    return rows


class _Walk(NamedTuple):
    unit: Unit
    scope: Scope

    def rows(self, found: Expression, item: Item, path: str) -> Iterator[PreviewRow]:
        """The rows of everything under an expression that is present in this record."""
        made = compile_expression(found, self.unit)(item, self.scope)
        if made is None:
            return
        if isinstance(found, Thing):
            for name, child in found.fields.items():
                yield from self.rows(child, item, f"{path}.{name}" if path else name)
        elif isinstance(found, Many | Each):
            for index, (child, element) in enumerate(self.items(found, item)):
                yield from self.rows(child, element, f"{path}[{index}]")
        else:
            source_path, source_value = self.source(found, item)
            yield PreviewRow("", source_path, source_value, path, made, found.line)

    def items(self, found: Many | Each, item: Item) -> Iterator[tuple[Expression, Item]]:
        """The expressions that give an item, each with the sub-record it reads."""
        if isinstance(found, Each):
            for element in self.elements(found, item):
                if compile_expression(found.item, self.unit)(element, self.scope) is not None:
                    yield found.item, element
            return
        for child in found.items:
            if isinstance(child, Each):
                yield from self.items(child, item)
            elif compile_expression(child, self.unit)(item, self.scope) is not None:
                yield child, item

    def elements(self, each: Each, item: Item) -> list[Item]:
        """The sub-records of an ``each``."""
        if isinstance(each.source, Path):
            return elements(compile_path(each.source)(item, self.scope))
        search = compile_jmes(each.source, "each", self.unit, line=each.line)
        return elements(search(item, self.scope))

    def source(self, found: Const | Value | Ref, item: Item) -> tuple[str, Any]:
        """Path and raw value, as the mapping file names them."""
        if isinstance(found, Const):
            return "(const)", None
        if isinstance(found, Value):
            return source_text(found), compile_source(found, self.unit)(item, self.scope)
        values = [compile_source(key, self.unit)(item, self.scope) for key in found.keys]
        path = ", ".join(source_text(key) for key in found.keys)
        return path, values if found.composite else values[0]
