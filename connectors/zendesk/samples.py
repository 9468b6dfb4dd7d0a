"""What the conformance kit puts into the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import JsonValue

from connectors.zendesk.standin import stamps
from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row

_CREATED: Final = "2026-01-31T12:00:00Z"


def _key(_stream: str, number: int) -> str:
    return str(360_000_000_000 + number)


def _row(sample: Sample) -> Row:
    known = {"id": int(_key(sample.stream, sample.number)), "created_at": _CREATED}
    return {**known, **_KINDS[sample.stream](sample), **stamps(sample.at)}


def _user(sample: Sample) -> dict[str, Any]:
    return {
        "name": f"Ada Example{sample.number}",
        "email": f"ada.{sample.number}@example.com",
        "phone": _phone(sample.revision),
        "role": "end-user",
        "active": True,
        "suspended": False,
        "locale": "de-AT",
        "organization_id": int(_key("organization", 900 + sample.number)),
        "external_id": None,
        "details": "",
        "notes": "",
        "tags": [],
        "user_fields": {},
    }


def _organization(sample: Sample) -> dict[str, Any]:
    return {
        "name": f"Example Mills {sample.number} Ltd",
        "domain_names": [f"mills{sample.number}.example"],
        "external_id": f"C{sample.number:05}",
        "details": _details(sample.revision),
        "notes": None,
        "tags": [],
        "organization_fields": {},
    }


def _ticket(sample: Sample) -> dict[str, Any]:
    return {
        "subject": f"Order {sample.number} is late, message {sample.revision + 1}",
        "status": "open",
        "priority": "normal",
        "requester_id": int(_key("user", 800 + sample.number)),
        "organization_id": None,
        "assignee_id": None,
        "group_id": 98738,
        "due_at": None,
        "tags": ["delivery"],
        "custom_fields": [],
    }


_KINDS: Final[Mapping[str, Callable[[Sample], dict[str, Any]]]] = {
    "user": _user,
    "organization": _organization,
    "ticket": _ticket,
}


def _phone(revision: int) -> str:
    return f"+44 20 7946 {revision:04}"


def _details(revision: int) -> str:
    return f"Sample Way {revision + 1}, Vienna"


def _remove(_samples: Samples, state: StandInState, sample: Sample) -> None:
    """A ticket and a user are marked; an organization leaves no trace."""
    rows, key = state.stream(sample.stream), _key(sample.stream, sample.number)
    if sample.stream == "organization":
        del rows[key]
        return
    mark = {"status": "deleted"} if sample.stream == "ticket" else {"active": False}
    rows[key] |= {**mark, **stamps(sample.at)}


def _fields(stream: str, revision: int) -> Mapping[str, JsonValue]:
    if stream == "organization":
        return {"details": _details(revision)}
    return {"phone": _phone(revision)}


SAMPLES: Final = Samples(key=_key, row=_row, remove=_remove, fields=_fields)
