"""What the conformance kit puts into the stand-in: rows as SuiteQL gives them."""

from __future__ import annotations

from typing import Any, Final

from connectors.netsuite.streams import FORM, VERSION
from hub.sdk import Sample, Samples
from hub.sdk.standin import Row

_FIRST: Final = {"customer": 100, "contact": 20_000, "salesorder": 40_000, "invoice": 60_000}


def _key(stream: str, number: int) -> str:
    return str(_FIRST[stream] + number)


def _row(sample: Sample) -> Row:
    own = _MAKERS[sample.stream](sample.number, sample.revision)
    changed = {VERSION: sample.at.strftime(FORM)}
    return {"id": _key(sample.stream, sample.number), **own, **changed}


def _customer(number: int, revision: int) -> dict[str, Any]:
    return {
        "entityid": f"C{number:05d}",
        "companyname": f"Example Mills {number} Ltd",
        "isperson": "F",
        "email": f"office{number}@example.com",
        "phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "isinactive": "F",
        "city": "London",
        "country": "GB",
        "currency": "GBP",
        "creditlimit": "5000",
    }


def _contact(number: int, revision: int) -> dict[str, Any]:
    return {
        "entityid": f"Ada Example{number}",
        "firstname": "Ada",
        "lastname": f"Example{number}",
        "email": f"ada.{number}@example.com",
        "phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "company": _key("customer", 1),
        "isinactive": "F",
    }


def _document(number: int, revision: int) -> dict[str, Any]:
    return {
        "tranid": f"D{number:05d}",
        "entity": _key("customer", 1),
        "status": "B",
        "statusname": "Sales Order : Pending Fulfillment",
        "trandate": "2026-01-31",
        "currency": "EUR",
        "foreigntotal": f"{1000 + revision}.5",
        "foreignnet": f"{810 + revision}.5",
        "foreigntax": "190",
    }


def _invoice(number: int, revision: int) -> dict[str, Any]:
    return {
        **_document(number, revision),
        "status": "A",
        "statusname": "Invoice : Open",
        "duedate": "2026-02-28",
        "foreignamountunpaid": "100",
    }


_MAKERS: Final = {
    "customer": _customer,
    "contact": _contact,
    "salesorder": _document,
    "invoice": _invoice,
}

SAMPLES: Final = Samples(
    key=_key, row=_row, fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"}
)
