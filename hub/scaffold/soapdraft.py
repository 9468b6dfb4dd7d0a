"""From a description to a draft: which operations give lists, and what their records may be.

Everything here is a guess by names, marked as one in what is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.errors import ConfigError
from hub.scaffold.wsdl import Field, Operation, Port

_KEYS: Final = ("id", "key", "uuid", "guid", "number", "no", "code")
_VERSIONS: Final = re.compile(r"modif|updat|chang|last_?edit", re.IGNORECASE)
_DELETED: Final = re.compile(r"^(is_?)?(deleted|removed|gone)$", re.IGNORECASE)
_NAMES: Final = re.compile(r"^(full_?)?name$|subject|title|label|lastname|last_name", re.IGNORECASE)
_STATUS: Final = re.compile(r"^(status|state)$", re.IGNORECASE)
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
_TICKETS: Final = re.compile(r"ticket|case|issue|incident|request", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StreamDraft:
    """One stream as it is guessed; '' is what no name gave a hint for."""

    name: str
    entity: str
    operation: str
    within: str
    item: str
    pairs: str
    fields: tuple[str, ...]
    key: str
    version: str
    deleted: str
    label: str
    status: str
    struct: str
    offset: str
    size: str
    page: str
    since: str
    others: tuple[str, ...]


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


def draft_connector(ports: Sequence[Port], name: str) -> Draft:
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
        title=name.replace("_", " ").title(),
        port=port,
        login=login if session else None,
        session=session if login else "",
        streams=streams,
    )


def _session_of(operation: Operation) -> str:
    return next((field.name for field in operation.takes if _SESSIONS.match(field.name)), "")


def _unique(drafts: Iterator[StreamDraft]) -> Iterator[StreamDraft]:
    """One stream for each kind of record: the first operation that lists it."""
    seen: set[str] = set()
    for draft in drafts:
        if draft.name not in seen:
            seen.add(draft.name)
            yield draft


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
        else:
            yield from _lists(field.fields, field.name)


def _is_pair(field: Field) -> bool:
    return {one.name for one in field.fields} == {"name", "value"}


def _stream(operation: Operation, place: tuple[str, str], record: Field) -> StreamDraft:
    names = tuple(one.name for one in record.fields if not one.fields)
    pairs = next((one.name for one in record.fields if one.array and _is_pair(one)), "")
    struct, asked = _asked(operation)
    used = [_first(pattern, asked) for pattern in (_OFFSETS, _SIZES, _PAGES, _SINCES)]
    name = _slug(record.type)
    return StreamDraft(
        name=name,
        entity="ticket" if _TICKETS.search(name) else "party",
        operation=operation.name,
        within=place[0],
        item=place[1],
        pairs=pairs,
        fields=names,
        key=_key(names, name),
        version=_first(_VERSIONS, names),
        deleted=_first(_DELETED, names),
        label=_first(_NAMES, names) or _key(names, name),
        status=_first(_STATUS, names),
        struct=struct,
        offset=used[0],
        size=used[1],
        page=used[2],
        since=used[3],
        others=tuple(one for one in asked if one not in used and not _SESSIONS.match(one)),
    )


def _asked(operation: Operation) -> tuple[str, list[str]]:
    """The parts of the request; of a single structure, its name and its fields."""
    takes = operation.takes
    if len(takes) == 1 and takes[0].fields and not takes[0].array:
        return takes[0].name, [one.name for one in takes[0].fields]
    return "", [one.name for one in takes]


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
