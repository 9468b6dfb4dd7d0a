"""A mapping ready to translate records: one compiled stream for each stream of the file."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from typing import Any, NamedTuple

from hub.errors import MappingError, UnmappableRecordError
from hub.mapping.comparisons import Holds, compile_condition
from hub.mapping.origins import PayloadValue, payload_values
from hub.mapping.plan import Each, Expression, Many, Thing
from hub.mapping.reader import Mapping
from hub.mapping.streams import StreamPlan
from hub.mapping.things import compile_thing
from hub.mapping.values import Gap, Getter, Unit


class Mapped(NamedTuple):
    """One canonical record: ``body`` is ready for ``ENTITIES[entity].model_validate``.

    ``gaps`` are (canonical path, raw value) of enum values that the mapping does not know.
    """

    entity: str
    part: str
    body: dict[str, Any]
    gaps: list[Gap]


class CompiledStream:
    """Translates the records of one stream; it keeps no state between records."""

    def __init__(self, plan: StreamPlan, unit: Unit) -> None:
        self.name = unit.stream
        self._plan = plan
        self._rules: list[tuple[str, Holds]] = [
            (name, compile_condition(rule, unit)) for name, rule in plan.exclude.items()
        ]
        self._parts: list[tuple[str, str, Holds | None, Getter]] = [
            (
                part.entity,
                part.part,
                compile_condition(part.when, unit) if part.when is not None else None,
                compile_thing(part.body, unit),
            )
            for part in plan.parts
        ]

    def excluded_by(self, data: MappingOf[str, Any]) -> str | None:
        """The name of the first rule that leaves this record out, or None."""
        if not self._rules:
            return None
        record = _as_dict(data)
        return next((name for name, holds in self._rules if holds(record, (record, []))), None)

    def translate(self, data: MappingOf[str, Any]) -> list[Mapped]:
        """The canonical records that this record gives, or UnmappableRecordError."""
        record = data if type(data) is dict else _as_dict(data)
        made = []
        for entity, part, holds, build in self._parts:
            gaps: list[Gap] = []
            scope = (record, gaps)
            if holds is None or holds(record, scope):
                made.append(Mapped(entity, part, build(record, scope), gaps))
        return made

    def lines(self, part: str) -> dict[str, int]:
        """The mapping line of every canonical field of a part, by dotted path.

        Items of a list are counted as the mapping lists them: an item that a record leaves out
        still has its number. Items that an ``each`` makes stand under ``[*]``.
        """
        return dict(_lines(self._body(part), ""))

    def payload_values(self, part: str, path: str, record: dict[str, Any]) -> list[PayloadValue]:
        """What a record holds where the part's field at a path is read; paths as in ``lines``."""
        return payload_values(self._body(part), path, record)

    def _body(self, part: str) -> Thing:
        for one in self._plan.parts:
            if one.part == part:
                return one.body
        raise MappingError(f"stream {self.name!r} has no part {part!r}")


class CompiledMapping:
    """The compiled streams of one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._streams: dict[str, CompiledStream] = {}
        for name in mapping.plans:
            if name != "*":
                self.stream(name)

    def stream(self, name: str) -> CompiledStream:
        """The stream's translator: its own mapping, else that of "*", else MappingError."""
        found = self._streams.get(name)
        if found is None:
            plan = self.mapping.plans.get(name) or self.mapping.plans.get("*")
            if plan is None:
                raise MappingError(
                    f"stream {name!r} has no mapping; add it under streams:", file=self.mapping.file
                )
            found = CompiledStream(plan, Unit(self.mapping.file, name))
            self._streams[name] = found
        return found


def compile_mapping(mapping: Mapping) -> CompiledMapping:
    """Turn a checked mapping into closures."""
    return CompiledMapping(mapping)


def _as_dict(data: Any) -> dict[str, Any]:
    if isinstance(data, MappingOf):
        return dict(data)
    raise UnmappableRecordError("the record is no object with named fields")


def _lines(found: Expression, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(found, Each):
        yield from _lines(found.item, f"{path}[*]")
        return
    if path:
        yield path, found.line
    for step, child in _children(found):
        yield from _lines(child, f"{path}{step}".removeprefix("."))


def _children(found: Expression) -> Iterator[tuple[str, Expression]]:
    if isinstance(found, Thing):
        for name, child in found.fields.items():
            yield f".{name}", child
    elif isinstance(found, Many):
        for index, item in enumerate(found.items):
            yield "" if isinstance(item, Each) else f"[{index}]", item
