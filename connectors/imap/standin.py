"""A stand-in IMAP4rev1 server (RFC 3501): the commands that reading mail takes, over a socket.

Seed rows: one stream a mailbox ("INBOX" and "Sent" are always there), key = UID as text, row =
{"uid": 1, "message": "<the mail, RFC 5322 text>", "flags": []}; tests of odd servers may add a
"structure", sent as it is. The stream "uidvalidity" may hold {"INBOX": {"value": 2}}; a mailbox
without an entry has 1. The stream "modseq" is the stand-in's own: there it keeps UIDNEXT and
HIGHESTMODSEQ (RFC 7162), which move when somebody asks after a change. ``capabilities`` is what the
server says it can; without CONDSTORE it is IMAP4rev1 alone. A fault's ``path`` is part of a
command, as "UID FETCH"; kinds: status (the command is refused), not_json, delay, reset, drop,
truncate.
"""

from __future__ import annotations

import base64
import re
import socketserver
import threading
import time
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

from pydantic import JsonValue

from connectors.imap.standin_mail import fetched_items
from hub.sdk import Fault, StandInState
from hub.sdk.standin import Row

USER: Final = "anna@example.com"
PASSWORD: Final = "stand-in-password"  # noqa: S105  # guards invented data only
_VALIDITY: Final = "uidvalidity"
_MODSEQ: Final = "modseq"
_ARGUMENT: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_LITERAL: Final = re.compile(rb"\{(\d+)\+?\}$")
_ALWAYS: Final[dict[str, tuple[bytes, ...]]] = {
    "NOOP": (),
    "LOGOUT": (b"* BYE until next time",),
}

Reply = tuple[list[bytes], str]
"""Untagged lines, and the tagged result."""


class ImapStandIn:
    """A mail server on loopback with one account."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self._state = state
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.commands: dict[str, int] = {}
        self.capabilities = "IMAP4rev1 AUTH=PLAIN CONDSTORE"
        self._server = _Server(("127.0.0.1", port), _Session)
        self._server.standin = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it; whose mail is ours is for others to say."""
        return {
            "host": "127.0.0.1",
            "port": int(self._server.server_address[1]),
            "security": "plain",
            "username": USER,
            "password": PASSWORD,
        }

    @property
    def state(self) -> StandInState:
        """The mailboxes."""
        return self._state

    def fail(self, fault: Fault) -> None:
        """Queue a fault for coming commands."""
        with self._lock:
            self._faults.append(fault)

    def stop(self) -> None:
        """Close the socket and every session."""
        self._server.shutdown()
        self._server.server_close()
        self._server.close_sessions()

    def next_fault(self, command: str) -> Fault | None:
        """The fault for this command, used up once."""
        with self._lock:
            self.commands[command] = self.commands.get(command, 0) + 1
            for place, fault in enumerate(self._faults):
                if fault.path.upper() in command:
                    self._faults[place : place + 1] = (
                        [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    )
                    return fault
        return None

    def mailbox(self, name: str) -> dict[int, Row] | None:
        """The mails of a mailbox by UID, in order."""
        with self._state.lock:
            rows = self._state.records.get(name)
            if rows is None or name in (_VALIDITY, _MODSEQ):
                return {} if name in ("INBOX", "Sent") else None
            return {int(row["uid"]): row for row in sorted(rows.values(), key=_uid)}

    def validity(self, name: str) -> int:
        """The mailbox's UIDVALIDITY."""
        row = self._state.records.get(_VALIDITY, {}).get(name) or {}
        return int(row.get("value", 1))

    def facts(self, name: str) -> dict[str, int]:
        """What STATUS and EXAMINE tell of a mailbox that exists."""
        rows = self.mailbox(name) or {}
        content = repr([(uid, row.get("flags")) for uid, row in rows.items()])
        seen = blake2b(content.encode(), digest_size=8).hexdigest()
        with self._state.lock:
            kept = self._state.stream(_MODSEQ).get(name) or {"next": 1, "value": 0, "seen": None}
            if kept["seen"] != seen:
                upper = max(rows, default=0) + 1
                kept = {
                    "next": max(upper, kept["next"]),
                    "value": kept["value"] + 1,
                    "seen": seen,
                }
                self._state.stream(_MODSEQ)[name] = kept
                self._state.save()
        facts = {
            "MESSAGES": len(rows),
            "UIDNEXT": int(kept["next"]),
            "UIDVALIDITY": self.validity(name),
        }
        if "CONDSTORE" in self.capabilities:
            facts["HIGHESTMODSEQ"] = int(kept["value"])
        return facts


def _uid(row: Row) -> int:
    return int(row["uid"])


def start(state: StandInState, port: int) -> ImapStandIn:
    """Start the stand-in."""
    return ImapStandIn(state, port)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    standin: ImapStandIn

    def __init__(self, *arguments: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a client that goes away is part of the tests."""

    def close_sessions(self) -> None:
        for request in list(self._open):
            self.shutdown_request(request)


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    wbufsize = -1

    def handle(self) -> None:
        self._user_known = False
        self._mailbox: str | None = None
        self._say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        while (line := self._read_command()) is not None:
            tag, _, rest = line.partition(b" ")
            name, arguments = _split_command(rest)
            fault = self.server.standin.next_fault(name)
            if fault is not None and not self._survive(fault, tag):
                return
            lines, result = self._run(name, arguments)
            answer = b"".join(line + b"\r\n" for line in lines) + tag + f" {result}\r\n".encode()
            if fault is not None and fault.kind in ("drop", "truncate"):
                self._say(answer[: len(answer) // 2] if fault.kind == "truncate" else b"")
                return
            self._say(answer)
            if name == "LOGOUT":
                return

    def _survive(self, fault: Fault, tag: bytes) -> bool:
        """Do the fault; False where the session ends, or the command is answered already."""
        time.sleep(fault.seconds)
        if fault.kind == "not_json":
            self._say(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>gateway</html>\r\n")
        if fault.kind == "status":
            self._say(tag + b" NO [UNAVAILABLE] try again later\r\n")
        return fault.kind not in ("reset", "not_json", "status")

    def _say(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()

    def _read_command(self) -> bytes | None:
        """A line with its literals put in as quoted texts."""
        whole = b""
        while True:
            line = self.rfile.readline(65_536)
            if not line:
                return None
            line = line.rstrip(b"\r\n")
            match = _LITERAL.search(line)
            if match is None:
                return whole + line
            if not line.endswith(b"+}"):
                self._say(b"+ go ahead\r\n")
            text = self.rfile.read(min(int(match[1]), 65_536))
            quoted = text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            whole += line[: match.start()] + b'"' + quoted + b'"'

    def _run(self, name: str, arguments: bytes) -> Reply:
        if name == "CAPABILITY":
            return [b"* CAPABILITY " + self.server.standin.capabilities.encode()], f"OK {name}"
        if name in _ALWAYS:
            return list(_ALWAYS[name]), f"OK {name} completed"
        if name == "LOGIN":
            return self._login(_texts(arguments))
        if name == "AUTHENTICATE":
            return self._authenticate()
        if not self._user_known:
            return [], "BAD not logged in"
        if name == "STATUS":
            return self._status(arguments)
        if name in ("SELECT", "EXAMINE"):
            return self._select(name, _decode_name(_texts(arguments)[0]))
        return self._read(name, arguments)

    def _status(self, arguments: bytes) -> Reply:
        """STATUS (RFC 3501 section 6.3.10): of the numbers asked for, those that it has."""
        quoted, _, items = arguments.rpartition(b" (")
        mailbox = _decode_name(_texts(quoted)[0])
        if self.server.standin.mailbox(mailbox) is None:
            return [], "NO [NONEXISTENT] no such mailbox"
        facts = self.server.standin.facts(mailbox)
        wanted = items.decode("ascii", "replace").strip("() ").upper().split()
        if not set(wanted) <= set(facts):
            return [], "BAD unknown STATUS item"
        numbers = " ".join(f"{word} {facts[word]}" for word in wanted)
        return [b"* STATUS %s (%s)" % (quoted, numbers.encode())], "OK STATUS completed"

    def _authenticate(self) -> Reply:
        """PLAIN (RFC 4616): an empty challenge, then name and password parted by zero bytes."""
        self._say(b"+ \r\n")
        proof = base64.b64decode(self.rfile.readline(4_096)).decode("utf-8", "replace")
        return self._login(proof.split("\0")[1:])

    def _login(self, proof: list[str]) -> Reply:
        self._user_known = proof == [USER, PASSWORD]
        if self._user_known:
            return [], "OK LOGIN completed"
        return [], "NO [AUTHENTICATIONFAILED] Authentication failed."

    def _read(self, name: str, arguments: bytes) -> Reply:
        if name == "CLOSE":
            self._mailbox = ""
            return [], "OK CLOSE completed"
        rows = self.server.standin.mailbox(self._mailbox) if self._mailbox else None
        if rows is None or name not in ("UID SEARCH", "UID FETCH"):
            return [], "BAD unknown command or no mailbox"
        text = arguments.decode("utf-8", "replace")
        return _search(rows, text) if name == "UID SEARCH" else _fetch(rows, text)

    def _select(self, name: str, mailbox: str) -> Reply:
        rows = self.server.standin.mailbox(mailbox)
        if rows is None:
            return [], "NO [NONEXISTENT] no such mailbox"
        self._mailbox = mailbox
        facts = self.server.standin.facts(mailbox)
        lines = [
            "* FLAGS (\\Seen \\Answered \\Draft)",
            f"* {facts.pop('MESSAGES')} EXISTS",
            "* 0 RECENT",
            *(f"* OK [{word} {number}] told" for word, number in facts.items()),
        ]
        mode = "READ-ONLY" if name == "EXAMINE" else "READ-WRITE"
        return [line.encode() for line in lines], f"OK [{mode}] {name} completed"


def _split_command(rest: bytes) -> tuple[str, bytes]:
    name, _, arguments = rest.partition(b" ")
    if name.upper() == b"UID":
        second, _, arguments = arguments.partition(b" ")
        name += b" " + second
    return name.decode("ascii", "replace").upper(), arguments


def _texts(arguments: bytes) -> list[str]:
    return [
        re.sub(rb"\\(.)", rb"\1", quoted or plain).decode("utf-8", "replace")
        for quoted, plain in _ARGUMENT.findall(arguments)
    ]


def _decode_name(name: str) -> str:
    """Modified UTF-7 back to text (RFC 3501 section 5.1.3)."""

    def unshift(match: re.Match[str]) -> str:
        coded = match[1].replace(",", "/")
        return base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be") or "&"

    return re.sub(r"&([^-]*)-", unshift, name)


def _chosen(rows: dict[int, Row], numbers: str) -> list[int]:
    """UIDs of a sequence set that exist; * is the highest."""
    highest = max(rows, default=0)
    chosen: set[int] = set()
    for span in numbers.split(","):
        ends = [highest if end == "*" else int(end) for end in span.split(":")]
        low, high = min(ends), max(ends)
        chosen |= {uid for uid in rows if low <= uid <= high}
    return sorted(chosen)


def _search(rows: dict[int, Row], criteria: str) -> Reply:
    keys = criteria.split()
    if len(keys) != 2 or keys[0].upper() != "UID":
        return [], "BAD this server searches by UID alone"
    found = " ".join(str(uid) for uid in _chosen(rows, keys[1]))
    return [f"* SEARCH {found}".rstrip().encode()], "OK SEARCH completed"


def _fetch(rows: dict[int, Row], arguments: str) -> Reply:
    numbers, _, items = arguments.partition(" ")
    places = {uid: place for place, uid in enumerate(rows, start=1)}
    lines = [
        b"* %d FETCH (%s)" % (places[uid], fetched_items(rows[uid], items))
        for uid in _chosen(rows, numbers)
    ]
    return lines, "OK FETCH completed"
