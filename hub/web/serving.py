"""The receiver beside other work: a thread of its own in the process of ``hub run``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from hub.errors import ConfigError
from hub.pipeline.intake import find_intake
from hub.pipeline.workplace import Workplace
from hub.web.deadline import DeadlineProtocol
from hub.web.receiver import build

CONCURRENT: Final = 100
"""How many connections are served at once; more are answered with 503."""


def find_serving(
    work: Workplace, *, wake: Callable[[str], None], host: str, port: int
) -> Serving | None:
    """A receiver that tells ``wake`` whose delivery was stored; None where nobody pushes."""
    intake = find_intake(work)
    if intake is None:
        return None
    return Serving(build(intake, work.config.push, wake=wake), host=host, port=port)


class Serving:
    """Takes deliveries from ``start`` to ``stop``."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        self._where = f"{host}:{port}"
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=DeadlineProtocol,
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONCURRENT,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="receive", daemon=True)

    def start(self) -> int:
        """Begin, and return the port; ConfigError where nobody can listen there."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ConfigError(f"nobody can listen at {self._where}: is the port taken?")
            time.sleep(0.01)
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Answer what has begun, then end."""
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        """Where it can't listen, uvicorn says why in its log and exits."""
        try:
            self._server.run()
        except SystemExit:
            return
