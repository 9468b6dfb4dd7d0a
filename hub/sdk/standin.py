"""Stand-in servers: a vendor's documented wire protocol over a real socket, with state and faults.

A stand-in keeps its records in a :class:`StandInState`: by stream, by key, in the vendor's own
field names. The state can be saved to a file, so that a stand-in may be stopped and started again.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import orjson
from pydantic import JsonValue

Row = dict[str, Any]


class StandInState:
    """The records of a stand-in, by stream and key; every change is saved before it is answered."""

    def __init__(self, records: Mapping[str, Mapping[str, Row]], path: Path | None = None) -> None:
        self.records: dict[str, dict[str, Row]] = {
            stream: {key: dict(row) for key, row in rows.items()}
            for stream, rows in records.items()
        }
        self.path = path
        self.lock = threading.RLock()

    @classmethod
    def load(cls, path: Path) -> StandInState:
        """Read a saved state; changes go back to the same file."""
        return cls(orjson.loads(path.read_bytes()), path)

    def stream(self, name: str) -> dict[str, Row]:
        """The rows of one stream; hold :attr:`lock` while changing them."""
        return self.records.setdefault(name, {})

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change rows alone, and save before the change is answered."""
        with self.lock:
            yield
            self.save()

    def save(self) -> None:
        """Write the state beside its file and rename it: a kill leaves the old or the new one."""
        if self.path is None:
            return
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(self.records))
        fresh.replace(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault for the next ``times`` requests whose path contains ``path`` (and by ``method``).

    Kinds: status (answers with ``status`` and ``headers``), truncate (cuts the body in half),
    not_json (answers an HTML page with 200), delay (``seconds`` before the answer),
    reset (closes the socket without an answer), drop (does the work, then closes the socket).
    """

    kind: str
    status: int = 500
    seconds: float = 0.0
    times: int = 1
    path: str = ""
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn(Protocol):
    """A running stand-in."""

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings, secrets included, with which the connector reaches it."""

    @property
    def state(self) -> StandInState:
        """Its records; tests change them here."""

    def fail(self, fault: Fault) -> None:
        """Queue a fault."""

    def stop(self) -> None:
        """Close the socket and end its threads."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Which record the conformance kit wants: the ``number``-th (from 1) of a stream, after
    ``revision`` edits (0: as it was made), last changed at ``at``.
    """

    stream: str
    number: int
    revision: int
    at: datetime


def _put_row(samples: Samples, state: StandInState, sample: Sample) -> None:
    state.stream(sample.stream)[samples.key(sample.stream, sample.number)] = samples.row(sample)


def _drop_row(samples: Samples, state: StandInState, sample: Sample) -> None:
    del state.stream(sample.stream)[samples.key(sample.stream, sample.number)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """How the conformance kit fills a stand-in and edits it, in the vendor's own field names.

    ``key`` gives the source key of a stream's record by its number; keys must grow with it where
    the system numbers its records. ``row`` gives the record itself; each revision differs from the
    others. ``put`` places a sample in the state as if a user had saved it, ``remove`` deletes it as
    a user would: by default the row comes or goes under its key, a system that leaves a tombstone
    says so here. ``fields`` gives a change that a writable stream takes, another one for each
    revision, ``new`` the fields of a record that is to be created. ``put`` and ``remove`` are
    called with the state locked. A stand-in that gives out tokens has a method ``expire_tokens()``
    that ends all of them.
    """

    key: Callable[[str, int], str]
    row: Callable[[Sample], Row]
    put: Callable[[Samples, StandInState, Sample], None] = _put_row
    remove: Callable[[Samples, StandInState, Sample], None] = _drop_row
    fields: Callable[[str, int], Mapping[str, JsonValue]] = lambda _stream, _revision: {}
    new: Callable[[str], Mapping[str, JsonValue]] = lambda _stream: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInSpec:
    """What a plugin's ``hub_standin`` hook returns.

    ``start`` takes the state and a port (0 for any free one) and listens on loopback. ``samples``
    lets the conformance kit fill and edit the stand-in.
    """

    name: str
    start: Callable[[StandInState, int], StandIn]
    samples: Samples | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a stand-in sees it; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; a dict or list body is sent as JSON."""

    status: int
    body: bytes | str | JsonValue
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The bytes that go over the socket."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)


class HttpStandIn:
    """Serves ``answer`` on loopback with keep-alive, and injects queued faults before or after it.

    Requests are counted by "METHOD path" in :attr:`requests`, so that tests can prove how often
    a system was really asked; :attr:`most_at_once` is how many it had to answer at the same time.
    """

    def __init__(
        self, state: StandInState, answer: Callable[[Request], Response], port: int = 0
    ) -> None:
        self.state = state
        self.requests: dict[str, int] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._answer = answer
        self.open_connections: set[socket.socket] = set()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Base URL without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, fault: Fault) -> None:
        """Queue a fault for coming requests."""
        with self._lock:
            self._faults.append(fault)

    def stop(self) -> None:
        """Stop listening, and break off the connections that are kept alive."""
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            for connection in tuple(self.open_connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def respond(self, request: Request) -> tuple[Response | None, bool]:
        """The answer (None: close without one) and whether to cut it in half."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return self._with_faults(request)
        finally:
            with self._lock:
                self._at_once -= 1

    def _with_faults(self, request: Request) -> tuple[Response | None, bool]:
        fault = self._next_fault(request)
        if fault is None:
            return self._answer(request), False
        if fault.kind == "status":
            return Response(fault.status, {"error": "injected"}, fault.headers), False
        if fault.kind == "not_json":
            return Response(200, "<html>gateway</html>", {"content-type": "text/html"}), False
        if fault.kind == "reset":
            return None, False
        time.sleep(fault.seconds)
        answer = self._answer(request)
        return (None, False) if fault.kind == "drop" else (answer, fault.kind == "truncate")

    def _next_fault(self, request: Request) -> Fault | None:
        with self._lock:
            name = f"{request.method} {request.path}"
            self.requests[name] = self.requests.get(name, 0) + 1
            for place, fault in enumerate(self._faults):
                if fault.path in request.path and fault.method in {"", request.method}:
                    if fault.times <= 1:
                        del self._faults[place]
                    else:
                        self._faults[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of ours to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as given


def _handler_for(server: HttpStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65536

        def setup(self) -> None:
            super().setup()
            server.open_connections.add(self.connection)

        def finish(self) -> None:
            server.open_connections.discard(self.connection)
            super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: a request line may hold personal data."""

        def handle_any(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path, query, headers, self.rfile.read(length))
            answer, cut = server.respond(request)
            if answer is None:
                self.close_connection = True
                return
            self._send(answer, cut)

        def _send(self, answer: Response, cut: bool) -> None:
            body = answer.encoded()
            self.send_response(answer.status)
            headers = {"content-type": "application/json", **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any
        do_PROPFIND = do_REPORT = handle_any  # WebDAV: RFC 4918, RFC 3253

    return Handler
