"""Reads a mapping file, checks everything that can be checked without a record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from hub.mapping.canonical import JSON, Target
from hub.mapping.catalogue import CatalogueField, add_sources, read_catalogue
from hub.mapping.conditions import read_condition
from hub.mapping.document import Items, Leaf, Node, Table, read_document
from hub.mapping.expressions import read_thing
from hub.mapping.plan import Condition
from hub.mapping.problems import Place, Problems, check_keys, suggest, tables_of, text_of
from hub.mapping.recipes import Creates, read_create
from hub.mapping.streams import Part, StreamPlan
from hub.model import ENTITIES

_KEYS: Final = (
    *("system", "version", "catalogue", "streams", "write", "create", "lookups", "exclude"),
)
_PART_KEYS: Final = ("entity", "part", "when", "fields")
_PART: Final = re.compile(r"[A-Za-z0-9_.:-]{0,60}")
_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A checked mapping file; ``digest`` is the SHA-256 of its text.

    ``write`` gives, by stream, the system's own field for each canonical attribute; ``create`` the
    expressions, over a golden record, for fields of a record that is made there.
    """

    system: str
    version: int
    digest: str
    file: str
    text: str
    catalogue: tuple[CatalogueField, ...]
    plans: MappingOf[str, StreamPlan]
    write: MappingOf[str, MappingOf[str, str]]
    create: Creates

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that have a mapping; "*" stands for every other one."""
        return tuple(self.plans)


def load_mapping(text: str, *, file: str) -> Mapping:
    """Read a mapping file's text; a MappingError lists all problems with their lines."""
    root = read_document(text, file=file)
    problems = Problems(file)
    if not isinstance(root, Table):
        problems.add("a mapping file is a table that begins with system: and version:", 1)
        root = Table({}, {}, 1)
    check_keys(root, _KEYS, what="mapping", problems=problems)
    system = text_of(root, "system", what="mapping", problems=problems)
    declared = read_catalogue(root.entries.get("catalogue"), system, problems=problems)
    plans = _read_streams(root, declared, problems)
    mapping = Mapping(
        system=system,
        version=_read_version(root, problems),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        file=file,
        text=text,
        catalogue=tuple(add_sources(field, plans) for field in declared.values()),
        plans=MappingProxyType(plans),
        write=_read_write(root.entries.get("write"), plans, problems),
        create=_read_create(root, plans, problems),
    )
    problems.raise_any()
    return mapping


def _read_version(root: Table, problems: Problems) -> int:
    node = root.entries.get("version")
    value = node.value if isinstance(node, Leaf) else None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    problems.add(
        "mapping: version must be a whole number from 1", root.lines.get("version", root.line)
    )
    return 0


def _read_streams(
    root: Table, declared: MappingOf[str, CatalogueField], problems: Problems
) -> dict[str, StreamPlan]:
    node = root.entries.get("streams")
    if not isinstance(node, Table) or not node.entries:
        problems.add(
            "mapping: streams must be a table of streams", root.lines.get("streams", root.line)
        )
        return {}
    rules = _read_exclude(root.entries.get("exclude"), node, problems)
    ext = {name: field.target for name, field in declared.items()}
    return {
        name: StreamPlan(
            _read_parts(child, _Stream(name, ext, problems)), MappingProxyType(rules.get(name, {}))
        )
        for name, child in node.entries.items()
    }


def _read_exclude(
    node: Node | None, streams: Table, problems: Problems
) -> dict[str, dict[str, Condition]]:
    found: dict[str, dict[str, Condition]] = {}
    for stream, line, rules in tables_of(node, "exclude", problems=problems):
        if stream not in streams.entries:
            problems.add(f"exclude: stream {suggest(stream, streams.entries)}", line)
        found[stream] = {}
        for name, rule in rules.entries.items():
            place = Place(problems, JSON, f"exclude: {stream}: {name}", rules.lines[name])
            if (condition := read_condition(rule, place)) is not None:
                found[stream][name] = condition
    return found


@dataclass(frozen=True, slots=True)
class _Stream:
    name: str
    ext: MappingOf[str, Target]
    problems: Problems


def _read_parts(node: Node, stream: _Stream) -> tuple[Part, ...]:
    if not isinstance(node, Items) or not node.items:
        stream.problems.add(
            f"stream {stream.name}: must be a list of parts, each with entity and fields", node.line
        )
        return ()
    parts = [part for item in node.items if (part := _read_part(item, stream)) is not None]
    seen: dict[str, int] = {}
    for part in parts:
        first = seen.setdefault(part.part, part.line)
        if first != part.line:
            stream.problems.add(
                f"stream {stream.name}: part {part.part!r} is made twice, first in line {first}",
                part.line,
            )
    return tuple(parts)


def _read_part(node: Node, stream: _Stream) -> Part | None:
    what, problems = f"stream {stream.name}", stream.problems
    if not isinstance(node, Table):
        problems.add(f"{what}: a part is a table with entity and fields", node.line)
        return None
    check_keys(node, _PART_KEYS, what=what, problems=problems)
    entity = text_of(node, "entity", what=what, problems=problems)
    model = ENTITIES.get(entity)
    fields = node.entries.get("fields")
    if model is None or not isinstance(fields, Table):
        if entity and model is None:
            problems.add(f"{what}: entity {suggest(entity, ENTITIES)}", node.lines["entity"])
        if not isinstance(fields, Table):
            problems.add(f"{what}: fields must be a table", node.lines.get("fields", node.line))
        return None
    place = Place(problems, Target("object", model), "", node.lines["fields"], stream.ext)
    when = node.entries.get("when")
    return Part(
        entity=entity,
        part=_part_name(node, stream),
        when=None if when is None else read_condition(when, replace(place, path=f"{what}: when")),
        body=replace(read_thing(fields, place), stands=True),
        line=node.line,
    )


def _part_name(node: Table, stream: _Stream) -> str:
    part = node.entries.get("part")
    if part is None:
        return ""
    if isinstance(part, Leaf) and _PART.fullmatch(part.text):
        return part.text
    stream.problems.add(
        f"stream {stream.name}: part must be a short name or ''", node.lines["part"]
    )
    return ""


def _read_create(root: Table, plans: MappingOf[str, StreamPlan], problems: Problems) -> Creates:
    found = read_create(root.entries.get("create"), root.entries.get("lookups"), problems)
    for stream in found.keys() - plans.keys():
        problems.add(f"create: stream {suggest(stream, plans)}", root.lines["create"])
    return found


def _read_write(
    node: Node | None, plans: MappingOf[str, StreamPlan], problems: Problems
) -> MappingOf[str, MappingOf[str, str]]:
    found = {}
    for stream, line, table in tables_of(node, "write", problems=problems):
        if stream not in plans:
            problems.add(f"write: stream {suggest(stream, plans)}", line)
        for attribute in table.entries:
            if not _ATTRIBUTE.fullmatch(attribute):
                problems.add(
                    f"write: {stream}: {attribute!r} is no canonical attribute",
                    table.lines[attribute],
                )
        found[stream] = MappingProxyType(
            {
                attribute: text_of(table, attribute, what=f"write: {stream}", problems=problems)
                for attribute in table.entries
            }
        )
    return MappingProxyType(found)
