"""A chat system on loopback that keeps what is told it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import orjson


@contextmanager
def chat_room() -> Iterator[tuple[str, list[Any]]]:
    """Its address for webhooks, and the messages as they come in."""
    messages: list[Any] = []

    class Room(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Room)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", messages
    server.shutdown()
    server.server_close()
