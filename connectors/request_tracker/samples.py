"""What the conformance kit puts into the stand-in: one plain user or ticket for each number."""

from __future__ import annotations

from typing import Final

from connectors.request_tracker.streams import TICKET, USER
from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row

_CREATED: Final = "2026-01-31T12:00:00Z"
_CUSTOMER: Final = "4999"
"""The user that every ticket is from."""


def _key(stream: str, number: int) -> str:
    return str(5000 + number if stream == USER.name else number)


def _row(sample: Sample) -> Row:
    make = _user if sample.stream == USER.name else _ticket
    changed = sample.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    row = make(sample.number, sample.revision)
    return {
        "id": int(_key(sample.stream, sample.number)),
        "Created": _CREATED,
        "LastUpdated": changed,
        **row,
    }


def _user(number: int, revision: int) -> Row:
    return {
        "Name": f"ada{number}",
        "RealName": f"Ada Example{number}",
        "EmailAddress": f"ada.{number}@example.com",
        "Organization": f"Example Mills {number}",
        "WorkPhone": f"+44 20 7946 {revision:02d}{number:02d}",
    }


def _ticket(number: int, revision: int) -> Row:
    return {
        "Subject": f"Order {number} is late, message {revision + 1}",
        "Status": "open",
        "Queue": "General",
        "Requestor": [f"ada{_CUSTOMER}"],
    }


def _put(samples: Samples, state: StandInState, sample: Sample) -> None:
    state.stream(sample.stream)[_key(sample.stream, sample.number)] = samples.row(sample)
    if sample.stream == TICKET.name:
        customer = {"id": int(_CUSTOMER), **_user(int(_CUSTOMER), 0), "LastUpdated": _CREATED}
        state.stream(USER.name)[_CUSTOMER] = customer


def _remove(_samples: Samples, state: StandInState, sample: Sample) -> None:
    """A user is shredded, for which there is no trace; a ticket gets the status deleted."""
    key = _key(sample.stream, sample.number)
    if sample.stream == USER.name:
        del state.stream(USER.name)[key]
        return
    state.stream(TICKET.name)[key]["Status"] = "deleted"
    transactions = state.stream("transaction")
    number = len(transactions) + 1
    transactions[str(number)] = {
        "id": number,
        "ObjectId": int(key),
        "Type": "Status",
        "Field": "Status",
        "NewValue": "deleted",
        "Created": sample.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


SAMPLES: Final = Samples(
    key=_key,
    row=_row,
    put=_put,
    remove=_remove,
    fields=lambda _stream, revision: {"WorkPhone": f"+44 161 496 {revision:04d}"},
)
