"""The parts of a whole mail, read with limits that no nesting can break."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hub.sdk.mail import split_fields
from hub.sdk.mailwords import parse_parameters, tidy

MAX_DEPTH: Final = 20
MAX_PARTS: Final = 200
_PART_FIELDS: Final = ("Content-Type", "Content-Disposition", "Content-Transfer-Encoding")


@dataclass(slots=True)
class MailPart:
    """One part; a multipart below the limits has ``children``, any other has only its ``body``."""

    content_type: str
    parameters: dict[str, str]
    disposition: str
    name: str | None
    encoding: str
    body: bytes
    children: list[MailPart] = field(default_factory=list)


def read_parts(raw: bytes) -> MailPart:
    """The tree of a mail's parts: 20 deep and 200 in all at most, deeper ones stay unopened."""
    root = _read_part(raw)
    waiting, count = [(root, 1)], 1
    while waiting:
        part, depth = waiting.pop()
        boundary = part.parameters.get("boundary", "")
        if not part.content_type.startswith("multipart/") or not boundary or depth >= MAX_DEPTH:
            continue
        for piece in _split(part.body, boundary, MAX_PARTS - count):
            part.children.append(_read_part(piece))
        count += len(part.children)
        waiting.extend((child, depth + 1) for child in part.children)
    return root


def _read_part(raw: bytes) -> MailPart:
    fields, _ = split_fields(raw, wanted=_PART_FIELDS)
    content_type, parameters = parse_parameters(fields.get("content-type") or "text/plain")
    disposition, described = parse_parameters(fields.get("content-disposition", ""))
    name = tidy(described.get("filename") or parameters.get("name") or "")
    encoding = fields.get("content-transfer-encoding", "7bit").strip().lower()
    return MailPart(content_type, parameters, disposition, name or None, encoding, _body(raw))


def _body(raw: bytes) -> bytes:
    """What follows the first empty line."""
    if raw[:2] == b"\r\n":
        return raw[2:]
    if raw[:1] == b"\n":
        return raw[1:]
    ends = [(raw.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    found = [(place, size) for place, size in ends if place >= 0]
    if not found:
        return b""
    place, size = min(found)
    return raw[place + size :]


def _split(body: bytes, boundary: str, limit: int) -> list[bytes]:
    """The pieces between the boundary lines (RFC 2046 section 5.1.1), ``limit`` of them at most."""
    if limit <= 0:
        return []
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    pieces = (b"\n" + body).split(mark, limit + 1)[1:]
    kept: list[bytes] = []
    for piece in pieces[:limit]:
        if piece.startswith(b"--"):
            break
        _, _, content = piece.partition(b"\n")
        kept.append(content.removesuffix(b"\r"))
    return kept
