"""What the stand-in says of a mail: the properties of an Email (RFC 8621 section 4.1)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from quopri import decodestring
from typing import Any, Final

from hub.sdk.mime import MailPart, read_parts
from hub.sdk.standin import Row

_INLINE: Final = ("image/", "audio/", "video/")
_HEADER: Final = re.compile(r"header:([^:]+):asRaw:all")

Leaf = tuple[str, MailPart, str, int]
"""A part that is no multipart: its id, itself, the multipart that holds it and its place there."""


def email_properties(row: Row, wanted: Iterable[str]) -> dict[str, Any]:
    """Those of the wanted properties that come from the mail itself."""
    raw = str(row["message"]).encode()
    values = _fields(raw)
    headers = ((name, match[1].lower()) for name in wanted if (match := _HEADER.fullmatch(name)))
    return {
        "receivedAt": row["receivedAt"],
        "keywords": dict.fromkeys(row.get("keywords") or (), True),
        **_bodies(row, _leaves(read_parts(raw))),
        **{name: values.get(label, []) for name, label in headers},
    }


def _bodies(row: Row, leaves: list[Leaf]) -> dict[str, list[dict[str, Any]]]:
    shown = [leaf for leaf in leaves if _is_inline(leaf)]
    lists = {
        "textBody": [leaf for leaf in shown if leaf[1].content_type != "text/html"],
        "htmlBody": [leaf for leaf in shown if leaf[1].content_type != "text/plain"],
        "attachments": [leaf for leaf in leaves if not _is_inline(leaf)],
    }
    return {name: [_described(row, leaf) for leaf in chosen] for name, chosen in lists.items()}


def find_blob(row: Row, part: str) -> bytes | None:
    """The content of one part, decoded."""
    leaves = _leaves(read_parts(str(row["message"]).encode()))
    return next((_content(leaf[1]) for leaf in leaves if leaf[0] == part), None)


def _fields(raw: bytes) -> dict[str, list[str]]:
    """The raw values of each header field, folds and all, in order."""
    head = re.sub(rb"\r?\n", b"\r\n", raw).partition(b"\r\n\r\n")[0]
    found: dict[str, list[str]] = {}
    for line in re.split(rb"\r\n(?![ \t])", head):
        name, colon, value = line.partition(b":")
        if colon:
            label = name.strip().decode("ascii", "replace").lower()
            found.setdefault(label, []).append(value.decode("utf-8", "replace"))
    return found


def _leaves(root: MailPart) -> list[Leaf]:
    """The parts that are no multiparts, in order."""
    found: list[Leaf] = []
    waiting: list[tuple[MailPart, str, int]] = [(root, "mixed", 0)]
    while waiting:
        part, parent, place = waiting.pop()
        if part.content_type.startswith("multipart/"):
            kind = part.content_type.partition("/")[2]
            inner = [(child, kind, number) for number, child in enumerate(part.children)]
            waiting.extend(reversed(inner))
        else:
            found.append((str(len(found) + 1), part, parent, place))
    return found


def _is_inline(leaf: Leaf) -> bool:
    """Whether a part is shown as part of the text (RFC 8621 section 4.1.4, in short)."""
    _, part, parent, place = leaf
    media = part.content_type.startswith(_INLINE)
    shown = media or part.content_type in ("text/plain", "text/html")
    first = place == 0 or (parent != "related" and (media or not part.name))
    return part.disposition != "attachment" and shown and first


def _described(row: Row, leaf: Leaf) -> dict[str, Any]:
    part_id, part, _, _ = leaf
    return {
        "partId": part_id,
        "blobId": f"{row['id']}.{part_id}",
        "size": len(_content(part)),
        "name": part.name,
        "type": part.content_type,
        "disposition": part.disposition or None,
    }


def _content(part: MailPart) -> bytes:
    if part.encoding == "quoted-printable":
        return decodestring(part.body)
    if part.encoding == "base64":
        try:
            return binascii.a2b_base64(part.body)
        except binascii.Error:
            return part.body
    return part.body
