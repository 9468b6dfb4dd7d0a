"""The server's side of a paging: which rows an answer holds, and what it tells besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import JsonValue

from hub.errors import ContractError
from hub.sdk.offsets import Offset, OverlapPages, RangeHeader
from hub.sdk.paging import (
    CursorPaging,
    LinkHeader,
    NextUrl,
    PageNumber,
    Paging,
    SinglePage,
)

Row = dict[str, Any]
Sized = PageNumber | OverlapPages | Offset | CursorPaging | NextUrl | LinkHeader
Keyed = Sequence[tuple[str, Row]]
FEW: Final = 3
"""How many rows a system deals out that takes no size: few, so that reading on is tested."""
Question = tuple[Mapping[str, str], Mapping[str, str], str]
"""The query's values, the headers, and the path of a request."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one answer; ``told`` by dotted path what the body says of the rest."""

    rows: list[Row]
    told: Mapping[str, JsonValue] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def deal_out(paging: Paging, rows: Keyed, question: Question) -> Part:
    """The part of the list that is asked for; ContractError for a paging that is not known here."""
    match paging:
        case SinglePage():
            return Part([row for _, row in rows])
        case PageNumber() | OverlapPages():
            return _by_page(paging, rows, question[0])
        case Offset():
            size = _size(paging, question[0])
            return Part(_cut(rows, int(question[0].get(paging.param, 0)), size))
        case RangeHeader():
            return _by_range(paging, rows, question[1])
        case CursorPaging():
            return _by_cursor(paging, rows, question[0])
        case NextUrl() | LinkHeader():
            return _by_link(paging, rows, question)
        case _:
            raise ContractError(f"{type(paging).__name__} needs a stand-in of its own")


def _size(paging: Sized, asked: Mapping[str, str]) -> int:
    return int(asked.get(paging.size_param, paging.size)) if paging.size_param else FEW


def _cut(rows: Keyed, start: int, size: int) -> list[Row]:
    return [row for _, row in rows[start : start + size]]


def _by_page(paging: PageNumber | OverlapPages, rows: Keyed, asked: Mapping[str, str]) -> Part:
    first, total = (paging.first, paging.total) if isinstance(paging, PageNumber) else (1, "")
    size = _size(paging, asked)
    page = int(asked.get(paging.param, first)) - first
    told: dict[str, JsonValue] = {total: len(rows)} if total else {}
    return Part(_cut(rows, page * size, size), told)


def _by_range(paging: RangeHeader, rows: Keyed, headers: Mapping[str, str]) -> Part:
    first, _, last = headers.get("range", "=0-99").partition("=")[2].partition("-")
    size = int(last) - int(first) + (0 if paging.exclusive else 1)
    told = f"{paging.unit} {first}-{last}/{len(rows)}"
    return Part(_cut(rows, int(first), size), headers={"content-range": told})


def _by_cursor(paging: CursorPaging, rows: Keyed, asked: Mapping[str, str]) -> Part:
    found, rest = _after(rows, asked.get(paging.param), _size(paging, asked))
    told: dict[str, JsonValue] = {paging.next: found[-1][0] if rest else None}
    if paging.more:
        told[paging.more] = rest
    return Part([row for _, row in found], told)


def _by_link(paging: NextUrl | LinkHeader, rows: Keyed, question: Question) -> Part:
    """The link names the last key, and repeats what was asked."""
    asked, _, path = question
    found, rest = _after(rows, asked.get("after"), _size(paging, asked))
    kept = "".join(f"&{name}={value}" for name, value in asked.items() if name != "after")
    link = f"{path}?after={found[-1][0]}{kept}" if rest else None
    listed = [row for _, row in found]
    if isinstance(paging, NextUrl):
        return Part(listed, {paging.path: link})
    return Part(listed, headers={"link": f'<{link}>; rel="{paging.rel}"'} if link else {})


def _after(rows: Keyed, last: str | None, size: int) -> tuple[Keyed, bool]:
    """The rows behind a key, and whether more follow; a key that is gone still has its place."""
    if last is None:
        start = 0
    else:
        places = [place for place, (key, _) in enumerate(rows) if _order(key) > _order(last)]
        start = places[0] if places else len(rows)
    found = rows[start : start + size]
    return found, start + size < len(rows)


def _order(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() else (0, key)
