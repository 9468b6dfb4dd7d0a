"""Dealing out by the number of rows: offsets, ranges, pages; guarded by rows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from hub.sdk.paging import Ask, Listing, Position, position_number


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
        values: dict[str, JsonValue] = {self.param: position_number(position, "offset", 0)}
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
        first = position_number(position, "offset", 0)
        last = first + self.size - (0 if self.exclusive else 1)
        return Ask(headers={"range": f"{self.unit}={first}-{last}"})

    def after(self, position: Position, listing: Listing) -> Position | None:
        return _after_rows(position, listing.keys, size=self.size, overlap=self.overlap)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapPages:
    """Pages by number and size of a system that tells no total, sorted by something that stays.

    A page of another size begins elsewhere: after page 1 of 100 rows comes page 2 of 99, whose
    first row is the last one that is known. So pages overlap and guard as in :class:`Offset`; a
    request has about ``size`` new rows, and ``largest`` at most, which the system must honour.
    """

    param: str = "page"
    size_param: str = "per_page"
    size: int = 100
    largest: int = 100

    def ask(self, position: Position) -> Ask:
        size = position_number(position, "size", 0) or self.size
        page = position_number(position, "offset", 0) // size + 1
        return Ask(values={self.param: page, self.size_param: size})

    def after(self, position: Position, listing: Listing) -> Position | None:
        at, anchor = position_number(position, "offset", 0), position.get("anchor")
        known = anchor if isinstance(anchor, list) else []
        if known and list(listing.keys[: len(known)]) != known:
            return {"offset": max(0, at // self.size - 1) * self.size, "size": self.size}
        if len(listing.keys) <= len(known):
            return None
        return self._overlapping(at + len(listing.keys), listing.keys)

    def _overlapping(self, end: int, keys: Sequence[str]) -> Position:
        """The page that begins with rows that are known, and has as many new ones as it can."""
        fitting = [size for size in range(1, self.largest + 1) if (end - 1) % size < len(keys)]
        size = max(fitting, key=lambda size: (min(self._new(end, size), self.size), -size))
        if not self._new(end, size):
            plain = [size for size in range(1, self.largest + 1) if end % size == 0]
            return {"offset": end, "size": plain[-1]}  # without a guard, lest it end early
        first = (end - 1) // size * size
        anchor: list[JsonValue] = list(keys[len(keys) - (end - first) :])
        return {"offset": first, "size": size, "anchor": anchor}

    def _new(self, end: int, size: int) -> int:
        """How many rows behind ``end`` the page of that size has that holds the row before it."""
        return size - (end - 1) % size - 1


def count_repeats(position: Position, keys: Sequence[str]) -> int:
    """How many rows at the head of an answer are those of the page before, asked for as a guard."""
    anchor = position.get("anchor")
    known = anchor if isinstance(anchor, list) else []
    return len(known) if list(keys[: len(known)]) == known else 0


def _after_rows(
    position: Position, keys: Sequence[str], *, size: int, overlap: int
) -> Position | None:
    """The next offset; back by a page where the overlapping rows are not in their place."""
    at, anchor = position_number(position, "offset", 0), position.get("anchor")
    known = anchor if isinstance(anchor, list) else []
    if known and list(keys[: len(known)]) != known:
        return {"offset": max(0, at - size)}
    if len(keys) <= len(known):
        return None
    kept = min(overlap, len(keys) - 1)
    anchor_keys: list[JsonValue] = list(keys[len(keys) - kept :])
    return {"offset": at + len(keys) - kept, "anchor": anchor_keys}
