"""Makes one record of a mail: who wrote to whom, when, on which thread; never what it says.

Every mail connector builds its records here, so that one mail gives one outcome, whichever protocol
it is read by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from hub.sdk.mail import Address, MailHeaders
from hub.sdk.mailwords import tidy
from hub.sdk.mime import MAX_PARTS

INTERNAL: Final = "internal mail"
DRAFT: Final = "draft"
"""Rules by which a mail is left out: among ourselves, or not sent yet."""
MAX_REPORT_BYTES: Final = 16_384
"""How much of a delivery report's machine-readable part is looked at."""

_MAX_NAME: Final = 300
_MAX_FAILED: Final = 50
_LINE_END: Final = re.compile(r"[\r\n]+")
_REPORTED: Final = re.compile(
    r"^(?:original|final)-recipient\s*:[^;\r\n]*;\s*<?([^\s<>;]{1,320})",
    re.IGNORECASE | re.MULTILINE,
)


class BodyPart(NamedTuple):
    """A part that is no multipart, as the server describes it.

    ``reference`` is by what the server gives the part out: a number in IMAP, a blob in JMAP.
    """

    reference: str
    content_type: str
    name: str
    disposition: str
    size: int


class Owners:
    """Tells our own addresses, and those of our domains and their subdomains, from others'."""

    def __init__(self, *, addresses: Iterable[str], domains: Iterable[str]) -> None:
        self._addresses = {address.lower() for address in addresses if "@" in address}
        self._domains = tuple(domain.lower().strip(".@ ") for domain in domains)

    def own(self, mailbox: Address) -> bool:
        """Whether the address is ours, a subdomain's included."""
        address = mailbox.address.lower()
        domain = address.rpartition("@")[2]
        return address in self._addresses or any(
            domain == own or domain.endswith(f".{own}") for own in self._domains
        )

    def is_internal(self, headers: MailHeaders) -> bool:
        """Whether everybody named is one of us; mail without a recipient is not."""
        receivers = (*headers.to, *headers.cc)
        everybody = (*headers.sender, *receivers)
        return bool(headers.sender and receivers) and all(map(self.own, everybody))


def build_record(
    headers: MailHeaders, *, owners: Owners, arrived: datetime | None, parts: Iterable[BodyPart]
) -> dict[str, Any]:
    """The record's data: nothing in it depends on the mailbox in which a copy lies.

    ``part`` marks the one address of which a party is made: the sender of what comes in, the first
    outside receiver of what goes out; none in automatic mail, and never somebody in copy. A mail
    without a date has that of its arrival, or 1970 where the server does not know even that.
    """
    is_outbound = any(map(owners.own, headers.sender))
    marked = _counterpart(headers, owners, is_outbound=is_outbound)
    part = "to" if is_outbound else "from"
    moment = headers.date or arrived or datetime.fromtimestamp(0, UTC)
    record: dict[str, Any] = {
        "message_id": headers.message_id,
        "in_reply_to": headers.in_reply_to,
        "references": list(headers.references),
        "thread_id": headers.thread_id,
        "date": moment.isoformat(),
        "from": _people(headers.sender, marked if part == "from" else None, part),
        "reply_to": _people(headers.reply_to),
        "to": _people(headers.to, marked if part == "to" else None, part),
        "cc": _people(headers.cc),
        "subject": headers.subject,
        "direction": "outbound" if is_outbound else "inbound",
        "auto_kind": headers.auto_kind,
        "attachments": _attachments(parts),
    }
    if headers.cut:
        record["cut_headers"] = list(headers.cut)
    return record


def find_report(parts: Iterable[BodyPart]) -> BodyPart | None:
    """The machine-readable part of a delivery report (RFC 3464), if there is one."""
    return next((part for part in parts if part.content_type == "message/delivery-status"), None)


def read_bounced(report: bytes) -> list[str]:
    """The addresses that a delivery report names (RFC 3464 section 2.3), each once."""
    text = report[:MAX_REPORT_BYTES].decode("utf-8", "replace")
    found = [address for address in _REPORTED.findall(text) if "@" in address]
    return list(dict.fromkeys(found))[:_MAX_FAILED]


def join_fields(fields: Mapping[str, Sequence[str]]) -> bytes:
    """A header block of raw values by field name, for servers that give them one by one."""
    lines = (
        f"{name}:{_LINE_END.sub('', value)}\r\n"
        for name, values in fields.items()
        for value in values
    )
    return "".join(lines).encode("utf-8", "replace")


def _attachments(parts: Iterable[BodyPart]) -> list[dict[str, Any]]:
    """What has a name, or says that it is an attachment; of more than 200 parts the first."""
    return [
        {
            "name": tidy(part.name)[:_MAX_NAME] or None,
            "size": part.size,
            "content_type": part.content_type,
        }
        for part in list(parts)[:MAX_PARTS]
        if part.disposition == "attachment" or tidy(part.name)
    ]


def _counterpart(headers: MailHeaders, owners: Owners, *, is_outbound: bool) -> Address | None:
    if headers.auto_kind is not None:
        return None
    people = headers.to if is_outbound else headers.sender
    return next((person for person in people if not owners.own(person)), None)


def _people(
    people: Iterable[Address], marked: Address | None = None, part: str = ""
) -> list[dict[str, str]]:
    return [
        {"name": person.name, "address": person.address}
        | ({"part": part} if person == marked else {})
        for person in people
    ]
