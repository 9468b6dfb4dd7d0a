"""From a description to a draft: which operations give lists, and what their records may be.

Everything here is a guess by names, marked as one in what is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.errors import ConfigError
from hub.scaffold.draft import FieldDraft
from hub.scaffold.meaning import entity_of
from hub.scaffold.source import literal
from hub.scaffold.wsdl import Field, Operation, Port

_KEYS: Final = ("id", "key", "uuid", "guid", "number", "no", "code")
_VERSIONS: Final = re.compile(r"modif|updat|chang|last_?edit", re.IGNORECASE)
_DELETED: Final = re.compile(r"^(is_?)?(deleted|removed|gone)$", re.IGNORECASE)
_OFFSETS: Final = re.compile(r"^(offset|start|skip|first|row_?offset)$", re.IGNORECASE)
_SIZES: Final = re.compile(
    r"^(limit|max_?(results|rows|records)?|page_?size|count|size|rows)$", re.IGNORECASE
)
_PAGES: Final = re.compile(r"^page(_?(no|number|index))?$", re.IGNORECASE)
_SINCES: Final = re.compile(
    r"since|(modified|changed|updated)_?(after|from)|from_?date", re.IGNORECASE
)
_SESSIONS: Final = re.compile(r"^(session(_?id)?|sid|token|auth_?token)$", re.IGNORECASE)
_LOGINS: Final = re.compile(r"^(log_?in|log_?on|authenticate|sign_?in)$", re.IGNORECASE)
_TOTALS: Final = re.compile(r"^total(_?(count|records|rows|results))?$", re.IGNORECASE)
_KINDS: Final = {
    **dict.fromkeys(("int", "integer", "long", "short", "unsignedInt", "unsignedLong"), "integer"),
    **dict.fromkeys(("decimal", "double", "float"), "number"),
    "boolean": "boolean",
    "dateTime": "time",
    "date": "date",
}
"""What a type of XML Schema is called in a draft."""


@dataclass(frozen=True, slots=True)
class Part:
    """A further part of a request: whether the schema demands it, and a value of its type."""

    name: str
    needed: bool
    literal: str


@dataclass(frozen=True, slots=True)
class StreamDraft:
    """One stream as it is guessed; '' is what no name gave a hint for."""

    name: str
    entity: str
    operation: str
    within: str
    item: str
    pairs: str
    fields: tuple[FieldDraft, ...]
    key: str
    version: str
    deleted: str
    struct: str
    offset: str
    size: str
    page: str
    total: str
    since: str
    others: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A connector as it is guessed from one port of a service."""

    name: str
    package: str
    cls: str
    title: str
    port: Port
    login: Operation | None
    session: str
    streams: tuple[StreamDraft, ...]


def draft_connector(ports: Sequence[Port], name: str, title: str = "") -> Draft:
    """A draft for the port with the most operations; ``name`` is what the connector is called."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name):
        raise ConfigError(f"{name!r} is no name of a connector: small letters, digits and _")
    port = max(ports, key=lambda one: (len(one.operations), one.version == "1.1"))
    session = next(filter(None, map(_session_of, port.operations)), "")
    streams = tuple(_unique(draft for one in port.operations for draft in _drafts(one)))
    if not streams:
        raise ConfigError(
            "no operation's answer holds a list of structures; declare the streams by hand"
        )
    login = next((one for one in port.operations if _LOGINS.match(one.name)), None)
    return Draft(
        name=name,
        package=f"hub_{name}",
        cls="".join(part.title() for part in name.split("_")),
        title=title or name.replace("_", " ").title(),
        port=port,
        login=login if session else None,
        session=session if login else "",
        streams=streams,
    )


def _session_of(operation: Operation) -> str:
    return next((field.name for field in operation.takes if _SESSIONS.match(field.name)), "")


def _unique(drafts: Iterator[StreamDraft]) -> Iterator[StreamDraft]:
    """One stream for each kind of record: by the operation that pages and tells changes best."""
    found: dict[str, StreamDraft] = {}
    for draft in drafts:
        known = found.get(draft.name)
        if known is None or _worth(draft) > _worth(known):
            found[draft.name] = draft
    yield from found.values()


def _worth(draft: StreamDraft) -> int:
    return sum(map(bool, (draft.offset or draft.page, draft.size, draft.since and draft.version)))


def _drafts(operation: Operation) -> Iterator[StreamDraft]:
    for within, item, record in _lists(operation.gives, operation.wrapper):
        yield _stream(operation, (within, item), record)
        return


def _lists(fields: Sequence[Field], parent: str) -> Iterator[tuple[str, str, Field]]:
    """Where structures repeat: the parent's name, the item's, and what the item is."""
    for field in fields:
        if field.array and field.fields and not _is_pair(field):
            yield field.name, "item", field
        elif field.many and field.fields:
            yield parent, field.name, field
        elif not _is_record(field):
            yield from _lists(field.fields, field.name)


def _is_record(field: Field) -> bool:
    """A structure with a key of its own: a list in it is part of one record (lines, say)."""
    return any(one.name.lower() == "id" and not one.fields for one in field.fields)


def _is_pair(field: Field) -> bool:
    return {one.name for one in field.fields} == {"name", "value"}


def _stream(operation: Operation, place: tuple[str, str], record: Field) -> StreamDraft:
    names = tuple(one.name for one in record.fields if not one.fields)
    pairs = next((one.name for one in record.fields if one.array and _is_pair(one)), "")
    struct, asked = _asked(operation)
    named = [one.name for one in asked]
    used = [_first(pattern, named) for pattern in (_OFFSETS, _SIZES, _PAGES, _SINCES)]
    name = _slug(record.type)
    return StreamDraft(
        name=name,
        entity=entity_of(name),
        operation=operation.name,
        within=place[0],
        item=place[1],
        pairs=pairs,
        fields=tuple(_leaves(record)),
        key=_key(names, name),
        version=_first(_VERSIONS, names),
        deleted=_first(_DELETED, names),
        struct=struct,
        offset=used[0],
        size=used[1],
        page=used[2],
        total=_first(_TOTALS, [one.name for one in operation.gives if not one.fields]),
        since=used[3],
        others=tuple(
            Part(one.name, not one.optional, _literal(one, 12))
            for one in asked
            if one.name not in used and not _SESSIONS.match(one.name)
        ),
    )


def _leaves(record: Field, above: str = "") -> Iterator[FieldDraft]:
    """The fields that hold one value, by their paths; what may come more than once is left out."""
    for one in record.fields:
        if one.many or one.array:
            continue
        if one.fields:
            yield from _leaves(one, f"{above}{one.name}.")
        else:
            yield FieldDraft(f"{above}{one.name}", _KINDS.get(one.type, "string"))


def _literal(field: Field, indent: int) -> str:
    """A value of a part's type that says nothing, in the formatter's style."""
    if field.array or field.many:
        return "[]"
    if not field.fields:
        kind = _KINDS.get(field.type, "string")
        return {"integer": "0", "number": "0", "boolean": "False"}.get(kind, '""')
    inner, needed = " " * (indent + 4), [one for one in field.fields if not one.optional]
    lines = [f"{inner}{literal(one.name)}: {_literal(one, indent + 4)},\n" for one in needed]
    return "{\n" + "".join(lines) + " " * indent + "}" if lines else "{}"


def _asked(operation: Operation) -> tuple[str, Sequence[Field]]:
    """The parts of the request; of a single structure, its name and its fields."""
    takes = operation.takes
    if len(takes) == 1 and takes[0].fields and not takes[0].array:
        return takes[0].name, takes[0].fields
    return "", takes


def _first(pattern: re.Pattern[str], names: Sequence[str]) -> str:
    return next((name for name in names if pattern.search(name)), "")


def _key(names: Sequence[str], record: str) -> str:
    """A field that is called like a key, alone or after the record's own name."""
    low = {name.lower(): name for name in names}
    wanted = [*_KEYS, *(f"{record}{joint}{key}" for key in _KEYS for joint in ("", "_"))]
    return next((low[word] for word in wanted if word in low), names[0] if names else "id")


def _slug(text: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_") or "record"
