"""The mailboxes: threads with customers, and all the mail that is no touch of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final

from hub.demo.customers import Customer
from hub.demo.helpdesk import AGENTS
from hub.demo.register import INTERNAL_DOMAIN, Ref, Register, Row
from hub.demo.spread import Footprint, enter

MAIL_SHARE: Final = 0.75
"""Mails for each customer of the population: 2,000 customers give about 1,500."""

_SHARES: Final = {"newsletter": 0.05, "auto reply": 0.03, "bounce": 0.02, "internal": 0.04}
_COPY_SHARE: Final = 0.1
_SUBJECTS: Final = (
    "Angebot Drucksensoren",
    "Question about invoice",
    "Livraison en retard",
    "Termin nächste Woche",
    "New address",
    "Bestellung Ersatzteile",
)
_BODIES: Final = (
    "Guten Tag,\n\nbitte um Rückruf.\n\nMit freundlichen Grüßen",
    "Hello,\n\nany news on this?\n\nKind regards",
    "Bonjour,\n\nmerci de votre réponse.\n\nCordialement",
)


class Mailbox:
    """Writes INBOX and Sent."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._count = 0

    def write(self, customers: Sequence[Customer], footprints: Mapping[str, Footprint]) -> None:
        """Write about MAIL_SHARE mails a customer."""
        register = self._register
        wanted = int(len(customers) * MAIL_SHARE)
        noise = {kind: round(wanted * share) for kind, share in _SHARES.items()}
        known = [c for c in customers if "mail" in footprints[c.id].connections]
        for customer in known:
            self._write_thread(customer)
        if not known:
            return
        while self._count < wanted - sum(noise.values()):
            self._write_thread(register.rng.choice(known))
        for kind, count in noise.items():
            for _ in range(count):
                self._write_noise(kind, register.rng.choice(known))

    def _write_thread(self, customer: Customer) -> None:
        """A mail, and often answers back and forth; either side may begin."""
        register = self._register
        rng = register.rng
        moment, inbound = register.moment(500, 3), register.chance(0.75)
        subject = rng.choice(_SUBJECTS)
        agent = f"{rng.choice(AGENTS)}@{INTERNAL_DOMAIN}"
        seen: list[str] = []
        for _ in range(rng.choices((1, 2, 3, 5), (45, 30, 15, 10))[0]):
            theirs = _mailbox(register, customer)
            sender, to = (theirs, f"<{agent}>") if inbound else (f"<{agent}>", theirs)
            headers = {"From": sender, "To": to, "Subject": subject}
            message_id = self._deliver_either_way(headers, moment, seen, inbound=inbound)
            part = "from" if inbound else "to"
            register.identify(Ref("mail", "message", message_id, part), customer)
            seen.append(message_id)
            subject = subject if subject.startswith("Re: ") else f"Re: {subject}"
            inbound = not inbound
            moment += timedelta(minutes=rng.randint(5, 500))

    def _deliver_either_way(
        self, headers: dict[str, str], moment: datetime, seen: list[str], *, inbound: bool
    ) -> str:
        """Deliver a mail; one of ours sometimes goes to a colleague in copy as well."""
        register = self._register
        copied = not inbound and register.chance(_COPY_SHARE)
        if copied:
            headers["Cc"] = f"<{register.rng.choice(AGENTS)}@{INTERNAL_DOMAIN}>"
        message_id = self._deliver("INBOX" if inbound else "Sent", headers, moment, seen)
        if copied:
            self._copy_to_inbox()
        return message_id

    def _copy_to_inbox(self) -> None:
        """The colleague in copy has the same mail in INBOX: one mail, two places."""
        sent = list(self._register.rows("mail", "Sent").values())[-1]
        uid = len(self._register.rows("mail", "INBOX")) + 1
        self._register.add("mail", "INBOX", str(uid), {**sent, "uid": uid})
        self._register.cases["mail in both mailboxes"] += 1

    def _write_noise(self, kind: str, customer: Customer) -> None:
        """Mail that must make nobody a customer."""
        register = self._register
        me = f"<{register.rng.choice(AGENTS)}@{INTERNAL_DOMAIN}>"
        theirs = _mailbox(register, customer)
        headers = {
            "newsletter": {
                "From": f"Branchenbrief <news@{_PUBLISHERS[self._count % len(_PUBLISHERS)]}>",
                "Subject": "Newsletter",
                "List-Id": "<brief.fachverlag.example>",
                "Precedence": "bulk",
            },
            "auto reply": {
                "From": theirs,
                "Subject": "Abwesend / Out of office",
                "Auto-Submitted": "auto-replied",
            },
            "bounce": {
                "From": f"Mail Delivery System <MAILER-DAEMON@{customer.email.partition('@')[2]}>",
                "Return-Path": "<>",
                "Subject": "Undelivered Mail Returned to Sender",
                "Auto-Submitted": "auto-replied",
                "X-Failed-Recipients": customer.email,
            },
            "internal": {
                "From": f"<{AGENTS[0]}@{INTERNAL_DOMAIN}>",
                "Subject": "Mittagessen?",
            },
        }[kind]
        self._deliver("INBOX", {"To": me, **headers}, register.moment(500, 3), [])
        register.cases[f"{kind} mail"] += 1
        if kind == "internal":
            register.excluded["internal mail"] += 1

    def _deliver(
        self, mailbox: str, headers: Mapping[str, str], moment: datetime, seen: Sequence[str]
    ) -> str:
        """Append one message and return its Message-ID, without brackets."""
        register = self._register
        self._count += 1
        message_id = f"{self._count:06d}.{register.rng.getrandbits(40):010x}@mx.example"
        lines = {
            "Date": format_datetime(moment),
            "Message-ID": f"<{message_id}>",
            **_references(seen),
            **headers,
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
        }
        uid = len(register.rows("mail", mailbox)) + 1
        head = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
        body = register.rng.choice(_BODIES).replace("\n", "\r\n")
        row: Row = {"uid": uid, "message": f"{head}\r\n\r\n{body}\r\n", "flags": []}
        register.add("mail", mailbox, str(uid), row)
        return message_id


def _references(seen: Sequence[str]) -> dict[str, str]:
    if not seen:
        return {}
    chain = " ".join(f"<{message_id}>" for message_id in seen)
    return {"In-Reply-To": f"<{seen[-1]}>", "References": chain}


_PUBLISHERS: Final = ("fachverlag.example", "messe.example")


def _mailbox(register: Register, customer: Customer) -> str:
    """The customer's address as it stands in From or To: with a name, or bare."""
    entry = enter(register.rng, customer, 0.02)  # people seldom misspell themselves
    email = customer.second_email if _uses_second(register, customer) else customer.email
    if register.chance(0.25):
        return f"<{email}>"
    name = f"{entry.family}, {entry.given}" if entry.given and register.chance(0.1) else entry.name
    return f"{_quoted(name)} <{email}>"


def _uses_second(register: Register, customer: Customer) -> bool:
    return bool(customer.second_email) and register.chance(0.3)


def _quoted(name: str) -> str:
    """The display name as a header holds it: encoded words (RFC 2047) unless it is ASCII."""
    from email.header import Header

    if name.isascii():
        return f'"{name}"'
    return Header(name, "utf-8", maxlinelen=400).encode()
