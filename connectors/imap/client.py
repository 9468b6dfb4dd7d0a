"""The wire: imaplib with limits, our errors, and only the commands that read."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from connectors.imap.config import ImapConfig
from connectors.imap.position import MailboxState, join_uids
from connectors.imap.responses import AnswerError, Item, read_fetches, read_status
from connectors.imap.wire import open_connection
from hub.errors import (
    AuthenticationError,
    PermanentSourceError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.limits import RestPolicy
from hub.sdk.mail import WANTED_FIELDS
from hub.sdk.overrides import policy_in_effect

SYSTEM: Final = "imap"
STREAM: Final = "message"
_STATUS: Final = "(UIDVALIDITY UIDNEXT)"
_HEADERS: Final = (
    f"UID FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(WANTED_FIELDS).upper()})]<0.262144>"
)


class ImapClient:
    """One login; mailboxes are opened read-only, so that no flag ever changes."""

    def __init__(self, config: ImapConfig) -> None:
        self._config = config
        self._server: imaplib.IMAP4 | None = None
        self._open: tuple[str, int] | None = None
        self._has_modseq = False
        limits = RestPolicy(read_timeout=config.timeout, total_timeout=max(300.0, config.timeout))
        self._policy = policy_in_effect(limits)

    def greet(self) -> str:
        """Log in, and give the server's name."""
        self._login()
        return self._config.host

    def status(self, mailbox: str) -> MailboxState:
        """A mailbox's state without opening it; all 0 where the server does not tell.

        Servers tell HIGHESTMODSEQ here, but not in answer to an EXAMINE until a client has shown
        that it wants to know (RFC 7162 section 3.1; so does Dovecot).
        """
        server = self._login()
        wanted = "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)" if self._has_modseq else _STATUS
        with self._let_go_if_broken():
            if server.state == "SELECTED":
                server.close()  # of the mailbox that is open STATUS may tell old news
            self._open = None
            status, answer = server.status(_quote(mailbox), wanted)
        found = read_status(answer) if status == "OK" else {}
        return MailboxState(
            found.get("UIDVALIDITY", 0), found.get("UIDNEXT", 0), found.get("HIGHESTMODSEQ", 0)
        )

    def open(self, mailbox: str) -> int:
        """Open a mailbox and give its UIDVALIDITY."""
        server = self._login()
        with self._let_go_if_broken():
            status, answer = server.select(_quote(mailbox), readonly=True)
        if status != "OK" and _is_passing(answer):
            message = f"the mailbox {mailbox} can't be opened at the moment; run it again later"
            raise SourceUnavailableError(message, system=SYSTEM, stream=STREAM)
        if status != "OK":
            raise SourceSchemaError(
                f"the mailbox {mailbox} can't be opened; set mailboxes to names the server has",
                system=SYSTEM,
                stream=STREAM,
            )
        validity = server.response("UIDVALIDITY")[1][0]
        if not isinstance(validity, bytes) or not validity.isdigit():
            message = f"the server gives no UIDVALIDITY for {mailbox}"
            raise SourceSchemaError(message, system=SYSTEM, stream=STREAM)
        self._open = (mailbox, int(validity))
        return int(validity)

    def uids_after(self, uid: int) -> list[int]:
        """UIDs above this one, in order; ``n:*`` always names the last mail too (RFC 3501)."""
        answer = self._command("SEARCH", f"UID {uid + 1}:*")
        found = b" ".join(line for line in answer if isinstance(line, bytes)).split()
        return sorted({int(number) for number in found if number.isdigit() and int(number) > uid})

    def fetch(self, uids: Sequence[int]) -> dict[int, dict[str, Item]]:
        """Headers, structure and arrival by UID; a mail deleted meanwhile is missing.

        Where the answer can't be read, each mail is asked for alone, then without its structure, so
        that one odd mail does not stop the others; one that can't be read at all comes back empty.
        """
        try:
            return self._fetch(uids, f"({_HEADERS} BODYSTRUCTURE)")
        except SourceSchemaError:
            if len(uids) > 1:
                alone = [self.fetch([uid]) for uid in uids]
                return {uid: items for found in alone for uid, items in found.items()}
        try:
            return self._fetch(uids, f"({_HEADERS})")
        except SourceSchemaError:
            return {uids[0]: {}}

    def flags(self, uids: Sequence[int]) -> dict[int, Item]:
        """The flags by UID; a mail that is gone is missing."""
        found = self._fetch(uids, "(UID FLAGS)")
        return {uid: items.get("FLAGS") for uid, items in found.items()}

    def fetch_part(self, uid: int, number: str) -> bytes:
        """The first 16 kB of one part, for delivery reports."""
        answer = self._command("FETCH", str(uid), f"(UID BODY.PEEK[{number}]<0.16384>)")
        pieces = [line[1] for line in answer if isinstance(line, tuple)]
        return pieces[0] if pieces else b""

    def close(self) -> None:
        """Log out; a connection that is broken is let go."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.logout()
            except (imaplib.IMAP4.error, OSError):
                server.shutdown()

    def _fetch(self, uids: Sequence[int], wanted: str) -> dict[int, dict[str, Item]]:
        answer = self._command("FETCH", join_uids(uids), wanted)
        try:
            items = list(read_fetches(line for line in answer if line is not None))
        except AnswerError as error:
            raise SourceSchemaError(str(error), system=SYSTEM, stream=STREAM) from error
        found: dict[int, dict[str, Item]] = {}
        for item in items:  # a server may tell a mail's new flags in an answer of its own
            if _is_number(item.get("UID")):
                found.setdefault(int(item["UID"]), {}).update(item)
        return found

    def _command(self, name: str, *arguments: str) -> list[Any]:
        if self._server is None and self._open is not None:
            self._open_again(*self._open)
        server = self._login()
        with self._let_go_if_broken():
            status, answer = server.uid(name, *arguments)
        if status != "OK":
            message = f"the server refuses UID {name} ({status}); try again later"
            raise SourceUnavailableError(message, system=SYSTEM, stream=STREAM)
        return answer

    def _open_again(self, mailbox: str, validity: int) -> None:
        """After a failure, go on where we were, unless the mailbox is no longer the same."""
        if self.open(mailbox) != validity:
            message = f"{mailbox} was rebuilt while it was read"
            raise SourceUnavailableError(message, system=SYSTEM, stream=STREAM)

    @contextmanager
    def _let_go_if_broken(self) -> Iterator[None]:
        """After a failure nobody knows what the server sends next: the next call logs in anew."""
        try:
            with _translated():
                yield
        except SourceError:
            server, self._server = self._server, None
            if server is not None:
                server.shutdown()
            raise

    def _login(self) -> imaplib.IMAP4:
        if self._server is not None:
            return self._server
        with _translated():
            server = open_connection(self._config, self._policy)
            try:
                _prove(server, self._config.username, self._config.password.get_secret_value())
            except imaplib.IMAP4.error as error:
                server.shutdown()
                if isinstance(error, imaplib.IMAP4.abort):
                    raise
                raise _refused_login(error) from None  # the answer may repeat the name
            capabilities = server.capability()[1]
        self._has_modseq = b"CONDSTORE" in b" ".join(capabilities).upper().split()
        self._server = server
        return server


def _prove(server: imaplib.IMAP4, name: str, secret: str) -> None:
    """LOGIN; what is not ASCII goes by AUTHENTICATE PLAIN, which is UTF-8 (RFC 4616)."""
    if name.isascii() and secret.isascii():
        server.login(_quote_text(name), secret)
    else:
        server.authenticate("PLAIN", lambda _: f"\0{name}\0{secret}".encode())


def _refused_login(error: Exception) -> AuthenticationError | SourceUnavailableError:
    """A server that is overloaded says so in a response code (RFC 5530)."""
    if "[UNAVAILABLE]" in str(error) or "[INUSE]" in str(error):
        return SourceUnavailableError("the server can't log anybody in now", system=SYSTEM)
    message = (
        "the server refuses the user name or password; some providers want an app password, or "
        "IMAP to be switched on for the account"
    )
    return AuthenticationError(message, system=SYSTEM)


@contextmanager
def _translated() -> Iterator[None]:
    """Turns what imaplib and the socket raise into our errors, without quoting the server."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        message = "the server's certificate is not valid for this host; nothing was sent"
        raise PermanentSourceError(message, system=SYSTEM) from error
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        message = f"the connection failed ({type(error).__name__})"
        raise SourceUnavailableError(message, system=SYSTEM) from error
    except imaplib.IMAP4.error as error:
        message = "the server answers in a form that is not IMAP4rev1"
        raise SourceSchemaError(message, system=SYSTEM) from error


def _is_passing(answer: list[Any]) -> bool:
    """Whether a refusal will pass by itself (response codes of RFC 5530)."""
    text = b" ".join(part for part in answer if isinstance(part, bytes)).upper()
    return any(code in text for code in (b"[UNAVAILABLE]", b"[INUSE]", b"[SERVERBUG]"))


def _quote(mailbox: str) -> str:
    """A mailbox name on the wire: modified UTF-7 (RFC 3501 section 5.1.3), in quotes."""
    coded = re.sub(r"[^\x20-\x7e]+", _shift, mailbox.replace("&", "&-"))
    return _quote_text(coded)


def _quote_text(text: str) -> str:
    """A quoted text; imaplib quotes passwords alone."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shift(match: re.Match[str]) -> str:
    coded = base64.b64encode(match[0].encode("utf-16-be")).decode()
    return "&" + coded.rstrip("=").replace("/", ",") + "-"


def _is_number(item: Item) -> bool:
    return isinstance(item, bytes) and item.isdigit()
