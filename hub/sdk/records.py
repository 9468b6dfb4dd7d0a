"""Finds values in what a system answered: dotted paths on the fast way, JMESPath for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from hub.errors import ContractError

Find = Callable[[Any], Any]
"""Takes parsed JSON, gives what the path leads to, or None."""

_DOTTED: Final = re.compile(r"^[A-Za-z_@$][\w@$-]*(\.([A-Za-z_@$][\w@$-]*|\d+))*$")


def compile_path(path: str) -> Find:
    """A path to a value: '' is the whole, ``data.items`` goes by names (and list places by number).

    Anything else is JMESPath (https://jmespath.org/specification.html), which is slower. Raises
    ContractError where it is neither.
    """
    if not path:
        return lambda value: value
    if _DOTTED.match(path):
        return _dotted(path.split("."))
    try:
        expression = jmespath.compile(path)
    except JMESPathError as error:
        raise ContractError(f"the path {path!r} is no name, dotted path or JMESPath") from error
    return expression.search


def _dotted(names: list[str]) -> Find:
    if len(names) == 1:
        only = names[0]
        return lambda value: value.get(only) if isinstance(value, Mapping) else None

    def find(value: Any) -> Any:
        for name in names:
            if isinstance(value, Mapping):
                value = value.get(name)
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        return value

    return find


def raw_text(row: Any) -> str:
    """A row as it is kept where it can't be read; one that is nested too deeply is only named."""
    try:
        return orjson.dumps(row).decode()
    except TypeError:
        return '"nested too deeply to be kept"'
