"""A private Radicale on loopback: CardDAV with passwords, collections in a temporary folder.

Radicale lives in an environment of its own, `.venv-radicale`. What it does, as measured (3.9.0):

- A card is parsed and written anew by vobject when it is stored: properties are sorted and
  refolded, unknown ones are kept, a text after a comma without a backslash is lost (FN:a, b).
  PUT answers 201 with an ETag for the card as stored, though not as sent.
- GET /.well-known/carddav is 301 to /, and so is PROPFIND.
- A sync token is a hash of the collection. One that it does not know, and that does not name what
  is there now, is 403 with DAV:valid-sync-token. It takes no limit and never cuts a list.
- A wrong password is 401, after a pause of about a second (`delay`, 0 here).
- If-Match with another ETag is 412, and so is If-None-Match: * for a card that is there.
- Another UID under the same address is 409. A card without UID gets one; one that vobject can't
  read is 400.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers import process

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent.parent / ".venv-radicale"
PROGRAM = ENVIRONMENT / "bin" / "radicale"
USER = "anna"
CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = warning
"""
NEW_BOOK = """<?xml version="1.0"?>
<d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>
<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>
<d:displayname>{title}</d:displayname></d:prop></d:set></d:mkcol>"""


@dataclass(frozen=True)
class RadicaleServer:
    """A running CardDAV server with one user."""

    url: str
    user: str
    password: str
    folder: Path

    def new_book(self, name: str) -> str:
        """Make an address book and return its path."""
        body = NEW_BOOK.format(title=f"Book {name}").encode()
        self._send("MKCOL", f"/{self.user}/{name}/", body)
        return f"/{self.user}/{name}/"

    def put(self, path: str, card: bytes) -> None:
        """Store a card, whatever is there."""
        self._send("PUT", path, card)

    def get(self, path: str) -> str:
        """Return a card as it is stored."""
        return self._send("GET", path).content.decode()

    def delete(self, path: str) -> None:
        """Delete a card or a book."""
        self._send("DELETE", path)

    def forget_tokens(self, path: str) -> None:
        """Remove the sync tokens of a book, as Radicale does after max_sync_token_age."""
        cache = (
            self.folder / "collections" / "collection-root" / path.strip("/") / ".Radicale.cache"
        )
        for token in (cache / "sync-token").iterdir():
            token.unlink()

    def _send(self, method: str, path: str, body: bytes = b"") -> requests.Response:
        answer = requests.request(
            method, self.url + path, data=body, auth=(self.user, self.password), timeout=30
        )
        answer.raise_for_status()
        return answer


def available() -> str | None:
    """Return None when Radicale can run here, else the reason why it cannot."""
    if not PROGRAM.exists():
        return "Radicale is not installed (tests/servers/install.sh)"
    return None


@contextmanager
def running() -> Iterator[RadicaleServer]:
    """Start a server without address books, for one user with a random password."""
    password = secrets.token_hex(12)
    with process.scratch_folder("radicale") as folder:
        port = process.free_port()
        (folder / "users").write_text(f"{USER}:{password}\n")
        configuration = folder / "radicale.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port))
        command = [str(PROGRAM), "--config", str(configuration)]
        launch = process.Launch("Radicale", command, folder / "radicale.log")
        with process.running(launch, lambda: process.accepts(port)):
            yield RadicaleServer(f"http://127.0.0.1:{port}", USER, password, folder)
