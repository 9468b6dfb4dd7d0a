"""What a payload holds where a mapping reads a canonical field: for people who ask why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jmespath

from hub.mapping.paths import Jmes, Path, compile_path
from hub.mapping.plan import Each, Expression, First, Many, Ref, Thing, Value

_Get = Callable[[dict[str, Any]], Any]


class PayloadValue(NamedTuple):
    """A path as the mapping writes it, and what stands there; an ``each`` gives one an item."""

    path: str
    value: Any


def payload_values(found: Expression, path: str, record: dict[str, Any]) -> list[PayloadValue]:
    """What the mapping reads of a record for the field at a dotted path, or below it."""
    return [
        value
        for place, value in _read(found, "", record)
        if place == path or place.startswith((f"{path}.", f"{path}["))
    ]


def _read(
    found: Expression, place: str, record: dict[str, Any]
) -> Iterator[tuple[str, PayloadValue]]:
    if isinstance(found, Value):
        yield from ((place, PayloadValue(text, get(record))) for text, get in _sources(found))
    elif isinstance(found, Each):
        yield from _read_each(found, place, record)
    else:
        for inner, child in _children(found, place):
            yield from _read(child, inner, record)


def _children(found: Expression, place: str) -> Iterator[tuple[str, Expression]]:
    if isinstance(found, Ref):
        yield from ((place, key) for key in found.keys)
    elif isinstance(found, Thing):
        for name, child in found.fields.items():
            yield f"{place}.{name}".removeprefix("."), child
    elif isinstance(found, Many):
        for number, item in enumerate(found.items):
            yield place if isinstance(item, Each) else f"{place}[{number}]", item


def _read_each(
    found: Each, place: str, record: dict[str, Any]
) -> Iterator[tuple[str, PayloadValue]]:
    """One value for each sub-record; paths from the root read the record itself."""
    ((head, items),) = _plain(found.source)
    for number, item in enumerate(items(record) or ()):
        inner = item if isinstance(item, dict) else {}
        for where, (path, value) in _read(found.item, f"{place}[*]", inner):
            yield where, PayloadValue(f"{head}[{number}].{path}", value)


def _sources(value: Value) -> Iterator[tuple[str, _Get]]:
    source = value.source
    if isinstance(source, Path | Jmes):
        yield from _plain(source)
    else:
        for part in source.choices if isinstance(source, First) else source.pieces:
            if isinstance(part, Value):
                yield from _sources(part)


def _plain(source: Path | Jmes) -> Iterator[tuple[str, _Get]]:
    if isinstance(source, Jmes):
        compiled = jmespath.compile(source.text)
        yield source.text, compiled.search
        return
    fetch = compile_path(source)
    yield source.text, lambda record: fetch(record, (record, None))
