"""Makes a record of a mail from its headers, as every mail connector does; never of its body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.microsoft_graph.config import GraphConfig
from hub.sdk import Record
from hub.sdk.mail import MailHeaders, parse_headers
from hub.sdk.mailrecord import DRAFT, INTERNAL, Owners, build_record, join_fields

_FIELDS: Final = {"From": "from", "Reply-To": "replyTo", "To": "toRecipients", "Cc": "ccRecipients"}
_MAX_HEADERS: Final = 1_000


def owners_of(config: GraphConfig) -> Owners:
    """Who we are: the addresses and domains of the settings, and the mailboxes themselves."""
    return Owners(addresses=(*config.own_addresses, *config.users), domains=config.own_domains)


def build_mail(row: Mapping[str, Any], owners: Owners) -> Record | str:
    """The record; or the rule by which the mail is left out."""
    if row.get("isDraft"):
        return DRAFT
    headers = read_headers(row)
    if owners.is_internal(headers):
        return INTERNAL
    arrived = _moment(row.get("receivedDateTime"))
    record = build_record(headers, owners=owners, arrived=arrived, parts=())
    return Record(headers.message_id, record)


def read_headers(row: Mapping[str, Any]) -> MailHeaders:
    """The mail's own headers, filled up from its properties.

    Outlook keeps the headers of mail that came from outside alone: what was sent from the mailbox
    has none of them.
    """
    fields: dict[str, list[str]] = {}
    listed = row.get("internetMessageHeaders")
    for header in listed[:_MAX_HEADERS] if isinstance(listed, list) else ():
        if isinstance(header, dict) and header.get("name"):
            fields.setdefault(_name(header["name"]), []).append(str(header.get("value") or ""))
    held = {name.lower() for name in fields}
    known = _properties(row)
    return parse_headers(
        join_fields(
            fields | {name: [text] for name, text in known.items() if name.lower() not in held}
        )
    )


def _properties(row: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: _people(row.get(source)) for name, source in _FIELDS.items()}
    sent = _moment(row.get("sentDateTime"))
    texts |= {
        "Message-ID": str(row.get("internetMessageId") or ""),
        "Subject": str(row.get("subject") or ""),
        "Date": sent.strftime("%a, %d %b %Y %H:%M:%S %z") if sent else "",
    }
    return {name: text for name, text in texts.items() if text}


def _people(value: Any) -> str:
    """Addresses as a header field has them; one recipient stands alone, several in a list."""
    people = value if isinstance(value, list) else [value]
    found = [one.get("emailAddress") for one in people if isinstance(one, dict)]
    named = [one for one in found if isinstance(one, dict) and one.get("address")]
    return ", ".join(map(_mailbox, named))


def _mailbox(one: Mapping[str, Any]) -> str:
    name, address = str(one.get("name") or ""), str(one["address"])
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name and name != address else f"<{address}>"


def _name(text: Any) -> str:
    """A field's name; what can be none gives one that nobody asks for."""
    name = str(text)
    return name if name.isascii() and ":" not in name and not any(map(str.isspace, name)) else "X"


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
