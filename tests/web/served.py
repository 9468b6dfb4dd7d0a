"""The application served over a real socket, and browsers and programs that ask it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import uvicorn
from starlette.types import ASGIApp

from hub.web.deadline import HeadersDeadlineProtocol

_TOKEN = re.compile(r'"X-CSRF-Token": "([0-9a-f]+)"')


@contextmanager
def served(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serve it in a thread; gives the address."""
    config = uvicorn.Config(
        app, port=port, http=HeadersDeadlineProtocol, ws="none", lifespan="on", log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@dataclass
class Caller:
    """Somebody who asks, as a browser with a session or a program with a token."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request; where it leads to is not followed."""
        return self.session.request(
            method, self.address + path, allow_redirects=False, timeout=30, **more
        )

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return self.ask("POST", path, **more)

    def sign_in(self, login: str, password: str, *, following: str = "") -> requests.Response:
        """Fill in the form."""
        content = {"login": login, "password": password, "next": following}
        return self.post("/sign-in", data=content)

    def token(self) -> str:
        """The token for changes, as a page shows it."""
        found = _TOKEN.search(self.get("/").text)
        assert found is not None
        return found[1]
