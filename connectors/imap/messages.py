"""Reads what an IMAP server says of a mail beside its headers: arrival, flags, structure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.imap.responses import Item
from hub.sdk.mailrecord import BodyPart
from hub.sdk.mailwords import join_parameters
from hub.sdk.mime import MAX_DEPTH, MAX_PARTS

_EXTENSION_AT: Final = {"text": 8, "message/rfc822": 10}
"""Where the extension data of a body begins (RFC 3501 section 7.4.2), after 7 basic fields."""
_MAX_TEXT: Final = 16_384


def read_arrival(item: Item) -> datetime | None:
    """INTERNALDATE, as "17-Jul-2026 02:44:25 -0700"; None where even that is broken."""
    try:
        return parsedate_to_datetime(_text(item).strip().replace("-", " ", 2)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_draft(item: Item) -> bool:
    """Whether the flags say that the mail is not finished, and so was never sent."""
    return isinstance(item, list) and any(_text(flag).lower() == "\\draft" for flag in item)


def read_structure(structure: Item) -> list[BodyPart]:
    """The single parts of a BODYSTRUCTURE; what is deeper than 20 or beyond 200 is left out."""
    found: list[BodyPart] = []
    waiting: list[tuple[Item, str, int]] = [(structure, "", 1)]
    while waiting and len(found) < MAX_PARTS:
        body, number, depth = waiting.pop()
        if not isinstance(body, list) or not body:
            continue
        if not isinstance(body[0], list):
            found.append(_read_body(body, number or "1"))
            continue
        if depth < MAX_DEPTH:
            numbered = [
                (child, f"{number}.{place}".lstrip("."), depth + 1)
                for place, child in enumerate(_leading_lists(body), start=1)
            ]
            waiting.extend(reversed(numbered[:MAX_PARTS]))
    return found


def _leading_lists(body: list[Item]) -> list[Item]:
    """The parts of a multipart: the lists before its subtype."""
    for place, item in enumerate(body):
        if not isinstance(item, list):
            return body[:place]
    return body


def _read_body(body: list[Item], number: str) -> BodyPart:
    content_type = f"{_text(_at(body, 0))}/{_text(_at(body, 1))}".lower()
    start = _EXTENSION_AT.get(content_type, _EXTENSION_AT.get(content_type.partition("/")[0], 7))
    disposition = _at(body, start + 1)
    described = _pairs(_at(disposition, 1))
    size = _text(_at(body, 6))
    return BodyPart(
        reference=number,
        content_type=content_type,
        name=described.get("filename") or _pairs(_at(body, 2)).get("name") or "",
        disposition=_text(_at(disposition, 0)).lower(),
        size=int(size) if size.isdecimal() and len(size) < 16 else 0,
    )


def _at(items: Item, place: int) -> Item:
    return items[place] if isinstance(items, list) and place < len(items) else None


def _pairs(items: Item) -> dict[str, str]:
    if not isinstance(items, list):
        return {}
    texts = [_text(item) for item in items]
    raw = dict(zip((name.lower() for name in texts[::2]), texts[1::2], strict=False))
    return join_parameters(raw)


def _text(item: Item) -> str:
    return item[:_MAX_TEXT].decode("utf-8", "replace") if isinstance(item, bytes) else ""
