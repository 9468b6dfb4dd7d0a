"""Reads FETCH answers: the parenthesised lists of RFC 3501 section 9, without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

_TOKEN: Final = re.compile(rb'\(|\)|"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}$|([^\s()"{]+)', re.DOTALL)
_MAX_DEPTH: Final = 100
_STATUS: Final = re.compile(rb"([A-Z]+) (\d{1,20})(?=[ )])", re.IGNORECASE)
_NIL: Final[dict[bytes, None]] = {b"NIL": None}

Item = Any
"""None, bytes, or a list of items."""


class AnswerError(ValueError):
    """An answer is not what RFC 3501 allows."""


def read_fetches(answers: Iterable[Any]) -> Iterator[dict[str, Item]]:
    """The items of each FETCH answer by name, as imaplib hands them over: lines and literals."""
    pieces: list[bytes | tuple[bytes, bytes]] = []
    for answer in answers:
        pieces.append(answer)
        if isinstance(answer, tuple):
            continue
        yield _read_one(pieces)
        pieces = []
    if pieces:
        raise AnswerError("a FETCH answer breaks off")


def read_status(answers: Iterable[Any]) -> dict[str, int]:
    """The numbers of a STATUS answer (RFC 3501 section 7.2.4), whose name may be a literal."""
    lines = [line for line in answers if isinstance(line, bytes)]
    _, _, numbers = (lines[-1] if lines else b"").rpartition(b"(")
    return {name.decode().upper(): int(number) for name, number in _STATUS.findall(numbers)}


def _read_one(pieces: list[bytes | tuple[bytes, bytes]]) -> dict[str, Item]:
    items = _nest(_tokens(pieces))
    fields = next((item for item in items if isinstance(item, list)), None)
    if fields is None:
        return {}
    found: dict[str, Item] = {}
    names = iter(_join_sections(fields))
    for name in names:
        if isinstance(name, bytes):
            label = name.decode("ascii", "replace").upper()
            found["BODY[]" if label.startswith("BODY[") else label] = next(names, None)
    return found


def _tokens(pieces: list[bytes | tuple[bytes, bytes]]) -> Iterator[tuple[str, Item]]:
    for piece in pieces:
        line, literal = piece if isinstance(piece, tuple) else (piece, None)
        for match in _TOKEN.finditer(line):
            if match[1] is not None:
                yield "text", re.sub(rb"\\(.)", rb"\1", match[1])
            elif match[2] is not None and literal is not None:
                yield "text", literal
            elif match[3] is not None:
                yield "text", _NIL.get(match[3].upper(), match[3])
            else:
                yield match[0].decode("ascii", "replace"), match[0]


def _nest(tokens: Iterable[tuple[str, Item]]) -> list[Item]:
    root: list[Item] = []
    open_lists = [root]
    for kind, value in tokens:
        if kind == ")":
            open_lists.pop()
        if not open_lists:
            raise AnswerError("a list ends that has not begun")
        if kind == "(":
            inner: list[Item] = []
            if len(open_lists) <= _MAX_DEPTH:  # deeper ones are read and forgotten
                open_lists[-1].append(inner)
            open_lists.append(inner)
        elif kind != ")":
            open_lists[-1].append(value)
    if len(open_lists) > 1:
        raise AnswerError("a list does not end")
    return root


def _join_sections(items: list[Item]) -> Iterator[Item]:
    """Take ``BODY[HEADER.FIELDS (…)]<0>``, which holds a list and spaces, for one name."""
    inside = False
    for item in items:
        if inside:
            inside = not (isinstance(item, bytes) and item.startswith(b"]"))
        elif isinstance(item, bytes) and item.upper().startswith(b"BODY[") and b"]" not in item:
            inside = True
            yield b"BODY[]"
        else:
            yield item
