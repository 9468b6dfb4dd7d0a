"""What the stand-in says of a mail: its flags, sections and structure (RFC 3501 section 7.4.2)."""

from __future__ import annotations

import re
from typing import Final

from hub.sdk.mime import MailPart, read_parts
from hub.sdk.standin import Row

_WANTED: Final = re.compile(
    r"BODY\.PEEK\[(HEADER\.FIELDS \(([^)]*)\)|HEADER|[\d.]+)\](?:<0\.(\d+)>)?", re.IGNORECASE
)
_WORDS: Final = ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODYSTRUCTURE")


def fetched_items(row: Row, wanted: str) -> bytes:
    """The items of one FETCH answer."""
    raw = re.sub(r"\r?\n", "\r\n", str(row["message"])).encode()
    words = _WANTED.sub("", wanted).strip("() ").upper().split()
    values = {
        "UID": str(row["uid"]).encode(),
        "FLAGS": f"({' '.join(row.get('flags') or [])})".encode(),
        "INTERNALDATE": b'"01-Jan-2026 00:00:00 +0000"',
        "RFC822.SIZE": str(len(raw)).encode(),
    }
    if "BODYSTRUCTURE" in words:
        given = row.get("structure")
        values["BODYSTRUCTURE"] = str(given).encode() if given else _structure(read_parts(raw))
    found = [word.encode() + b" " + values[word] for word in _WORDS if word in words]
    return b" ".join(found + [_section(raw, match) for match in _WANTED.finditer(wanted)])


def _section(raw: bytes, match: re.Match[str]) -> bytes:
    head = raw.partition(b"\r\n\r\n")[0]
    if match[2]:
        content = _only(head, {name.upper() for name in match[2].split()}) + b"\r\n"
    elif match[1].upper() == "HEADER":
        content = head + b"\r\n\r\n"
    else:
        content = _numbered(read_parts(raw), match[1])
    cut = content[: int(match[3])] if match[3] else content
    label = f"BODY[{match[1]}]{'<0>' if match[3] else ''}"
    return b"%s {%d}\r\n%s" % (label.encode(), len(cut), cut)


def _only(head: bytes, names: set[str]) -> bytes:
    kept: list[bytes] = []
    keeping = False
    for line in head.split(b"\r\n"):
        if line[:1] not in (b" ", b"\t"):
            keeping = line.partition(b":")[0].strip().decode("ascii", "replace").upper() in names
        if keeping:
            kept.append(line + b"\r\n")
    return b"".join(kept)


def _numbered(root: MailPart, number: str) -> bytes:
    part = root
    for place in number.split("."):
        if part.children:
            part = part.children[int(place) - 1]
    return part.body


def _structure(part: MailPart) -> bytes:
    """BODYSTRUCTURE (RFC 3501 section 7.4.2); may recurse, since parts are at most 20 deep."""
    kind, _, subtype = part.content_type.partition("/")
    parameters = _pairs(part.parameters)
    shown = _pairs({"filename": part.name} if part.name else {})
    disposition = b"(%s %s)" % (_quoted(part.disposition), shown) if part.disposition else b"NIL"
    if part.children:
        inner = b"".join(_structure(child) for child in part.children)
        return b"(%s %s %s %s NIL NIL)" % (inner, _quoted(subtype), parameters, disposition)
    lines = b" %d" % part.body.count(b"\n")
    middle = lines if kind == "text" else b""
    if part.content_type == "message/rfc822":
        middle = b" (%s) %s%s" % (b" ".join([b"NIL"] * 10), _structure(read_parts(b"")), lines)
    fields = (_quoted(kind), _quoted(subtype), parameters, _quoted(part.encoding), len(part.body))
    return b"(%s %s %s NIL NIL %s %d%s NIL %s NIL NIL)" % (*fields, middle, disposition)


def _pairs(values: dict[str, str]) -> bytes:
    texts = [_quoted(text) for pair in values.items() for text in pair]
    return b"(%s)" % b" ".join(texts) if texts else b"NIL"


def _quoted(text: str) -> bytes:
    """A quoted text, or a literal where quotes can't hold it."""
    content = text.encode("utf-8", "replace")
    if re.search(rb"[\r\n\x00\x80-\xff]", content):
        return b"{%d}\r\n%s" % (len(content), content)
    return b'"' + content.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
