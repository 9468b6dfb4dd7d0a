"""What the conformance kit puts into the stand-in: one plain record for each number."""

from __future__ import annotations

from typing import Any, Final

from connectors.salesforce.streams import format_stamp
from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row

_PREFIXES: Final = {"Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006"}


def _key(stream: str, number: int) -> str:
    return f"{_PREFIXES[stream]}{number:012d}AAA"


def _row(sample: Sample) -> Row:
    stamp = format_stamp(sample.at)
    return {
        "Id": _key(sample.stream, sample.number),
        "IsDeleted": False,
        "CreatedDate": "2026-01-31T12:00:00.000+0000",
        "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
        "OwnerId": "005000000000001AAA",
        **_FIELDS[sample.stream](sample.number, sample.revision),
    }


def _account(number: int, revision: int) -> dict[str, Any]:
    return {
        "Name": f"Example Mills {number} Ltd",
        "Type": "Customer",
        "Phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "BillingCity": "London",
        "BillingCountry": "United Kingdom",
        "ParentId": _key("Account", number + 1),
    }


def _person(number: int, revision: int) -> dict[str, Any]:
    return {
        "FirstName": "Ada",
        "LastName": f"Example{number}",
        "Name": f"Ada Example{number}",
        "Email": f"ada.{number}@example.com",
        "Phone": f"+44 20 7946 {revision:02d}{number:02d}",
    }


def _contact(number: int, revision: int) -> dict[str, Any]:
    return {**_person(number, revision), "AccountId": _key("Account", 1)}


def _lead(number: int, revision: int) -> dict[str, Any]:
    return {**_person(number, revision), "Company": f"Example Mills {number}", "IsConverted": False}


def _opportunity(number: int, revision: int) -> dict[str, Any]:
    return {
        "Name": f"Order {number}",
        "AccountId": _key("Account", 1),
        "StageName": "Prospecting",
        "Amount": 1000 + revision,
        "CloseDate": "2026-12-31",
        "IsWon": False,
        "IsClosed": False,
    }


_FIELDS: Final = {
    "Account": _account,
    "Contact": _contact,
    "Lead": _lead,
    "Opportunity": _opportunity,
}

_NEW: Final[dict[str, dict[str, str]]] = {
    "Account": {"Name": "Created Mills Ltd", "BillingCity": "Leeds"},
    "Contact": {"FirstName": "Ada", "LastName": "Created", "Email": "ada@example.com"},
    "Lead": {"LastName": "Created", "Company": "Created Mills Ltd"},
}


def _bin(samples: Samples, state: StandInState, sample: Sample) -> None:
    """Into the recycle bin: the row stays, and says so."""
    row = state.stream(sample.stream)[samples.key(sample.stream, sample.number)]
    row.update(IsDeleted=True, SystemModstamp=format_stamp(sample.at))


SAMPLES: Final = Samples(
    key=_key,
    row=_row,
    remove=_bin,
    fields=lambda _stream, revision: {"Phone": f"+44 161 496 {revision:04d}"},
    new=_NEW.__getitem__,
)
