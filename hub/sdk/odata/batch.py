"""``$batch``: several calls in one request, as multipart/mixed (versions 2 and 4) or JSON (4.01).

Reads stand alone; writes go together into one change set, of which all is done or nothing
(OData 4.01 Part 1, section 11.7; OData 2.0 "Batch Processing"; JSON Format 4.01, section 19).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import uuid4

import orjson
from pydantic import JsonValue

_BOUNDARY: Final = re.compile(r"boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,200})\"?")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
_MOST_PARTS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCall:
    """One call of a batch; ``path`` is relative to the service root and encoded."""

    path: str
    method: str = "GET"
    body: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict)


class BatchAnswer(NamedTuple):
    """The answer to one call, in the order of the calls."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Envelope(NamedTuple):
    """A batch as it is sent; ``is_atomic`` where it is one change set."""

    content_type: str
    accept: str
    body: bytes
    is_atomic: bool


def pack(calls: Sequence[BatchCall], *, json: bool = False) -> Envelope:
    """The batch of calls that either all read or all write."""
    writes = [call.method != "GET" for call in calls]
    if any(writes) != all(writes) or not calls:
        raise ValueError("a batch reads or writes, not both")
    if json:
        body = orjson.dumps({"requests": _json_calls(calls, atomic=all(writes))})
        return Envelope("application/json", "application/json", body, all(writes))
    outer, inner = f"batch_{uuid4().hex}", f"changeset_{uuid4().hex}"
    parts = [_http_part(call, number) for number, call in enumerate(calls, 1)]
    if all(writes):
        change_set = _multipart(parts, inner)
        parts = [f"Content-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode() + change_set]
    body = _multipart(parts, outer)
    return Envelope(f"multipart/mixed; boundary={outer}", "multipart/mixed", body, all(writes))


def unpack(content: bytes, content_type: str) -> list[BatchAnswer]:
    """The answers of a batch; a change set that failed has one for all of its calls."""
    if content_type.startswith("application/json"):
        found = orjson.loads(content)["responses"]
        return [_json_answer(one) for one in sorted(found, key=lambda one: int(one["id"]))]
    answers: list[BatchAnswer] = []
    for headers, body in split_multipart(content, content_type):
        if headers.get("content-type", "").startswith("multipart/mixed"):
            inside = split_multipart(body, headers["content-type"])
            answers += [_http_answer(part) for _, part in inside]
        else:
            answers.append(_http_answer(body))
    return answers


def split_multipart(content: bytes, content_type: str) -> list[tuple[Mapping[str, str], bytes]]:
    """Headers and body of each part (RFC 2046, 5.1); ValueError where it is no multipart."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("a batch without a boundary")
    mark = b"--" + found[1].encode()
    pieces = (b"\r\n" + content).split(b"\r\n" + mark)
    if len(pieces) < 2 or len(pieces) > _MOST_PARTS or not pieces[-1].startswith(b"--"):
        raise ValueError("a batch that has no end, or too many parts")
    return [split_head(piece.removeprefix(b"\r\n")) for piece in pieces[1:-1]]


def split_head(part: bytes) -> tuple[Mapping[str, str], bytes]:
    """Header fields by lower-case name, and what follows the empty line."""
    head, _, body = (b"\r\n" + part).partition(b"\r\n\r\n")
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines if name}, body


def _multipart(parts: Sequence[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _http_part(call: BatchCall, number: int) -> bytes:
    body = b"" if call.body is None else orjson.dumps(call.body)
    head = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([f"Content-ID: {number}"] if call.method != "GET" else []),
        "",
        f"{call.method} {_one_line(call.path)} HTTP/1.1",
        "Accept: application/json",
        *(f"{_one_line(name)}: {_one_line(value)}" for name, value in call.headers.items()),
        *(["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError("a line break in a path or a header")
    return text


def _http_answer(part: bytes) -> BatchAnswer:
    status = _STATUS.match(part.lstrip())
    if status is None:
        raise ValueError("a part of a batch without a status")
    headers, body = split_head(part.lstrip().partition(b"\r\n")[2])
    return BatchAnswer(int(status[1]), headers, body)


def _json_calls(calls: Sequence[BatchCall], *, atomic: bool) -> list[dict[str, Any]]:
    group = {"atomicityGroup": "g1"} if atomic else {}
    return [
        {
            "id": str(number),
            "method": call.method,
            "url": call.path,
            "headers": {"content-type": "application/json", **call.headers},
            **({} if call.body is None else {"body": call.body}),
            **group,
        }
        for number, call in enumerate(calls, 1)
    ]


def _json_answer(one: Mapping[str, Any]) -> BatchAnswer:
    headers = {name.lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    body = one.get("body")
    return BatchAnswer(int(one["status"]), headers, b"" if body is None else orjson.dumps(body))
