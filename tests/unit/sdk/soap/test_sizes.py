"""Sizes: what is too much is refused before it fills the memory; measured in a process of its own.

The figures are limits of REST policy and reader: 64 MB a body, 600,000 nodes at one time.
"""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.sdk.soap.service import write_wsdl

MEGABYTE = b"x" * (1 << 20)
START = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><r><items><item>'
READER = """
import resource, sys, time
from pathlib import Path
from hub.errors import SourceSchemaError
from hub.sdk.limits import RestPolicy
from hub.sdk.soap import RowShape, SoapClient

wsdl, port, how = sys.argv[1:]
policy = RestPolicy(attempts=1)
client = SoapClient(Path(wsdl), system="t", url=f"http://127.0.0.1:{port}/", policy=policy)
client._wsdl.seal("ask", {"id": "1"})
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
shape = RowShape(within="items")
try:
    if how == "rows":
        for _ in client.rows("ask", {"id": "1"}, shape=shape):
            pass
    else:
        client.call("ask", {"id": "1"})
except SourceSchemaError as error:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{time.process_time() - started:.3f} {used // 1024}")
"""


def elements(name: bytes, total: int) -> Iterator[bytes]:
    block = (b"<%s/>" % name) * 100_000
    for _ in range(total // len(block)):
        yield block


def attributes(total: int) -> Iterator[bytes]:
    yield b"<x "
    number = 0
    for _ in range(total // 1_300_000):
        yield b"".join(b'a%06d="" ' % n for n in range(number, number + 100_000))
        number += 100_000
    yield b"/>"


def plain(parts: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\n\r\n" + START
    yield from parts()


def packed() -> Iterator[bytes]:
    """200 MB of one letter in some 200 kB."""
    yield b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-encoding: gzip\r\n"
    yield b"connection: close\r\n\r\n" + gzip.compress(START + MEGABYTE * 200, 1)


SENT: dict[str, Callable[[], Iterator[bytes]]] = {
    "200 MB of text": lambda: plain(lambda: (MEGABYTE for _ in range(200))),
    "200 MB in 200 kB": packed,
    "60 MB of small elements": lambda: plain(lambda: elements(b"a", 60_000_000)),
    "60 MB of elements in a list": lambda: plain(lambda: elements(b"items", 60_000_000)),
    "60 MB of attributes": lambda: plain(lambda: attributes(60_000_000)),
    "60 MB deep": lambda: plain(lambda: (b"<a>" * 100_000 for _ in range(200))),
}


@contextmanager
def sending(parts: Callable[[], Iterator[bytes]]) -> Iterator[int]:
    """A server that answers one request with these bytes, and holds none of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                try:
                    for part in parts():
                        connection.sendall(part)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65_536):  # closing with unread bytes would be a reset
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(20)


@pytest.mark.parametrize("how", ["rows", "whole"])
@pytest.mark.parametrize("name", SENT)
def test_what_is_too_much_is_refused(tmp_path: Path, name: str, how: str) -> None:
    with sending(SENT[name]) as port:
        run = subprocess.run(
            [sys.executable, "-c", READER, str(write_wsdl(tmp_path)), str(port), how],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert run.returncode == 0, run.stderr
    seconds, megabytes = map(float, run.stdout.split())
    assert seconds < 1
    assert megabytes < 100 + (64 if name.startswith("60 MB") else 0)  # a body below the cap is held
