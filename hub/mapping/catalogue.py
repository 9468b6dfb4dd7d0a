"""The field catalogue: declares every field without a canonical place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hub.mapping.canonical import JSON, Target
from hub.mapping.document import Node
from hub.mapping.paths import Path
from hub.mapping.plan import Expression, Thing, Value
from hub.mapping.problems import Problems, check_keys, suggest, tables_of, text_of
from hub.mapping.streams import StreamPlan

_KEYS: Final = ("type", "pii", "owner", "description")
_TYPES: Final = ("string", "integer", "decimal", "boolean", "date", "datetime", "list", "json")
_PII: Final = ("none", "personal", "sensitive")
_TEXT: Final = Target("text", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueField:
    """One entry of the field catalogue; ``sources`` are "stream: path" texts."""

    name: str
    type: str
    pii: str
    owner: str
    description: str
    line: int
    sources: tuple[str, ...] = ()

    @property
    def target(self) -> Target:
        """How a mapping fills it: numbers become texts in a string field."""
        return _TEXT if self.type in ("string", "date", "datetime") else JSON


def read_catalogue(
    node: Node | None, system: str, *, problems: Problems
) -> dict[str, CatalogueField]:
    """The declared fields by name."""
    found = {}
    for name, line, entry in tables_of(node, "catalogue", problems=problems):
        what = f"catalogue: {name}"
        check_keys(entry, _KEYS, what=what, problems=problems)
        if not name.startswith(f"{system}.") or not len(system) + 1 < len(name) < 120:
            problems.add(f"{what}: the name must begin with {system!r} and a point", line)
        texts: dict[str, Any] = {
            key: text_of(entry, key, what=what, problems=problems) for key in _KEYS
        }
        for key, known in (("type", _TYPES), ("pii", _PII)):
            if texts[key] and texts[key] not in known:
                problems.add(f"{what}: {key} {suggest(texts[key], known)}", entry.lines[key])
        found[name] = CatalogueField(name=name, line=line, **texts)
    return found


def add_sources(field: CatalogueField, plans: Mapping[str, StreamPlan]) -> CatalogueField:
    """The same entry with the streams and paths that fill it: its lineage."""
    sources = [
        f"{stream}: {source_text(ext.fields[field.name])}"
        for stream, plan in plans.items()
        for part in plan.parts
        if isinstance(ext := part.body.fields.get("ext"), Thing) and field.name in ext.fields
    ]
    return replace(field, sources=tuple(sources))


def source_text(found: Expression) -> str:
    """The path that fills a field, or what kind of expression does."""
    if not isinstance(found, Value):
        return f"({type(found).__name__.lower()})"
    if isinstance(found.source, Path):
        return found.source.text
    return f"({type(found.source).__name__.lower()})"
