"""What the conformance kit puts into the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.freshdesk.standin import stamp
from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row

_CREATED: Final = "2026-01-31T12:00:00Z"


def _key(_stream: str, number: int) -> str:
    return str(43_000_000_000 + number)


def _row(sample: Sample) -> Row:
    known = {"id": int(_key(sample.stream, sample.number)), "created_at": _CREATED}
    special = _KINDS[sample.stream](sample.number, sample.revision)
    return {**known, **special, "updated_at": stamp(sample.at)}


def _company(number: int, revision: int) -> dict[str, Any]:
    return {
        "name": f"Example Mills {number} Ltd",
        "description": f"Mills, revision {revision}",
        "domains": [f"mills{number}.example"],
        "custom_fields": {},
    }


def _contact(number: int, revision: int) -> dict[str, Any]:
    return {
        "active": True,
        "name": f"Ada Example{number}",
        "email": f"ada.{number}@example.com",
        "phone": _phone(revision),
        "mobile": None,
        "address": f"Sample Way {number}, Vienna",
        "job_title": "Buyer",
        "language": "de",
        "company_id": int(_key("company", 900 + number)),
        "description": None,
        "custom_fields": {},
    }


def _ticket(number: int, revision: int) -> dict[str, Any]:
    return {
        "subject": f"Order {number} is late, message {revision + 1}",
        "status": 2,
        "priority": 2,
        "requester_id": int(_key("contact", 800 + number)),
        "responder_id": None,
        "company_id": None,
        "group_id": 7,
        "due_by": "2026-02-03T12:00:00Z",
        "spam": False,
        "tags": ["delivery"],
        "custom_fields": {},
    }


_KINDS: Final[Mapping[str, Callable[[int, int], dict[str, Any]]]] = {
    "company": _company,
    "contact": _contact,
    "ticket": _ticket,
}


def _phone(revision: int) -> str:
    return f"+44 20 7946 {revision:04}"


def _remove(_samples: Samples, state: StandInState, sample: Sample) -> None:
    """A contact and a ticket are marked and leave the lists; a company leaves no trace."""
    rows, key = state.stream(sample.stream), _key(sample.stream, sample.number)
    if sample.stream == "company":
        del rows[key]
    else:
        rows[key] |= {"deleted": True, "updated_at": stamp(sample.at)}


SAMPLES: Final = Samples(
    key=_key,
    row=_row,
    remove=_remove,
    fields=lambda _stream, revision: {"phone": _phone(revision)},
)
