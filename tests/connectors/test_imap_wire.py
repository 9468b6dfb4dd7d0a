"""The IMAP connection: STARTTLS, and servers that send too much or too slowly."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import connectors.imap as plugin
from hub.errors import (
    PermanentSourceError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.overrides import policy_overrides

OPENSSL = shutil.which("openssl")
REPLIES = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n",
    b"EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n",
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    if OPENSSL is None:
        pytest.skip("needs the openssl command to make a certificate")
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    command = [OPENSSL, *options.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", both, "-out", f"{both}.crt"], check=True, text=True)
    both.write_text(both.read_text() + Path(f"{both}.crt").read_text())
    return both


class Server:
    """Answers one session; ``replies`` come before the tagged OK of a command."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.replies = dict(REPLIES)
        self.after_starttls = b""
        self.drip = 0.0
        self._certificate = certificate
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            channel, _ = self._listener.accept()
            self._say(channel, b"* OK ready\r\n")
            while line := channel.recv(4096):
                tag, command = line.split()[:2]
                answer = self.replies.get(command, b"") + tag + b" OK done\r\n"
                self._say(channel, answer + self.after_starttls * (command == b"STARTTLS"))
                if command == b"STARTTLS" and self._certificate:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(self._certificate)
                    channel = context.wrap_socket(channel, server_side=True)

    def _say(self, channel: socket.socket, answer: bytes) -> None:
        if not self.drip:
            channel.sendall(answer)
            return
        for byte in answer:
            channel.sendall(bytes([byte]))
            time.sleep(self.drip)


def check(server: Server, **changed: Any) -> str:
    spec = plugin.hub_connector()
    settings = {
        "host": "127.0.0.1",
        "port": server.port,
        "username": "anna",
        "password": "secret",
        "mailboxes": ["INBOX"],
        "security": "plain",
        "timeout": 5,
    }
    connector = spec.open(spec.config.model_validate(settings | changed))
    try:
        return connector.check()
    finally:
        connector.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.mark.parametrize("injected", [b"", b"* BYE somebody else said this\r\n"])
def test_starttls_forgets_what_came_in_plain_text(certificate: Path, injected: bytes) -> None:
    running = Server(certificate)
    running.after_starttls = injected
    found = check(running, security="starttls", ca_file=str(certificate))
    assert found == "127.0.0.1: 1 mailboxes can be read"
    running.stop()


def test_starttls_with_an_unknown_authority_is_refused(certificate: Path) -> None:
    running = Server(certificate)
    with pytest.raises(PermanentSourceError, match="certificate"):
        check(running, security="starttls")
    running.stop()


def test_a_server_without_starttls_gets_no_password(server: Server) -> None:
    server.replies[b"CAPABILITY"] = b"* CAPABILITY IMAP4rev1\r\n"
    with pytest.raises(SourceError):
        check(server, security="starttls")


def test_a_drip_meets_the_deadline(server: Server) -> None:
    server.drip = 0.05
    started = time.monotonic()
    with policy_overrides(total_timeout=0.3), pytest.raises(SourceUnavailableError):
        check(server)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("flood", "expected"),
    [
        (b"* OK " + b"x" * 1_200_000 + b"\r\n", SourceSchemaError),
        (b"* 1 FETCH (X {99999999}\r\n", SourceUnavailableError),
        (b"* 1 FETCH (X {99999999999999999999}\r\n", SourceUnavailableError),
    ],
)
def test_what_is_too_large_is_refused(
    server: Server, flood: bytes, expected: type[SourceError]
) -> None:
    server.replies[b"EXAMINE"] = flood
    with pytest.raises(expected):
        check(server)
