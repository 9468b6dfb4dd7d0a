"""A private Cyrus on loopback: JMAP and CardDAV over HTTP, and IMAP with CONDSTORE and QRESYNC.

Debian's packages conflict with Dovecot's, so they are unpacked and not installed. What runs is
copied into the server's own folder: the user that it runs as may not look into the checkout.
"""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import process

PREFIX = Path(__file__).parents[2] / ".cache" / "cyrus"
PROGRAMS = ("master", "imapd", "httpd", "cyr_expire")
SYSTEM_USER = "mail"
ADMIN = "admin"

CONFIGURATION = """
configdirectory: {folder}/conf
partition-default: {folder}/spool
defaultpartition: default
cyrus_user: {user}
cyrus_group: {group}
servername: localhost
admins: admin
allowplaintext: yes
unixhierarchysep: yes
altnamespace: yes
virtdomains: off
httpmodules: jmap carddav
httpallowcompress: no
conversations: yes
conversations_db: twoskip
expunge_mode: delayed
delete_mode: immediate
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb
sasl_mech_list: PLAIN
"""

SERVICES = """
START {{
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {folder}/imapd.conf" listen="127.0.0.1:{imap}" prefork=1
  http cmd="{bin}/httpd -C {folder}/imapd.conf" listen="127.0.0.1:{http}" prefork=1
}}
EVENTS {{
}}
"""


@dataclass(frozen=True)
class CyrusServer:
    """A running mail server and the passwords of its users."""

    host: str
    port: int
    base_url: str
    passwords: Mapping[str, str]
    folder: Path

    def connect(self, user: str) -> imaplib.IMAP4:
        """Return a logged-in IMAP connection; the caller logs out."""
        client = imaplib.IMAP4(self.host, self.port, timeout=30)
        client.login(user, self.passwords[user])
        return client

    def append(self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX") -> int:
        """Store whole RFC 5322 messages in a folder and return how many."""
        client = self.connect(user)
        arrived = imaplib.Time2Internaldate(datetime.now(tz=UTC))
        try:
            answers = [client.append(folder, "", arrived, message) for message in messages]
        finally:
            client.logout()
        if any(status != "OK" for status, _ in answers):
            raise process.ServerStartError(f"Cyrus refused a message in {folder}: {answers!r}")
        return len(answers)

    def forget_expunged(self) -> None:
        """Make it forget what was expunged, so that it can't tell changes from before."""
        command = [str(self.folder / "bin" / "cyr_expire"), "-C", str(self.folder / "imapd.conf")]
        command += ["-E", "0", "-X", "0"]
        process.run(_launch("cyr_expire", command, self.folder))


def available() -> str | None:
    """Return None when Cyrus can run here, else the reason why it cannot."""
    if not (PREFIX / "unpacked-packages.txt").exists():
        return "Cyrus is not unpacked (tests/servers/install.sh)"
    return None


@contextmanager
def running(users: Iterable[str] = ("anna", "bruno")) -> Iterator[CyrusServer]:
    """Start a mail server with an empty Inbox and Sent for these users, each with a password."""
    passwords = {user: secrets.token_hex(12) for user in (*users, ADMIN)}
    with process.scratch_folder("cyrus") as folder:
        imap, http = process.free_port(), process.free_port()
        _prepare(folder, {"imap": imap, "http": http}, passwords)
        command = [str(folder / "bin" / "master"), "-C", str(folder / "imapd.conf")]
        command += ["-M", str(folder / "cyrus.conf"), "-p", str(folder / "run" / "master.pid")]
        with process.running(_launch("Cyrus", command, folder), lambda: _greets(imap)):
            server = CyrusServer("127.0.0.1", imap, f"http://127.0.0.1:{http}", passwords, folder)
            _create_mailboxes(server)
            yield server


def _launch(name: str, command: list[str], folder: Path) -> process.Launch:
    return process.Launch(
        name,
        command,
        folder / "run" / f"{name.lower()}.log",
        environment={"LD_LIBRARY_PATH": str(folder / "lib")},
        user=SYSTEM_USER,
    )


def _prepare(folder: Path, ports: Mapping[str, int], passwords: Mapping[str, str]) -> None:
    folder.chmod(0o755)
    for name in ("bin", "lib", "conf", "spool", "run"):
        (folder / name).mkdir()
    for program in PROGRAMS:
        shutil.copy(PREFIX / "usr" / "lib" / "cyrus" / "bin" / program, folder / "bin")
    for library in PREFIX.glob("usr/lib/*/libcyrus*.so.?"):
        shutil.copy(library, folder / "lib" / library.name)
    user, group = _identity()
    configuration = CONFIGURATION.format(folder=folder, user=user, group=group)
    (folder / "imapd.conf").write_text(configuration)
    services = SERVICES.format(folder=folder, bin=folder / "bin", **ports)
    (folder / "cyrus.conf").write_text(services)
    for name, word in passwords.items():
        _add_user(folder, name, word)
    if process.is_root():
        for path in ("conf", "spool", "run", "sasldb"):
            shutil.chown(folder / path, SYSTEM_USER, SYSTEM_USER)


def _add_user(folder: Path, name: str, password: str) -> None:
    tool = str(PREFIX / "usr" / "sbin" / "saslpasswd2")
    command = [tool, "-p", "-c", "-f", str(folder / "sasldb"), "-u", "localhost", name]
    process.run(process.Launch("saslpasswd2", command, folder / "sasl.log"), stdin=password)


def _identity() -> tuple[str, str]:
    """As root Cyrus runs as Debian's `mail`; otherwise as the current user."""
    if process.is_root():
        return SYSTEM_USER, SYSTEM_USER
    return getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


def _greets(port: int) -> bool:
    try:
        with imaplib.IMAP4("127.0.0.1", port, timeout=2):
            return True
    except (OSError, imaplib.IMAP4.error):
        return False


def _create_mailboxes(server: CyrusServer) -> None:
    admin = server.connect(ADMIN)
    users = [user for user in server.passwords if user != ADMIN]
    for user in users:
        admin.create(f"user/{user}")
    admin.logout()
    for user in users:
        client = server.connect(user)
        client.xatom("CREATE", "Sent", "(USE (\\Sent))")
        client.logout()
