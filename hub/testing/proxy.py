"""The fault proxy: stands on loopback between a connector and its stand-in, and spoils what passes.

In HTTP it sees whole requests and answers, so a trouble concerns a request; in any other protocol
it concerns a connection. Addresses of the stand-in within answers (next links) become its own, so
that a connector that follows them stays behind the proxy.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from hub.testing.wire import Exchange, pump, read_message, reset, respond, send_slowly

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happens to the next ``times`` requests (connections, where it is not HTTP).

    ``skip`` lets that many pass first. Kinds: ``latency`` (``seconds`` before the answer), ``drip``
    (the answer's body byte by byte, ``seconds`` apart), ``reset`` (broken off at once), ``silent``
    (taken, never answered), ``truncate`` (half of the answer, or ``after`` bytes of it, then
    closed), ``half_close`` (the same, and the connection stays half open), ``drop`` (done by the
    stand-in, then closed without an answer), ``status`` (an HTTP answer instead of the stand-in's,
    with ``status``, ``headers`` and ``body``).
    """

    kind: str
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    after: int = -1
    status: int = 500
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class FaultProxy:
    """Passes on everything that reaches :attr:`port` to the target, except for its troubles.

    ``exchanges`` holds what passed in HTTP, ``connections`` and ``received`` count what came and
    how many bytes were answered. ``before`` is called with each request before it is passed on,
    ``after`` once the stand-in has answered it, and may change the answer's body.
    """

    def __init__(self, host: str, port: int, *, http: bool = True) -> None:
        self.http = http
        self.connections = 0
        self.received = 0
        self.exchanges: list[Exchange] = []
        self.before: Callable[[Exchange], None] | None = None
        self.after: Callable[[Exchange], None] | None = None
        self._target = (host, port)
        self._troubles: list[Trouble] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def inject(self, trouble: Trouble) -> None:
        """Queue a trouble; one after the other comes into force."""
        with self._lock:
            self._troubles.append(trouble)

    def heal(self) -> None:
        """Forget all troubles."""
        with self._lock:
            self._troubles.clear()

    def close(self) -> None:
        """Stop listening and break off every connection."""
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in tuple(self._open):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve = self._serve_http if self.http else self._serve_bytes
            threading.Thread(target=self._serve, args=(client, serve), daemon=True).start()

    def _serve(self, client: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        with self._lock:
            self.connections += 1
        with self._kept(client), suppress(OSError, ValueError):
            serve(client)

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _next(self) -> Trouble | None:
        with self._lock:
            if not self._troubles:
                return None
            first = self._troubles[0]
            if first.skip > 0:
                self._troubles[0] = replace(first, skip=first.skip - 1)
                return None
            if first.times <= 1:
                del self._troubles[0]
            else:
                self._troubles[0] = replace(first, times=first.times - 1)
            return first

    def _connect(self) -> socket.socket:
        upstream = socket.create_connection(self._target, timeout=30)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return upstream

    def _serve_http(self, client: socket.socket) -> None:
        upstream = self._connect()
        with self._kept(upstream), client.makefile("rb") as asked, upstream.makefile("rb") as told:
            while (message := read_message(asked)) is not None:
                exchange = Exchange.of(message)
                with self._lock:
                    self.exchanges.append(exchange)
                trouble = self._next()
                if trouble is not None and not self._survives(trouble, client):
                    return
                if self.before:
                    self.before(exchange)
                upstream.sendall(message.whole)
                answer = read_message(told, bodiless=exchange.method == "HEAD")
                if answer is None:
                    return
                exchange.status, exchange.answer = answer.status, answer.body
                if self.after:
                    self.after(exchange)
                content = answer.with_body(self._renamed(exchange.answer)).whole
                self.received += len(content)
                if not self._deliver(client, self._renamed(content), trouble):
                    return

    def _renamed(self, content: bytes) -> bytes:
        """The content with our address in place of the stand-in's."""
        host, port = self._target
        names = {host, "localhost", LOOPBACK}
        for name in names:
            content = content.replace(f"{name}:{port}".encode(), f"{LOOPBACK}:{self.port}".encode())
        return content

    def _survives(self, trouble: Trouble, client: socket.socket) -> bool:
        """Do what needs no stand-in; False where the connection is over."""
        if trouble.kind == "reset":
            reset(client)
        elif trouble.kind == "silent":
            self._wait_for_goodbye(client)
        elif trouble.kind == "status":
            client.sendall(respond(trouble.status, trouble.headers, trouble.body))
        else:
            return True
        return False

    def _deliver(self, client: socket.socket, content: bytes, trouble: Trouble | None) -> bool:
        """Send an answer, whole or as the trouble wants it; False where the connection is over."""
        if trouble is None or trouble.kind == "latency":
            self._closing.wait(trouble.seconds if trouble else 0.0)
            client.sendall(content)
            return True
        head = content.find(b"\r\n\r\n") + 4 if self.http else 0
        if trouble.kind == "drip":
            client.sendall(content[:head])
            send_slowly(client, content[head:], seconds=trouble.seconds, closing=self._closing)
        elif trouble.kind in ("truncate", "half_close"):
            self._cut(client, content, head=head, trouble=trouble)
        return False

    def _cut(self, client: socket.socket, content: bytes, *, head: int, trouble: Trouble) -> None:
        half = head + (len(content) - head) // 2
        client.sendall(content[: trouble.after if trouble.after >= 0 else half])
        if trouble.kind == "half_close":
            client.shutdown(socket.SHUT_WR)
            self._wait_for_goodbye(client)

    def _wait_for_goodbye(self, client: socket.socket) -> None:
        """Until the client gives up, or the proxy closes."""
        client.settimeout(0.05)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                if not client.recv(65_536):
                    return

    def _serve_bytes(self, client: socket.socket) -> None:
        trouble = self._next()
        if trouble is not None and not self._survives(trouble, client):
            return
        upstream = self._connect()
        with self._kept(upstream):
            upward = threading.Thread(target=pump, args=(client, upstream.sendall), daemon=True)
            upward.start()
            left = trouble.after if trouble and trouble.kind in ("truncate", "half_close") else -1

            def deliver(content: bytes) -> bool:
                nonlocal left
                self.received += len(content)
                if trouble is None or (left >= 0 and len(content) < left):
                    left -= len(content) if left >= 0 else 0
                    client.sendall(content)
                    return True
                return self._deliver(client, content, replace(trouble, after=left))

            pump(upstream, deliver)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
