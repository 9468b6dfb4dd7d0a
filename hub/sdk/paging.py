"""How a system deals out a long list: by page, offset, cursor, link, URL or range.

A paging turns a *position*, a small JSON object, into what to ask for, and an answer into the next
position. The position goes into the hub's cursor, so a read can go on anywhere. ``{}`` is the
start, None the end. A short page is no end, since systems cap the size that is asked for; an
empty page is, or what the system says about its total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    """One answer as a paging sees it; ``keys`` are those of ``rows``, in their order."""

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
        values: dict[str, JsonValue] = {self.param: _number(position, "page", self.first)}
        return Ask(values={**values, self.size_param: self.size} if self.size_param else values)

    def after(self, position: Position, listing: Listing) -> Position | None:
        page = _number(position, "page", self.first)
        total = _count(listing.body, self.total)
        lost = 0 if total is None else _number(position, "total", total) - total
        if lost > 0 and page > self.first:
            back = page - 1 - math.ceil(lost / max(self.size, 1))
            return {"page": max(self.first, back), "total": total, "uncounted": True}
        if not listing.rows:
            return None
        step: dict[str, JsonValue] = {"page": page + 1}
        if total is None:
            return step
        read = _number(position, "read", 0) + len(listing.rows)
        if position.get("uncounted"):  # after stepping back only an empty page is the end
            return {**step, "total": total, "uncounted": True}
        return None if read >= total else {**step, "total": total, "read": read}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Rows by offset, sorted by something that stays.

    Each request takes ``overlap`` rows of the page before with it. Where those don't come back in
    their place, rows were inserted or deleted before them: then the reading steps back to where
    the list still is as it was. 0 switches that off, for lists that never change while read.
    """

    param: str = "offset"
    size_param: str = "limit"
    size: int = 100
    overlap: int = 1

    def ask(self, position: Position) -> Ask:
        values: dict[str, JsonValue] = {self.param: _number(position, "offset", 0)}
        return Ask(values={**values, self.size_param: self.size} if self.size_param else values)

    def after(self, position: Position, listing: Listing) -> Position | None:
        return _after_rows(position, listing.keys, size=self.size, overlap=self.overlap)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeHeader:
    """Rows by the request header ``Range: UNIT=first-last`` (RFC 9110 section 14.2).

    ``exclusive`` says that the system does not count the last one in (Tryton). ``overlap`` guards
    as in :class:`Offset`.
    """

    unit: str = "records"
    size: int = 100
    overlap: int = 1
    exclusive: bool = False

    def ask(self, position: Position) -> Ask:
        first = _number(position, "offset", 0)
        last = first + self.size - (0 if self.exclusive else 1)
        return Ask(headers={"range": f"{self.unit}={first}-{last}"})

    def after(self, position: Position, listing: Listing) -> Position | None:
        return _after_rows(position, listing.keys, size=self.size, overlap=self.overlap)


def _after_rows(
    position: Position, keys: Sequence[str], *, size: int, overlap: int
) -> Position | None:
    """The next offset; back by a page where the overlapping rows are not in their place."""
    at, anchor = _number(position, "offset", 0), position.get("anchor")
    known = anchor if isinstance(anchor, list) else []
    if known and list(keys[: len(known)]) != known:
        return {"offset": max(0, at - size)}
    if len(keys) <= len(known):
        return None
    kept = min(overlap, len(keys) - 1)
    anchor_keys: list[JsonValue] = list(keys[len(keys) - kept :])
    return {"offset": at + len(keys) - kept, "anchor": anchor_keys}


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


def _number(position: Position, name: str, default: int) -> int:
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
