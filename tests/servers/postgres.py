"""A private PostgreSQL cluster in a temporary folder, on a free loopback port.

PostgreSQL refuses to run as root, so as root the cluster belongs to Debian's `postgres` user.
Only TCP on 127.0.0.1 is open. `fsync` stays on unless the caller says otherwise. Without it a
database is made and dropped in a tenth of the time, and what was committed is lost with the machine
alone, not with any process.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import process

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
OLDEST_VERSION = 15
USER = "hub"


@dataclass(frozen=True)
class PostgresServer:
    """A running cluster: everything a client needs to connect."""

    host: str
    port: int
    user: str
    password: str
    programs: Path
    pid: int

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database of this server."""
        place = f"{self.host}:{self.port}/{database}"
        return f"postgresql+psycopg://{self.user}:{self.password}@{place}"

    def fresh_database(self, like: str | None = None) -> str:
        """Create a database, empty or a copy of one that nobody uses; return its URL."""
        name = f"hub_{secrets.token_hex(6)}"
        template = "template0" if like is None else like.rpartition("/")[2]
        how = () if like is None else ("--strategy=file_copy",)  # half the time for one so small
        self._run("createdb", f"--template={template}", *how, "--encoding=UTF8", name)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database made by `fresh_database`, ending connections that are still open."""
        self._run("dropdb", "--force", url.rpartition("/")[2])

    def _run(self, program: str, *arguments: str) -> None:
        where = ["-h", self.host, "-p", str(self.port), "-U", self.user]
        environment = {**os.environ, "PGPASSWORD": self.password}
        command = [str(self.programs / program), *where, *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


def available() -> str | None:
    """Return None when PostgreSQL can run here, else the reason why it cannot."""
    if _programs() is None:
        return f"PostgreSQL {OLDEST_VERSION} or newer is not installed (tests/servers/install.sh)"
    if process.is_root() and not _user_exists("postgres"):
        return "PostgreSQL does not run as root and there is no user `postgres`"
    return None


@contextmanager
def running(*, fsync: bool = True, shared_buffers: str = "128MB") -> Iterator[PostgresServer]:
    """Start a new empty cluster and stop and remove it afterwards; 128MB are PostgreSQL's own."""
    owner = "postgres" if process.is_root() else None
    with process.scratch_folder("postgres", owner=owner) as folder:
        password = secrets.token_urlsafe(16)
        _initialise(folder, password, owner)
        port = process.free_port()
        chosen = {"fsync": "on" if fsync else "off", "shared_buffers": shared_buffers}
        launch = _launch(folder, port, chosen)
        with process.running(launch, lambda: _answers(port)) as server:
            yield PostgresServer("127.0.0.1", port, USER, password, _required(), server.pid)


def _initialise(folder: Path, password: str, owner: str | None) -> None:
    password_file = folder / "password"
    password_file.write_text(password)
    if owner is not None:
        shutil.chown(password_file, owner)
    command = [str(_required() / "initdb"), "--pgdata", str(folder / "data"), "--no-sync"]
    command += ["--username", USER, "--pwfile", str(password_file), "--auth", "scram-sha-256"]
    command += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
    process.run(process.Launch("initdb", command, folder / "initdb.log", user=owner))
    password_file.unlink()


def _launch(folder: Path, port: int, chosen: Mapping[str, str]) -> process.Launch:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "timezone": "UTC",
        **chosen,
    }
    command = [str(_required() / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    owner = "postgres" if process.is_root() else None
    log = folder / "postgres.log"
    return process.Launch("PostgreSQL", command, log, user=owner, stop_signal=signal.SIGINT)


def _answers(port: int) -> bool:
    command = [str(_required() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0


def _programs() -> Path | None:
    versions = [entry for entry in DEBIAN_PROGRAMS.glob("*/bin") if entry.parent.name.isdigit()]
    newest = max(versions, key=lambda entry: int(entry.parent.name), default=None)
    if newest is not None and int(newest.parent.name) >= OLDEST_VERSION:
        return newest
    return None


def _required() -> Path:
    programs = _programs()
    if programs is None:
        raise process.ServerStartError(available() or "PostgreSQL is not installed")
    return programs


def _user_exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())
