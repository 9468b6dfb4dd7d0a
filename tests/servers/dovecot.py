"""A private Dovecot on loopback: plain IMAP with CONDSTORE, Maildir in a temporary folder."""

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

PROGRAM = "/usr/sbin/dovecot"
LOGIN_USER = "dovenull"
MAIL_USER = "dovecot"

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal_user}
default_internal_group = {group}
default_login_user = {login_user}
mail_uid = {mail_user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%u
auth_username_format = %Lu
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  {chroot}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}/mail/%u
}}
"""


@dataclass(frozen=True)
class DovecotServer:
    """A running IMAP server and the passwords of its users."""

    host: str
    port: int
    passwords: Mapping[str, str]

    def connect(self, user: str) -> imaplib.IMAP4:
        """Return a logged-in IMAP connection; the caller logs out."""
        client = imaplib.IMAP4(self.host, self.port, timeout=30)
        client.login(user, self.passwords[user])
        return client

    def append(self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX") -> int:
        """Store whole RFC 5322 messages in a folder and return how many."""
        client = self.connect(user)
        try:
            return sum(_append(client, folder, message) for message in messages)
        finally:
            client.logout()


def available() -> str | None:
    """Return None when Dovecot can run here, else the reason why it cannot."""
    if not Path(PROGRAM).exists():
        return "Dovecot is not installed (tests/servers/install.sh)"
    return None


@contextmanager
def running(users: Iterable[str] = ("anna", "bruno")) -> Iterator[DovecotServer]:
    """Start a mail server with empty mailboxes for these users, each with a random password."""
    passwords = {user: secrets.token_hex(12) for user in users}
    with process.scratch_folder("dovecot") as folder:
        port = process.free_port()
        configuration = _prepare(folder, port, passwords)
        command = [PROGRAM, "-F", "-c", str(configuration)]
        launch = process.Launch("Dovecot", command, folder / "dovecot.log")
        with process.running(launch, lambda: _greets(port)):
            yield DovecotServer("127.0.0.1", port, passwords)


def _prepare(folder: Path, port: int, passwords: Mapping[str, str]) -> Path:
    folder.chmod(0o755)
    mail = folder / "mail"
    mail.mkdir()
    users = folder / "users"
    users.write_text("".join(f"{user}:{word}\n" for user, word in passwords.items()))
    users.chmod(0o600)
    if process.is_root():
        shutil.chown(mail, MAIL_USER, MAIL_USER)
        shutil.chown(users, MAIL_USER, MAIL_USER)
    configuration = folder / "dovecot.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, **_identity()))
    return configuration


def _identity() -> dict[str, str]:
    """As root Dovecot drops to its own users; otherwise everything runs as the current one."""
    if process.is_root():
        identity = {"internal_user": MAIL_USER, "login_user": LOGIN_USER, "chroot": ""}
        return {**identity, "mail_user": MAIL_USER, "group": MAIL_USER}
    me = getpass.getuser()
    group = grp.getgrgid(os.getgid()).gr_name
    identity = {"internal_user": me, "login_user": me, "chroot": "chroot ="}
    return {**identity, "mail_user": me, "group": group}


def _greets(port: int) -> bool:
    try:
        with imaplib.IMAP4("127.0.0.1", port, timeout=2):
            return True
    except (OSError, imaplib.IMAP4.error):
        return False


def _append(client: imaplib.IMAP4, folder: str, message: bytes) -> int:
    status, answer = client.append(folder, "", imaplib.Time2Internaldate(_now()), message)
    if status != "OK":
        raise process.ServerStartError(f"Dovecot refused a message in {folder}: {answer!r}")
    return 1


def _now() -> datetime:
    return datetime.now(tz=UTC)
