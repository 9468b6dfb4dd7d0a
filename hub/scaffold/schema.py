"""Reads the schemas of an OpenAPI document: references resolved, fields by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.errors import ConfigError
from hub.scaffold.draft import FieldDraft

Schema = Mapping[str, Any]
_DEPTH: Final = 3
_FORMATS: Final = {"date-time": "time", "date": "date", "email": "email"}
_TYPES: Final = frozenset({"string", "integer", "number", "boolean", "array", "object"})


class Document:
    """One OpenAPI document (3.0, 3.1) or Swagger 2.0, with its local references."""

    def __init__(self, content: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("paths"), dict):
            raise ConfigError("this is no OpenAPI document: it has no object `paths`")
        self.content = content

    @property
    def paths(self) -> Mapping[str, Schema]:
        """The path items, references resolved."""
        return {path: self.resolve(item) for path, item in self.content["paths"].items()}

    def resolve(self, node: Any) -> Schema:
        """What a node is, or what it refers to; only within the document (no file, no network)."""
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen or not reference.startswith("#/"):
                return {}
            seen.add(reference)
            node = self._at(reference)
        return node if isinstance(node, dict) else {}

    def answer(self, operation: Schema) -> Schema:
        """The schema of an operation's good answer, {} where none is given."""
        answers = operation.get("responses") or {}
        good: Any = next((answers[code] for code in ("200", 200, "default") if code in answers), {})
        answer = self.resolve(good)
        content = answer.get("content") or {}
        found = next((item for kind, item in content.items() if "json" in kind), answer)
        return self.whole(found.get("schema"))

    def whole(self, node: Any) -> Schema:
        """A schema with the properties of all its ``allOf`` parts."""
        schema = dict(self.resolve(node))
        for part in schema.pop("allOf", []):
            inner = self.whole(part)
            merged = {**inner.get("properties", {}), **schema.get("properties", {})}
            schema = {**inner, **schema, "properties": merged}
        return schema

    def fields(self, node: Any, *, under: str = "", depth: int = _DEPTH) -> Iterator[FieldDraft]:
        """The fields of an object's schema; deeper ones by dotted path."""
        for name, part in (self.whole(node).get("properties") or {}).items():
            schema, path = self.whole(part), f"{under}{name}"
            kind = kind_of(schema)
            inner = list(self.fields(schema, under=f"{path}.", depth=depth - 1)) if depth else []
            if kind == "object" and inner:
                yield from inner
            else:
                choices = tuple(str(c) for c in schema.get("enum") or () if isinstance(c, str))
                yield FieldDraft(path, kind, choices)

    def _at(self, reference: str) -> Any:
        node: Any = self.content
        for part in reference.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        return node


def kind_of(schema: Schema) -> str:
    """A schema's type in one word; OpenAPI 3.1 may give a list with null in it."""
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    found = schema.get("type")
    kinds = found if isinstance(found, list) else [found]
    known = next((kind for kind in kinds if kind in _TYPES), None)
    if known:
        return str(known)
    return "object" if schema.get("properties") else "string"
