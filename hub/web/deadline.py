"""A connection has so long for its request and its answer; then it is cut off.

The server's own time-outs begin after a first answer, so that a sender who dribbles his headers
(slow loris) would hold a connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

STATE: Final = "deadline"
"""Name under which the application's lifespan says how many seconds."""
HEAD: Final = "deadline of a head"
_SECONDS: Final = 30.0


class DeadlineProtocol(H11Protocol):
    """HTTP/1.1 with an end; answers must close the connection."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        seconds = float(self.app_state.get(STATE, _SECONDS))
        self._deadline = self.loop.call_later(seconds, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)


class HeadersDeadlineProtocol(H11Protocol):
    """HTTP/1.1 that gives a sender so long for the head of each request."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock once a whole head is here."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()

    def on_response_complete(self) -> None:
        """Start it again for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and self._deadline is None:
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        seconds = float(self.app_state.get(HEAD, _SECONDS))
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
