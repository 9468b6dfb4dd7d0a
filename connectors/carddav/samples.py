"""How tests fill and edit the stand-in: cards as address book programs write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from pydantic import JsonValue

from hub.sdk.standin import Row, Sample, Samples

BOOK: Final = "/dav/addressbooks/anna/contacts/"


def _key(_stream: str, number: int) -> str:
    return f"{BOOK}{number:08d}.vcf"


def _row(sample: Sample) -> Row:
    number = sample.number
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:sample-{number}",
        f"FN:Sample {number} of revision {sample.revision}",
        f"N:{number};Sample;;;",
        f"ORG:Sample Company {number};Sales",
        "TITLE:Buyer",
        f"EMAIL;TYPE=INTERNET,WORK:sample{number}@customer.example",
        f"item1.TEL:+49 30 {number:07d}",
        "item1.X-ABLabel:Head office",
        f"ADR;TYPE=WORK:;;Sample Way {number};Berlin;;10115;Germany",
        f"X-ERP-NUMBER:{number}",
        f"REV:{sample.at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "END:VCARD",
    ]
    return {"vcard": "".join(f"{line}\r\n" for line in lines)}


def _fields(_stream: str, revision: int) -> Mapping[str, JsonValue]:
    return {"tel": f"+49 30 55{revision:05d}"}


SAMPLES: Final = Samples(key=_key, row=_row, fields=_fields)
