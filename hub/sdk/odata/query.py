"""Requests as text: key predicates, filters, query options; every value goes through a literal.

Spaces are sent as %20: a plus sign stands for itself in the URL of OData.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote as percent
from urllib.parse import unquote

import orjson

from hub.sdk.contract import composite_key
from hub.sdk.odata.edm import Edm, Version, literal

_SAFE: Final = "$,()'*:;=/"
_NAME: Final = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_PREDICATE: Final = re.compile(r"\((?P<inside>[^()]*(?:'(?:[^']|'')*'[^()]*)*)\)$")
_PART: Final = re.compile(r"(?:(\w+)=)?(?:(?:[a-z]+)?'((?:[^']|'')*)'|([^',=]+?)L?)(?:,|$)")


class Field(NamedTuple):
    """A property and its type."""

    name: str
    edm: Edm = Edm.STRING


def check_name(name: str) -> str:
    """The name of a property or a path of them, or ValueError: names are not quoted in OData."""
    if not _NAME.fullmatch(name):
        raise ValueError("no name of a property")
    return name


def encode(options: Mapping[str, str]) -> str:
    """Query options as they stand behind the question mark; empty ones are left out."""
    return "&".join(
        f"{name}={percent(value, safe=_SAFE)}" for name, value in options.items() if value
    )


def key_path(entity_set: str, fields: Sequence[Field], key: str, version: Version) -> str:
    """``Set('1')`` or ``Set(A='1',B=2)`` for a source key; ValueError where it is none of them."""
    values = split_key(key, len(fields))
    parts = [
        literal(value, field.edm, version) for field, value in zip(fields, values, strict=True)
    ]
    if len(parts) > 1:
        parts = [f"{field.name}={part}" for field, part in zip(fields, parts, strict=True)]
    inside = percent(",".join(parts), safe=",='")
    return f"{entity_set}({inside})"


def split_key(key: str, count: int) -> list[Any]:
    """The values of a source key: the text itself, or those of its JSON array."""
    if count == 1:
        return [key]
    values = orjson.loads(key)
    if not isinstance(values, list) or len(values) != count:
        raise ValueError("no key of this many fields")
    return values


def source_key(row: Mapping[str, Any], fields: Sequence[Field]) -> str:
    """The source key of a row; KeyError or ValueError where a field of it is missing."""
    values = [row[field.name] for field in fields]
    if None in values or not any(value != "" for value in values):
        raise ValueError("a key field is missing, or all are empty")
    return str(values[0]) if len(values) == 1 else composite_key(values)


def key_of_id(text: str, fields: Sequence[Field]) -> str:
    """The source key that an entity id names: ``…/Set(A='1',B=2)``, or the bare value."""
    found = _PREDICATE.search(text)
    if found is None:
        if len(fields) > 1 or "/" in text or not text:
            raise ValueError("no id of an entity")
        return text
    parts = dict(_parts(found["inside"], fields))
    return source_key(parts, fields)


def _parts(inside: str, fields: Sequence[Field]) -> Iterator[tuple[str, Any]]:
    """Split by the raw text, unquoted after, so that an escaped quote stays within its value."""
    whole = {field.name for field in fields if field.edm in {Edm.INT32, Edm.INT64}}
    for place, found in enumerate(_PART.finditer(unquote(inside))):
        name = found[1] or fields[min(place, len(fields) - 1)].name
        value = found[3] if found[2] is None else found[2].replace("''", "'")
        yield name, int(value) if name in whole and len(fields) > 1 else value


def all_of(*conditions: str) -> str:
    """The conditions joined by ``and``; empty ones don't count."""
    wanted = [condition for condition in conditions if condition]
    return " and ".join(f"({one})" for one in wanted) if len(wanted) > 1 else "".join(wanted)


def beyond(fields: Sequence[Field], values: Sequence[Any], version: Version) -> str:
    """What comes after a position in ascending order of the fields.

    ``A gt 1 or (A eq 1 and B gt 2)``: rows that share a time are told apart by the key, so that no
    page border can lose one. Null comes before all else (OData 4.01 Part 2, 5.1.4).
    """
    cases = []
    for depth in range(len(fields)):
        if fields[depth].edm is Edm.BOOLEAN:
            raise ValueError("there is no order among truth values")
        same = [_compare(field, "eq", value, version) for field, value in
                zip(fields[:depth], values, strict=False)]  # fmt: skip
        cases.append(" and ".join([*same, _after(fields[depth], values[depth], version)]))
    return " or ".join(f"({case})" for case in cases) if len(cases) > 1 else cases[0]


def _after(field: Field, value: Any, version: Version) -> str:
    return _compare(field, "ne" if value is None else "gt", value, version)


def _compare(field: Field, operator: str, value: Any, version: Version) -> str:
    return f"{check_name(field.name)} {operator} {literal(value, field.edm, version)}"
