"""The connection: imaplib with a limit on what comes, and a deadline for all of it.

imaplib alone waits for each packet, so that a server which sends a byte at a time holds it for
ever; and what a server sent in plain text before STARTTLS it takes for an answer inside TLS.
"""

from __future__ import annotations

import imaplib
import ssl
import time
from typing import Any, Final

from connectors.imap.config import ImapConfig
from hub.sdk.limits import RestPolicy

_MAX_LITERAL: Final = 4 * 1024 * 1024
_MAX_LINE: Final = 1_000_000
_PACKET: Final = 1 << 16


class _Bounded:
    """Mixed into imaplib's classes: reads by the clock, from a buffer of its own."""

    sock: Any

    def __init__(self, *arguments: Any, policy: RestPolicy, **more: Any) -> None:
        self._policy = policy
        self._deadline = time.monotonic() + policy.total_timeout
        self._buffer = bytearray()
        self._source: Any = None
        super().__init__(*arguments, **more)

    def send(self, data: Any) -> None:
        """Send a command; the time for its answer begins.

        Nothing can have come in answer to the first command inside TLS: what is there came before.
        """
        if self.sock is not self._source:
            self._source, self._buffer = self.sock, bytearray()
        self._deadline = time.monotonic() + self._policy.total_timeout
        self.sock.settimeout(self._policy.read_timeout)
        super().send(data)  # type: ignore[misc]  # mixed into imaplib's classes

    def read(self, size: int) -> bytes:
        """A literal; one larger than anything we ask for is refused before room is made for it."""
        if size > _MAX_LITERAL:
            raise imaplib.IMAP4.abort("a literal is larger than what was asked for")
        while len(self._buffer) < size:
            self._fill()
        return self._take(size)

    def readline(self) -> bytes:
        """A line with its end."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > _MAX_LINE:
                raise imaplib.IMAP4.error("a line is longer than any that was asked for")
            self._fill()
        return self._take(end + 1)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        sock = self.sock
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(min(left, self._policy.read_timeout))
        packet = sock.recv(_PACKET)
        if not packet:
            raise imaplib.IMAP4.abort("the connection closed inside an answer")
        self._buffer += packet


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Secure(_Bounded, imaplib.IMAP4_SSL):
    pass


def open_connection(config: ImapConfig, policy: RestPolicy) -> imaplib.IMAP4:
    """Connect as the settings say; raises what sockets and imaplib raise."""
    place = (config.host, config.port)
    if config.security == "plain":
        return _Plain(*place, policy=policy, timeout=policy.read_timeout)
    context = ssl.create_default_context(cafile=config.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.security == "tls":
        return _Secure(*place, policy=policy, ssl_context=context, timeout=policy.read_timeout)
    server = _Plain(*place, policy=policy, timeout=policy.read_timeout)
    server.starttls(context)
    return server
