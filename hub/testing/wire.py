"""HTTP messages as the fault proxy reads and writes them, and the handling of raw bytes."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED: Final = re.compile(rb"^transfer-encoding:.*chunked", re.IGNORECASE | re.MULTILINE)
_BODILESS: Final = frozenset({204, 304})


class Message(NamedTuple):
    """A request or an answer: its head up to the empty line, and its body as it went."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body

    @property
    def status(self) -> int:
        """An answer's status."""
        return int(self.head.split(b" ", 2)[1])

    def with_body(self, body: bytes) -> Message:
        """The same with another body, its length corrected."""
        length = f"content-length: {len(body)}\r".encode()
        return self if body == self.body else Message(_LENGTH.sub(length, self.head), body)


@dataclass(slots=True)
class Exchange:
    """One request that passed, and its answer once there is one."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int = 0
    answer: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, request: Message) -> Exchange:
        """Read a request; header names are lower case."""
        first, *lines = request.head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        return cls(method, path, headers, request.body)


def read_message(stream: BinaryIO, *, bodiless: bool = False) -> Message | None:
    """The next whole message; None where the other side has closed."""
    head = _read_head(stream)
    if not head:
        return None
    is_answer = head.startswith(b"HTTP/")
    if bodiless or (is_answer and Message(head, b"").status in _BODILESS):
        return Message(head, b"")
    if _CHUNKED.search(head):
        return Message(head, _read_chunks(stream))
    length = _LENGTH.search(head)
    if length is None:
        return Message(head, stream.read() if is_answer else b"")
    return Message(head, stream.read(int(length[1])))


def _read_head(stream: BinaryIO) -> bytes:
    """Up to the empty line; empty where the other side closed before it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(65_536)
        if not line:
            return b""
        head += line
    return head


def _read_chunks(stream: BinaryIO) -> bytes:
    """A chunked body as it went (RFC 9112 section 7.1), without trailers."""
    body = b""
    while True:
        line = stream.readline(1024)
        size = int(line.split(b";")[0], 16) if line.strip() else 0
        body += line + stream.read(size + 2)
        if size == 0:
            return body


def respond(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """An answer of the proxy's own."""
    fields = {"content-type": "application/json", "connection": "close", **dict(headers)}
    fields["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Injected\r\n{lines}\r\n".encode("latin-1") + body


def reset(client: socket.socket) -> None:
    """Close so that the other side sees a reset (RST) and not an orderly end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def send_slowly(
    client: socket.socket, content: bytes, *, seconds: float, closing: threading.Event
) -> None:
    """Byte by byte, until the client has enough of it."""
    for place in range(len(content)):
        client.sendall(content[place : place + 1])
        if closing.wait(seconds):
            return


def pump(source: socket.socket, deliver: Callable[[bytes], object]) -> None:
    """Hand on whatever comes, until one side closes or ``deliver`` says False."""
    with suppress(OSError):
        while content := source.recv(65_536):
            if deliver(content) is False:
                return
    with suppress(OSError):
        source.shutdown(socket.SHUT_RD)
