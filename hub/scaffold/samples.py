"""Invented records for a drafted stand-in: each number and each revision gives another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.scaffold.draft import FieldDraft, StreamDraft
from hub.scaffold.meaning import find
from hub.scaffold.source import literal

Tree = dict[str, Any]
_BY_KIND: Final[Mapping[str, str]] = {
    "integer": "sample.number",
    "number": "sample.number + 0.5",
    "boolean": "False",
    "array": "[]",
    "object": "{}",
    "time": "sample.at.isoformat()",
    "date": '"2026-01-31"',
    "email": 'f"example{sample.number}@example.com"',
}
_BY_MEANING: Final[Mapping[str, str]] = {
    "phone": 'f"+49 30 {sample.number:05}{sample.revision}"',
    "country": '"DE"',
    "currency": '"EUR"',
    "city": '"Berlin"',
    "net": '"100.00"',
    "tax": '"19.00"',
    "gross": '"119.00"',
    "date": '"2026-01-31"',
    "web": '"https://www.example.com"',
}


def sample_function(draft: StreamDraft) -> str:
    """The source of the function that makes a record of the stream."""
    tree: Tree = {}
    for field in draft.fields:
        *path, last = field.path.split(".")
        place = tree
        for part in path:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                break
        else:
            place[last] = _value(field, draft)
    body = _render(tree, 4)
    return f"def {draft.function}(sample: Sample) -> Row:\n    return {body}\n"


def change_of(draft: StreamDraft) -> str | None:
    """The source of a change by its revision, as a writable stream takes it."""
    for meaning in ("phone", "display_name", "subject"):
        field = find(meaning, draft.fields)
        if field is not None and field.kind == "string":
            return f'{{{literal(field.path)}: f"changed {{revision}}"}}'
    return None


def _value(field: FieldDraft, draft: StreamDraft) -> str:
    if field.path in draft.stream.key:
        return "sample.number" if field.kind == "integer" else 'f"{sample.number:06}"'
    if field.choices or find("status", draft.fields) == field:
        return literal(next(iter(field.choices), "open"))
    return _guess(field, draft)


def _guess(field: FieldDraft, draft: StreamDraft) -> str:
    """By the kind of its value, else by what its name means."""
    if field.kind in _BY_KIND and field.kind != "number":
        return _BY_KIND[field.kind]
    meant = (
        source for meaning, source in _BY_MEANING.items() if find(meaning, draft.fields) == field
    )
    plain = f'f"{field.name} {{sample.number}}.{{sample.revision}}"'
    return next(meant, _BY_KIND["number"] if field.kind == "number" else plain)


def _render(tree: Tree, indent: int) -> str:
    inner = " " * (indent + 4)
    lines = [f"{inner}{literal(name)}: {_leaf(value, indent + 4)}," for name, value in tree.items()]
    return "\n".join(["{", *lines, " " * indent + "}"])


def _leaf(value: Any, indent: int) -> str:
    return _render(value, indent) if isinstance(value, dict) else str(value)
