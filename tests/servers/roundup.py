"""A private Roundup on loopback: an issue tracker of the template `classic`, in a temporary folder.

Roundup lives in an environment of its own, `.venv-roundup`. What its REST interface does, as
measured (2.6.0), besides what https://www.roundup-tracker.org/docs/rest.html says:

- `@total_size` is a count only where the page has rows: of a page beyond the end it is the number
  of rows that were skipped, so it never is too low.
- `activity=2026-01-31.12:00:00;` is "at that second or later", in the time zone of the user who
  asks, though answers are in UTC. A time that it can't read (`2026-01-31T12:00:00Z`, `junk`) is
  passed over, and everything is listed.
- `@sort=activity,id` sorts ids as numbers. `@verbose=2` gives a linked item with its name.
- The attributes of one item have no `id`, `creation` and `activity` unless `@fields` names them.
- A retired item is in no list; GET of it is still 200, and nothing in the answer says so.
- An answer that is packed has `-gzip` in its ETag; If-Match takes it with and without that.
- A change without If-Match is 412, with an unknown property 400, without Origin or
  X-Requested-With 400 ("Required Header Missing"). Origin must be the tracker's own.
- A wrong password is 401 in HTML; no password is 403 where anonymous users have no "Rest Access".
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers import process

HERE = Path(__file__).resolve().parent
BIN = HERE.parent.parent / ".venv-roundup" / "bin"
ADMIN = "admin"
TRACKER = "tracker"


@dataclass(frozen=True)
class RoundupServer:
    """A running tracker and its administrator."""

    url: str
    user: str
    password: str
    folder: Path

    def admin(self, *words: str) -> str:
        """Run `roundup-admin -i tracker …` beside the server and return what it prints."""
        return run_admin(self.folder, *words)


def available() -> str | None:
    """Return None when Roundup can run here, else the reason why it cannot."""
    if not (BIN / "roundup-server").exists():
        return "Roundup is not installed (tests/servers/install.sh)"
    return None


def run_admin(folder: Path, *words: str) -> str:
    """Run `roundup-admin` on the tracker in a folder."""
    command = [str(BIN / "roundup-admin"), "-i", str(folder / TRACKER), *words]
    return process.run(process.Launch("roundup-admin", command, folder / "roundup-admin.log"))


@contextmanager
def running() -> Iterator[RoundupServer]:
    """Start a tracker without issues whose administrator has a random password."""
    password = secrets.token_hex(12)
    with process.scratch_folder("roundup") as folder:
        port = process.free_port()
        url = f"http://127.0.0.1:{port}/{TRACKER}"
        settings = {
            "tracker_web": f"{url}/",
            "mail_domain": "example.com",
            "mail_host": "localhost",
            "mail_debug": folder / "mail.txt",  # mail is written there and never sent
        }
        given = ",".join(f"{name}={value}" for name, value in settings.items())
        run_admin(folder, "install", "classic", "sqlite", given)
        run_admin(folder, "initialise", password)
        with process.running(_launch(folder, port), lambda: process.accepts(port)):
            yield RoundupServer(url, ADMIN, password, folder)


def _launch(folder: Path, port: int) -> process.Launch:
    command = [str(BIN / "roundup-server"), "-n", "127.0.0.1", "-p", str(port)]
    if process.is_root():
        command += ["-u", "root"]  # it asks for a name, lest it become root by mistake
    command.append(f"{TRACKER}={folder / TRACKER}")
    return process.Launch("Roundup", command, folder / "roundup.log")


def main() -> None:
    """Run a tracker until Ctrl-C; prints what the tutorial's commands want in the environment."""
    with running() as server:
        settings = {"base_url": server.url, "username": server.user, "password": server.password}
        login = f"{server.user}:{server.password}"
        sys.stdout.write(f"export ROUNDUP={server.url} LOGIN={login}\n")
        sys.stdout.write(f"export HUB_ROUNDUP='{json.dumps(settings)}'\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
