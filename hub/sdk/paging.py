"""How a system deals out a long list: by page, offset, cursor, link, URL or range.

A paging turns a *position*, a small JSON object, into what to ask for, and an answer into the next
position. The position goes into the hub's cursor, so a read can go on anywhere. ``{}`` is the
start, None the end. A short page is no end, since systems cap the size that is asked for; an
empty page is, or what the system says about its total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import JsonValue
from requests.utils import parse_header_links

from hub.errors import SourceSchemaError
from hub.sdk.records import compile_path

Position = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a paging adds to a request: values by name, headers, or a whole URL in its place."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One answer as a paging sees it; ``keys`` are those of ``rows``, '' for one without."""

    rows: Sequence[Any]
    keys: Sequence[str]
    body: Any
    headers: Mapping[str, str]


class Paging(Protocol):
    """One way of dealing out a list."""

    def ask(self, position: Position) -> Ask:
        """What to ask for at a position."""

    def after(self, position: Position, listing: Listing) -> Position | None:
        """The position after an answer, or None where that was the last."""


@dataclass(frozen=True, slots=True)
class SinglePage:
    """The whole list in one answer."""

    def ask(self, position: Position) -> Ask:  # noqa: ARG002  # the protocol's shape
        return Ask()

    def after(self, position: Position, listing: Listing) -> Position | None:  # noqa: ARG002  # as above
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """Pages by number, sorted by something that stays.

    A record that is deleted while we read moves all later ones one place forward, and the one at
    the page's border would be skipped. Name the path of the ``total`` count: when it shrinks, the
    reading steps back far enough. What it can't show is that one went and another came between two
    requests; where the system has offsets or cursors, those are safer.
    """

    param: str = "page"
    size_param: str = "per_page"
    size: int = 100
    first: int = 1
    total: str = ""

    def ask(self, position: Position) -> Ask:
        values: dict[str, JsonValue] = {self.param: position_number(position, "page", self.first)}
        return Ask(values={**values, self.size_param: self.size} if self.size_param else values)

    def after(self, position: Position, listing: Listing) -> Position | None:
        page = position_number(position, "page", self.first)
        total = _count(listing.body, self.total)
        lost = 0 if total is None else position_number(position, "total", total) - total
        if lost > 0 and page > self.first:
            back = page - 1 - math.ceil(lost / max(self.size, 1))
            return {"page": max(self.first, back), "total": total, "uncounted": True}
        if not listing.rows:
            return None
        step: dict[str, JsonValue] = {"page": page + 1}
        if total is None:
            return step
        read = position_number(position, "read", 0) + len(listing.rows)
        if position.get("uncounted"):  # after stepping back only an empty page is the end
            return {**step, "total": total, "uncounted": True}
        return None if read >= total else {**step, "total": total, "read": read}


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPaging:
    """A cursor that the answer gives at ``next`` and the request returns as ``param``.

    ``more`` is the path of a flag that says whether there is more, for systems that give a cursor
    at the end too.
    """

    next: str
    param: str = "cursor"
    more: str = ""
    size_param: str = ""
    size: int = 100

    def ask(self, position: Position) -> Ask:
        values: dict[str, JsonValue] = {self.size_param: self.size} if self.size_param else {}
        if "cursor" in position:
            values[self.param] = position["cursor"]
        return Ask(values=values)

    def after(self, position: Position, listing: Listing) -> Position | None:
        found = compile_path(self.next)(listing.body)
        ended = bool(self.more) and not compile_path(self.more)(listing.body)
        if found in (None, "", False) or ended or found == position.get("cursor"):
            return None
        return {"cursor": found}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextUrl:
    """The answer holds the URL of the next page at ``path``."""

    path: str = "next"
    size_param: str = ""
    size: int = 100

    def ask(self, position: Position) -> Ask:
        if "url" in position:
            return Ask(url=str(position["url"]))
        return Ask(values={self.size_param: self.size} if self.size_param else {})

    def after(self, position: Position, listing: Listing) -> Position | None:
        return _follow(compile_path(self.path)(listing.body), position)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """The header ``Link`` holds the URL of the next page (RFC 8288)."""

    rel: str = "next"
    size_param: str = "per_page"
    size: int = 100

    def ask(self, position: Position) -> Ask:
        return NextUrl(size_param=self.size_param, size=self.size).ask(position)

    def after(self, position: Position, listing: Listing) -> Position | None:
        links = parse_header_links(listing.headers.get("link", ""))
        found = [link.get("url") for link in links if self.rel in link.get("rel", "").split()]
        return _follow(found[0] if found else None, position)


def with_size(part: Any, size: int) -> Any:
    """A paging, or a way to tell changes, that asks for this size of page if it asks for one."""
    has_size = is_dataclass(part) and any(item.name == "size" for item in fields(part))
    return replace(part, size=size) if has_size and not isinstance(part, type) else part


def position_number(position: Position, name: str, default: int) -> int:
    """A count in a position; the default where it is missing or foreign."""
    value = position.get(name, default)
    return value if isinstance(value, int) and value >= 0 else default


def _count(body: Any, path: str) -> int | None:
    """A total that the answer tells; a number as text counts."""
    found = compile_path(path)(body) if path else None
    if isinstance(found, str) and found.isdecimal():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _follow(url: object, position: Position) -> Position | None:
    if not isinstance(url, str) or not url or url == position.get("url"):
        return None
    if urlsplit(url).username is not None:
        raise SourceSchemaError("a next-page URL holds a user name; it is not followed")
    return {"url": url}
