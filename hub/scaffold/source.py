"""Python source of values: declarations as a person would write them, in the formatter's style."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Final

WIDTH: Final = 100


def declaration(name: str, value: Any) -> str:
    """``NAME = Class(…)``, one argument a line."""
    arguments = "".join(f"    {_argument(key, item, 4)},\n" for key, item in _stated(value))
    return f"{name} = {type(value).__name__}(\n{arguments})\n"


def classes_in(value: Any) -> Iterator[str]:
    """The names of the declared classes that a value is made of."""
    if is_dataclass(value):
        yield type(value).__name__
        for _, item in _stated(value):
            yield from classes_in(item)


def _argument(name: str, value: Any, indent: int) -> str:
    if not is_dataclass(value):
        return f"{name}={literal(value)}"
    parts = [f"{key}={literal(item)}" for key, item in _stated(value)]
    head, short = f"{name}={type(value).__name__}", ", ".join(parts)
    if len(f"{head}({short}),") + indent <= WIDTH:
        return f"{head}({short})"
    inner = " " * (indent + 4)
    if len(short) + indent + 4 <= WIDTH:
        return f"{head}(\n{inner}{short}\n{' ' * indent})"
    listed = "".join(f"{inner}{part},\n" for part in parts)
    return f"{head}(\n{listed}{' ' * indent})"


def literal(value: Any) -> str:
    """A plain value in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, tuple):
        inside = ", ".join(literal(item) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _stated(value: Any) -> Iterator[tuple[str, Any]]:
    """The arguments that differ from their defaults."""
    for item in fields(value):
        found = getattr(value, item.name)
        if found != _default(item):
            yield item.name, found


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else MISSING
