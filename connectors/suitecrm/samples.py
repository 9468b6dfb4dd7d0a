"""Invented records with which the conformance kit fills and edits the stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from pydantic import JsonValue

from hub.sdk import StandInState
from hub.sdk.standin import Row, Sample, Samples

_PHONE: Final = {"Accounts": "phone_office", "Contacts": "phone_work", "Leads": "phone_work"}


def key_of(stream: str, number: int) -> str:
    """An id in the form of SuiteCRM's, growing with the number."""
    return f"{number:08d}-{len(stream):04d}-4000-8000-000000000000"


def make_row(sample: Sample) -> Row:
    """One record of a module."""
    stamp = sample.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    row: Row = {
        "id": key_of(sample.stream, sample.number),
        "date_entered": "2026-01-01 08:00:00",
        "date_modified": stamp,
        "deleted": "0",
        "assigned_user_id": "1",
    }
    return row | _content(sample.stream, sample.number, sample.revision)


def _content(stream: str, number: int, revision: int) -> Row:
    phone = f"+49 30 {100_000 + 10 * number + revision}"
    account = key_of("Accounts", number)
    if stream == "Accounts":
        name = f"Example & Sons {number} GmbH"
        parent = key_of("Accounts", 1) if number > 1 else ""
        company: Row = {"name": name, "account_type": "Customer", "phone_office": phone}
        return company | {"parent_id": parent}
    if stream == "Opportunities":
        amount = f"{100 * number + revision}.000000"
        deal: Row = {"name": f"Deal {number}", "account_id": account, "amount": amount}
        return deal | {"currency_id": "-99", "sales_stage": "Prospecting"}
    if stream == "Cases":
        case: Row = {"case_number": str(number), "name": f"Case {number}", "account_id": account}
        return case | {"status": "Open_New", "priority": f"P{1 + revision % 3}"}
    person: Row = {"first_name": "Kim", "last_name": f"Example {number}", "phone_work": phone}
    person |= {"email1": f"kim{number}@example.com", "account_id": account}
    return person | ({"account_name": f"Example {number} Ltd"} if stream == "Leads" else {})


def delete_row(samples: Samples, state: StandInState, sample: Sample) -> None:
    """A deleted record stays, marked, with the time of its deletion."""
    row = state.stream(sample.stream)[samples.key(sample.stream, sample.number)]
    stamp = sample.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    row |= {"deleted": "1", "date_modified": stamp}


def changed_fields(stream: str, revision: int) -> Mapping[str, JsonValue]:
    """A change that a writable module takes."""
    return {_PHONE[stream]: f"+49 40 {200_000 + revision}"} if stream in _PHONE else {}


def new_fields(stream: str) -> Mapping[str, JsonValue]:
    """What a new record is made of."""
    if stream == "Accounts":
        return {"name": "Example & New GmbH", "phone_office": "+49 30 300001"}
    return {"first_name": "Kim", "last_name": "Example-New", "phone_work": "+49 30 300001"}


SAMPLES: Final = Samples(
    key=key_of, row=make_row, remove=delete_row, fields=changed_fields, new=new_fields
)
