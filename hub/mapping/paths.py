"""Paths into a record: ``a.b``, ``a[0].b``, ``"a. b".c``, ``$.a`` (from the root), ``.`` (itself).

A path indexes dicts and lists and does nothing else: it never reaches an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_MAX_LENGTH: Final = 300
_SEGMENT: Final = re.compile(r'"([^"]+)"|([^."\[\]]+)')
_INDEX: Final = re.compile(r"\[(-?[0-9]{1,4})\]")

ITSELF: Final = object()
"""Key under which an item that is no object travels, so that every item is a dict."""

Fetch = Callable[[dict[Any, Any], tuple[dict[Any, Any], Any]], Any]
"""Reads a value from (item, scope); the scope's first member is the root."""


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path; no segments means the item itself."""

    segments: tuple[str | int, ...]
    text: str
    from_root: bool = False

    @property
    def single(self) -> str | None:
        """The key, where the path is one key of the item and nothing else."""
        only = self.segments[0] if len(self.segments) == 1 else None
        return only if isinstance(only, str) and not self.from_root else None


@dataclass(frozen=True, slots=True)
class Jmes:
    """A JMESPath expression, checked."""

    text: str


def parse_path(text: str) -> Path:
    """Parse a path, or raise ValueError that says what is wrong with it."""
    if not text.strip() or len(text) > _MAX_LENGTH:
        raise ValueError(f"a path has 1 to {_MAX_LENGTH} characters")
    if text == ".":
        return Path((), text)
    from_root = text.startswith("$.")
    return Path(_segments(text, 2 if from_root else 0), text, from_root)


def _segments(text: str, start: int) -> tuple[str | int, ...]:
    segments: list[str | int] = []
    place = start
    while place < len(text) or not segments:
        if text[place : place + 1] != "[" or place > start:
            name, place = _name(text, place)
            segments.append(name)
        while (index := _INDEX.match(text, place)) is not None:
            segments.append(int(index[1]))
            place = index.end()
        place = _after_point(text, place)
    return tuple(segments)


def _name(text: str, place: int) -> tuple[str, int]:
    found = _SEGMENT.match(text, place)
    if found is None:
        raise ValueError(f"bad path {text!r} at character {place + 1}")
    return found[1] or found[2].strip(), found.end()


def _after_point(text: str, place: int) -> int:
    """The place of the next segment: after a point that something follows, or the end."""
    if place < len(text) and (text[place] != "." or place + 1 == len(text)):
        raise ValueError(f"bad path {text!r} at character {place + 1}")
    return place + 1


def compile_path(path: Path) -> Fetch:
    """A closure that follows the path and gives None where it leads nowhere."""
    if path.single is not None:
        return _one_key(path.single)
    segments = path.segments
    if path.from_root:
        return lambda _item, scope: _follow(scope[0], segments)
    if len(segments) == 2 and isinstance(segments[0], str) and isinstance(segments[1], str):
        return _two_keys(segments[0], segments[1])
    return lambda item, _scope: _follow(item.get(ITSELF, item), segments)


def _one_key(key: str) -> Fetch:
    return lambda item, _scope: item.get(key)


def _two_keys(first: str, second: str) -> Fetch:
    def fetch(item: dict[Any, Any], _scope: tuple[dict[Any, Any], Any]) -> Any:
        inner = item.get(first)
        return inner.get(second) if type(inner) is dict else None

    return fetch


def _follow(value: Any, segments: tuple[str | int, ...]) -> Any:
    for segment in segments:
        if isinstance(segment, str):
            value = value.get(segment) if isinstance(value, dict) else None
        elif isinstance(value, list) and -len(value) <= segment < len(value):
            value = value[segment]
        else:
            return None
    return value
