"""A private Xandikos on loopback: CardDAV without passwords, each address book a Git repository.

Xandikos lives in an environment of its own, `.venv-xandikos`. What it does, as measured (0.4.10):

- A card is kept byte for byte, so PUT answers with the ETag of what was sent.
- A sync token is a Git tree. One that it does not know is refused with DAV:valid-sync-token.
- GET with several types in Accept is an internal error.
- There are no users: a password needs TLS, and is tested with Radicale.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers import process

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / ".venv-xandikos" / "bin" / "xandikos"
BOOK = "/user/contacts/addressbook/"


@dataclass(frozen=True)
class XandikosServer:
    """A running CardDAV server with one address book."""

    url: str

    def put(self, path: str, card: bytes) -> None:
        """Store a card, whatever is there."""
        headers = {"content-type": "text/vcard"}
        requests.put(self.url + path, card, headers=headers, timeout=30).raise_for_status()

    def get(self, path: str) -> bytes:
        """Return a card as it is stored."""
        return requests.get(self.url + path, timeout=30).content

    def delete(self, path: str) -> None:
        """Delete a card."""
        requests.delete(self.url + path, timeout=30).raise_for_status()


def available() -> str | None:
    """Return None when Xandikos can run here, else the reason why it cannot."""
    if not PROGRAM.exists():
        return "Xandikos is not installed (tests/servers/install.sh)"
    return None


@contextmanager
def running() -> Iterator[XandikosServer]:
    """Start a server with an empty address book."""
    with process.scratch_folder("xandikos") as folder:
        port = process.free_port()
        place = ["--defaults", "-d", str(folder / "books"), "--state-dir", str(folder / "state")]
        command = [str(PROGRAM), "serve", *place, "-l", "127.0.0.1", "-p", str(port)]
        launch = process.Launch("Xandikos", command, folder / "xandikos.log")
        with process.running(launch, lambda: process.accepts(port)):
            yield XandikosServer(f"http://127.0.0.1:{port}")
