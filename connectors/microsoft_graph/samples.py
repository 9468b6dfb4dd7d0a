"""How tests fill and edit the stand-in: contacts and mails as Graph shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

import orjson
from pydantic import JsonValue

from connectors.microsoft_graph.streams import OWN_CONTACTS
from hub.sdk.standin import Row, Sample, Samples

USER: Final = "anna@example.com"
INBOX: Final = "inbox"


def _key(stream: str, number: int) -> str:
    if stream == "contact":
        return orjson.dumps([USER, OWN_CONTACTS, f"AAkALg{number:08d}"]).decode()
    return f"sample-{number}@customer.example"


def _row(sample: Sample) -> Row:
    return _contact(sample) if sample.stream == "contact" else _message(sample)


def _contact(sample: Sample) -> Row:
    number = sample.number
    return {
        "displayName": f"Sample {number} of revision {sample.revision}",
        "givenName": "Sample",
        "surname": str(number),
        "companyName": f"Sample Company {number}",
        "jobTitle": "Buyer",
        "emailAddresses": [{"name": "Sample", "address": f"sample{number}@customer.example"}],
        "businessPhones": [f"+49 30 {number:07d}"],
        "businessAddress": {"street": f"Sample Way {number}", "city": "Berlin"},
        "lastModifiedDateTime": f"{sample.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _message(sample: Sample) -> Row:
    number = sample.number
    moment = f"{sample.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    sender = {"name": f"Sample {number}", "address": f"sample{number}@customer.example"}
    return {
        "user": USER,
        "folder": INBOX,
        "copy": sample.revision,  # a mail never changes, but may be put back as a copy
        "internetMessageId": f"<sample-{number}@customer.example>",
        "internetMessageHeaders": [{"name": "In-Reply-To", "value": "<first@example.com>"}],
        "subject": f"Order {number} of revision {sample.revision}",
        "from": {"emailAddress": sender},
        "toRecipients": [{"emailAddress": {"name": "Anna", "address": USER}}],
        "sentDateTime": moment,
        "receivedDateTime": moment,
        "isDraft": False,
    }


def _fields(_stream: str, revision: int) -> Mapping[str, JsonValue]:
    return {"businessPhone": f"+49 30 55{revision:05d}"}


SAMPLES: Final = Samples(key=_key, row=_row, fields=_fields)
