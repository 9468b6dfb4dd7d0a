"""Drafts a connector from an OpenAPI document: what can be listed, how it pages, how one logs in.

OpenAPI Specification 3.1, https://spec.openapis.org/oas/v3.1.0; Swagger 2.0 has the same shape in
what is read here. What a document can't say (which order a list has, what a deletion looks like) is
left to the author, and noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import yaml

from hub.errors import ConfigError
from hub.scaffold.draft import Draft, FieldDraft, Login, StreamDraft, identifier
from hub.scaffold.meaning import entity_of, find, singular
from hub.scaffold.schema import Document, Schema, kind_of
from hub.sdk.changes import Since, Times
from hub.sdk.paging import CursorPaging, PageNumber, Paging, SinglePage
from hub.sdk.resource import Offset, RestStream, RestWrite

_ITEM: Final = re.compile(r"\{[^}]+\}$")
_LISTS: Final = ("data", "items", "results", "records", "rows", "value", "content", "values")
_CURSORS: Final = (
    "next_cursor",
    "nextCursor",
    "next_page_token",
    "nextPageToken",
    "cursor",
    "next",
)
_TOTALS: Final = ("total", "total_count", "totalCount", "count", "total_items")
_SINCE: Final = re.compile(r"(since|after|from|gte|min)", re.IGNORECASE)
_CHANGED: Final = re.compile(r"(updat|modif|chang)", re.IGNORECASE)
_MOST_BYTES: Final = 20_000_000
Fields = tuple[FieldDraft, ...]


def draft_from_openapi(text: str, *, name: str, title: str = "", source: str = "") -> Draft:
    """The draft that a document (JSON or YAML) gives; ConfigError where nothing can be listed."""
    document = Document(_parse(text))
    streams = [stream for path in document.paths if (stream := _stream(document, path))]
    if not streams:
        raise ConfigError(
            "the document names no list that can be read: a GET whose answer is a list of objects, "
            "or an object that holds one; describe the streams by hand"
        )
    login, note = _login(document)
    info = document.content.get("info") or {}
    return Draft(
        name=name,
        title=title or str(info.get("title") or name),
        streams=tuple(_named_apart(streams)),
        login=login,
        source=source,
        notes=(*_notes(streams), *([note] if note else [])),
    )


def _parse(text: str) -> Any:
    if len(text) > _MOST_BYTES:
        raise ConfigError("the document is larger than 20 MB; cut it down to what is needed")
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # a subclass of the safe loader
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"the document is neither JSON nor YAML{where}") from error


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which can make a small document a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not followed")
        return super().compose_node(parent, index)


def _stream(document: Document, path: str) -> StreamDraft | None:
    operation = document.resolve(document.paths[path].get("get"))
    if not operation or "{" in path:
        return None
    rows, item = _list_in(document, document.answer(operation))
    fields = tuple(document.fields(item))
    key = find("key", fields)
    if rows is None or key is None or "." in key.path:
        return None
    name = singular(identifier(path.rstrip("/").rpartition("/")[2]))
    parameters = _parameters(document, path, operation)
    stream = RestStream(
        name=name,
        entities=(entity_of(name),),
        path=path.strip("/"),
        key=(key.path,),
        rows=rows,
        paging=_paging(document, operation, parameters),
    )
    return StreamDraft(
        _with_item(document, _with_changes(stream, fields, parameters), fields), fields
    )


def _with_changes(stream: RestStream, fields: Fields, parameters: list[str]) -> RestStream:
    """How its changes are told: by the time of change, where both sides know one."""
    version = find("version", fields)
    if version is None:
        return stream
    times = Times("epoch") if version.kind in ("integer", "number") else Times()
    return replace(stream, changes=_changes(parameters), version=version.path, times=times)


def _with_item(document: Document, stream: RestStream, fields: Fields) -> RestStream:
    """How one of its records is read and written."""
    one = next((path for path in document.paths if _is_item_of(path, stream.path)), "")
    return replace(
        stream,
        fetch=_ITEM.sub("{key}", one).strip("/"),
        row=_one_in(document, one, fields),
        write=_write(document, one),
    )


def _list_in(document: Document, answer: Schema) -> tuple[str | None, Schema]:
    """Where the list is in an answer, and the schema of its items; None where there is none."""
    if kind_of(answer) == "array":
        return _objects("", document.whole(answer.get("items")))
    arrays = {
        name: document.whole(document.whole(part).get("items"))
        for name, part in (answer.get("properties") or {}).items()
        if kind_of(document.whole(part)) == "array"
    }
    likely = [name for name in (*_LISTS, *arrays) if name in arrays]
    found = next((name for name in likely if arrays[name].get("properties")), None)
    return _objects(found, arrays[found]) if found is not None else (None, {})


def _objects(rows: str, item: Schema) -> tuple[str | None, Schema]:
    return (rows, item) if item.get("properties") else (None, {})


def _is_item_of(candidate: str, path: str) -> bool:
    return bool(_ITEM.search(candidate)) and _ITEM.sub("", candidate).strip("/") == path.strip("/")


def _one_in(document: Document, path: str, fields: Fields) -> str:
    """Where the answer to a single read holds the record: '' where it is the record."""
    if not path:
        return ""
    answer = document.answer(document.resolve(document.paths[path].get("get")))
    properties = answer.get("properties") or {}
    known = {field.path.partition(".")[0] for field in fields}
    if known & set(properties) or len(properties) != 1:
        return ""
    return str(next(iter(properties)))


def _write(document: Document, path: str) -> RestWrite | None:
    item = document.paths[path] if path else {}
    method = next((verb for verb in ("patch", "put") if verb in item), None)
    if method is None or "get" not in item:
        return None
    return RestWrite(path=_ITEM.sub("{key}", path).strip("/"), method=method.upper())


def _parameters(document: Document, path: str, operation: Schema) -> list[str]:
    listed = [*document.paths[path].get("parameters", []), *operation.get("parameters", [])]
    found = [document.resolve(parameter) for parameter in listed]
    return [str(one.get("name")) for one in found if one.get("in") == "query"]


def _paging(document: Document, operation: Schema, parameters: list[str]) -> Paging:
    told = document.answer(operation).get("properties") or {}
    size = _first(parameters, ("limit", "per_page", "page_size", "pageSize", "size", "count"))
    total = _first(told, _TOTALS)
    if offset := _first(parameters, ("offset", "start", "skip")):
        return Offset(param=offset, size_param=size)
    cursor = _first(parameters, ("cursor", "page_token", "pageToken", "after", "starting_after"))
    following = next(iter(_cursor_paths(document, told)), "")
    if cursor and following:
        return CursorPaging(next=following, param=cursor, size_param=size)
    if page := _first(parameters, ("page", "page_number", "pageNumber")):
        return PageNumber(param=page, size_param=size, total=total)
    return SinglePage()


def _cursor_paths(document: Document, told: Mapping[str, Any]) -> Iterator[str]:
    for name, part in told.items():
        if name in _CURSORS:
            yield name
        inner = document.whole(part).get("properties") or {}
        yield from (f"{name}.{under}" for under in inner if under in _CURSORS)


def _changes(parameters: list[str]) -> Since | None:
    found = (name for name in parameters if _CHANGED.search(name) and _SINCE.search(name))
    likely = next(found, None) or _first(parameters, ("since", "modified", "updated"))
    return Since(param=likely) if likely else None


def _first(names: Any, wanted: tuple[str, ...]) -> str:
    return next((name for name in wanted if name in names), "")


def _login(document: Document) -> tuple[Login, str]:
    components = document.content.get("components") or {}
    schemes = components.get("securitySchemes") or document.content.get("securityDefinitions") or {}
    known = (_login_by(document.resolve(scheme)) for scheme in schemes.values())
    found = next(filter(None, known), None)
    return found or (Login(), "the document does not say how one logs in; bearer is a guess")


def _login_by(scheme: Schema) -> tuple[Login, str] | None:
    """The login that a security scheme stands for, with what is left to the author."""
    kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "apiKey" and scheme.get("in") == "header":
        return Login("key", str(scheme.get("name"))), ""
    if (kind, way) in (("basic", ""), ("http", "basic")):
        return Login("basic"), ""
    if kind == "oauth2":
        return Login(), "the document speaks of OAuth2: see ClientCredentials in hub.sdk.auth"
    return (Login(), "") if way == "bearer" else None


def _notes(streams: list[StreamDraft]) -> Iterator[str]:
    for item in streams:
        stream = item.stream
        if isinstance(stream.paging, SinglePage):
            yield f"`{stream.name}`: no paging was found; if its list is cut off, records are lost"
        if stream.changes is None:
            yield f"`{stream.name}`: nothing asks for what changed; it is read in full each time"
        if isinstance(stream.paging, PageNumber | Offset):
            yield f"`{stream.name}`: ask for an order that stays (by id) in `params`"


def _named_apart(streams: list[StreamDraft]) -> Iterator[StreamDraft]:
    """Streams whose paths end alike are told apart by more of the path."""
    count: dict[str, int] = {}
    for item in streams:
        name = item.stream.name
        count[name] = count.get(name, 0) + 1
        if count[name] > 1:
            longer = identifier(item.stream.path)
            item = replace(item, stream=replace(item.stream, name=longer))  # noqa: PLW2901  # the same, renamed
        yield item
