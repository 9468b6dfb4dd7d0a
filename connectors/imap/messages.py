"""Makes one record of a mail: who wrote to whom, when, on which thread; never what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from connectors.imap.config import ImapConfig
from connectors.imap.responses import Item
from hub.sdk.mail import Address, MailHeaders
from hub.sdk.mailwords import join_parameters, tidy
from hub.sdk.mime import MAX_DEPTH, MAX_PARTS

_EXTENSION_AT: Final = {"text": 8, "message/rfc822": 10}
"""Where the extension data of a body begins (RFC 3501 section 7.4.2), after 7 basic fields."""
_REPORTED: Final = re.compile(
    r"^(?:original|final)-recipient\s*:[^;\r\n]*;\s*<?([^\s<>;]{1,320})",
    re.IGNORECASE | re.MULTILINE,
)


class BodyPart(NamedTuple):
    """A part that is no multipart: its number for FETCH, its type, name and size as sent."""

    number: str
    content_type: str
    name: str | None
    size: int
    is_attachment: bool


class Owners:
    """Tells our own addresses from others'."""

    def __init__(self, config: ImapConfig) -> None:
        self._addresses = {address.lower() for address in config.own_addresses}
        self._domains = tuple(domain.lower().strip(".@ ") for domain in config.own_domains)
        if "@" in config.username:
            self._addresses.add(config.username.lower())

    def own(self, mailbox: Address) -> bool:
        """Whether the address is ours, a subdomain's included."""
        address = mailbox.address.lower()
        domain = address.rpartition("@")[2]
        return address in self._addresses or any(
            domain == own or domain.endswith(f".{own}") for own in self._domains
        )

    def is_internal(self, headers: MailHeaders) -> bool:
        """Whether everybody named is one of us; mail without a recipient is not."""
        receivers = (*headers.to, *headers.cc)
        everybody = (*headers.sender, *receivers)
        return bool(headers.sender and receivers) and all(map(self.own, everybody))


def build_record(
    headers: MailHeaders, *, owners: Owners, arrived: str, parts: Iterable[BodyPart]
) -> dict[str, Any]:
    """The record's data: nothing in it depends on the mailbox in which a copy lies.

    ``part`` marks the one address of which a party is made: the sender of what comes in, the first
    outside receiver of what goes out; none in automatic mail, and never somebody in copy.
    """
    is_outbound = any(map(owners.own, headers.sender))
    direction = "outbound" if is_outbound else "inbound"
    marked = _counterpart(headers, owners, is_outbound=is_outbound)
    part = "to" if is_outbound else "from"
    record: dict[str, Any] = {
        "message_id": headers.message_id,
        "in_reply_to": headers.in_reply_to,
        "references": list(headers.references),
        "thread_id": headers.thread_id,
        "date": (headers.date or _arrival(arrived)).isoformat(),
        "from": _people(headers.sender, marked if part == "from" else None, part),
        "reply_to": _people(headers.reply_to),
        "to": _people(headers.to, marked if part == "to" else None, part),
        "cc": _people(headers.cc),
        "subject": headers.subject,
        "direction": direction,
        "auto_kind": headers.auto_kind,
        "attachments": [
            {"name": found.name, "size": found.size, "content_type": found.content_type}
            for found in parts
            if found.is_attachment
        ],
    }
    if headers.cut:
        record["cut_headers"] = list(headers.cut)
    return record


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


def read_bounced(report: bytes) -> list[str]:
    """The addresses that a delivery report names (RFC 3464 section 2.3), each once."""
    text = report[:16_384].decode("utf-8", "replace")
    found = [address for address in _REPORTED.findall(text) if "@" in address]
    return list(dict.fromkeys(found))[:50]


def _counterpart(headers: MailHeaders, owners: Owners, *, is_outbound: bool) -> Address | None:
    if headers.auto_kind is not None:
        return None
    people = headers.to if is_outbound else headers.sender
    return next((person for person in people if not owners.own(person)), None)


def _people(
    people: Iterable[Address], marked: Address | None = None, part: str = ""
) -> list[dict[str, str]]:
    return [
        {"name": person.name, "address": person.address}
        | ({"part": part} if person == marked else {})
        for person in people
    ]


def _arrival(text: str) -> datetime:
    """INTERNALDATE, as "17-Jul-2026 02:44:25 -0700"; 1970 where even that is broken."""
    try:
        return parsedate_to_datetime(text.strip().replace("-", " ", 2)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


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
    name = described.get("filename") or _pairs(_at(body, 2)).get("name") or ""
    size = _text(_at(body, 6))
    return BodyPart(
        number=number,
        content_type=content_type,
        name=tidy(name)[:300] or None,
        size=int(size) if size.isdecimal() and len(size) < 16 else 0,
        is_attachment=_text(_at(disposition, 0)).lower() == "attachment" or bool(name),
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
    return item[:16_384].decode("utf-8", "replace") if isinstance(item, bytes) else ""
