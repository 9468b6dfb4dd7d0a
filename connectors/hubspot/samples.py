"""What the conformance kit puts into the stand-in: one plain object for each number."""

from __future__ import annotations

from typing import Any, Final

from connectors.hubspot.streams import KINDS
from hub.sdk import Sample, Samples
from hub.sdk.standin import Row
from hub.sdk.sweep import format_time

_FIRST: Final = 57_156_923_000
_CREATED: Final = "2026-01-31T12:00:00.000Z"


def stamp(text: str) -> str:
    """A time as HubSpot writes it, in milliseconds."""
    return f"{text[:23]}Z"


def _key(_stream: str, number: int) -> str:
    return str(_FIRST + number)


def _row(sample: Sample) -> Row:
    key, changed = _key(sample.stream, sample.number), stamp(format_time(sample.at))
    own = {
        "createdate": _CREATED,
        "hs_object_id": key,
        KINDS[sample.stream].modified: changed,
        **_MAKERS[sample.stream](sample.number, sample.revision),
    }
    return {
        "id": key,
        "properties": own,
        "createdAt": _CREATED,
        "updatedAt": changed,
        "archived": False,
    }


def _contact(number: int, revision: int) -> dict[str, Any]:
    return {
        "firstname": "Ada",
        "lastname": f"Example{number}",
        "email": f"ada.{number}@example.com",
        "phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "lifecyclestage": "lead",
        "associatedcompanyid": _key("companies", 1),
    }


def _company(number: int, revision: int) -> dict[str, Any]:
    return {
        "name": f"Example Mills {number} Ltd",
        "domain": f"mills{number}.example.com",
        "phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "city": "London",
        "country": "United Kingdom",
        "lifecyclestage": "customer",
        "numberofemployees": "25",
        "hs_parent_company_id": _key("companies", number + 1),
    }


def _deal(number: int, revision: int) -> dict[str, Any]:
    return {
        "dealname": f"Order {number}",
        "amount": f"{1000 + revision}",
        "deal_currency_code": "EUR",
        "dealstage": "appointmentscheduled",
        "pipeline": "default",
        "closedate": "2026-12-31T00:00:00Z",
        "hs_is_closed_won": "false",
        "hs_is_closed": "false",
        "hs_deal_stage_probability": "0.2",
        "hs_primary_associated_company": _key("companies", 1),
    }


_MAKERS: Final = {"contacts": _contact, "companies": _company, "deals": _deal}

SAMPLES: Final = Samples(
    key=_key, row=_row, fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"}
)
