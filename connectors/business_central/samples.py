"""How the conformance kit fills the stand-in: rows of each entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub.sdk import Sample, Samples

Row = dict[str, Any]


def guid(number: int) -> str:
    """An id that grows with its number."""
    return f"00000000-0000-4000-8000-{number:012x}"


def stamp(moment: datetime) -> str:
    """A moment as the service writes it: milliseconds in UTC."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _key(_stream: str, number: int) -> str:
    return guid(number)


def _row(sample: Sample) -> Row:
    special = _SPECIAL[sample.stream](sample)
    return {"id": guid(sample.number), **special, "lastModifiedDateTime": stamp(sample.at)}


def _party(sample: Sample) -> Row:
    return {
        "number": f"{10_000 + sample.number}",
        "displayName": f"Example {sample.number} Ltd",
        "type": "Company",
        "addressLine1": f"Sample Street {sample.revision + 1}",
        "addressLine2": "",
        "city": "Vienna",
        "state": "",
        "country": "AT",
        "postalCode": "1010",
        "phoneNumber": _phone(sample.revision),
        "email": f"info@example{sample.number}.example",
        "website": "",
        "taxRegistrationNumber": f"ATU0000{sample.number:04}",
    }


def _customer(sample: Sample) -> Row:
    return {
        **_party(sample),
        "salespersonCode": "",
        "creditLimit": 5000 + sample.revision,
        "currencyCode": "EUR",
        "blocked": "_x0020_",
    }


def _contact(sample: Sample) -> Row:
    return {
        **_party(sample),
        "type": "Person",
        "displayName": f"Ada Example{sample.number}",
        "mobilePhoneNumber": "",
        "companyNumber": f"CT{sample.number:06}",
        "companyName": f"Example {sample.number} Ltd",
        "contactBusinessRelation": "Customer",
        "privacyBlocked": False,
        "taxRegistrationNumber": "",
    }


def _document(sample: Sample, line: Row) -> Row:
    net = 100 + sample.revision
    return {
        "number": f"S-{sample.number:06}",
        "customerId": guid(1_000_000 + sample.number),
        "customerNumber": f"{10_000 + sample.number}",
        "customerName": f"Example {sample.number} Ltd",
        "billToCustomerId": guid(1_000_000 + sample.number),
        "currencyCode": "EUR",
        "externalDocumentNumber": "",
        "salesperson": "",
        "totalAmountExcludingTax": net,
        "totalTaxAmount": 20.5,
        "totalAmountIncludingTax": net + 20.5,
        **line,
    }


def _line(sample: Sample) -> list[Row]:
    product = {"sequence": 10000, "lineType": "Item", "lineObjectNumber": "1896-S"}
    return [{**product, "description": "Desk", "quantity": 1, "netAmount": 100 + sample.revision}]


def _order(sample: Sample) -> Row:
    dates = {"orderDate": "2026-01-31", "fullyShipped": False, "status": "Open"}
    return _document(sample, {**dates, "salesOrderLines": _line(sample)})


def _invoice(sample: Sample) -> Row:
    dates = {"invoiceDate": "2026-01-31", "dueDate": "2026-02-28", "status": "Open"}
    order = {"orderId": guid(2_000_000 + sample.number), "orderNumber": "S-1"}
    lines = {"remainingAmount": 10.5, "salesInvoiceLines": _line(sample)}
    return _document(sample, {**dates, **order, **lines})


_SPECIAL: Final[Mapping[str, Callable[[Sample], Row]]] = {
    "customers": _customer,
    "contacts": _contact,
    "salesOrders": _order,
    "salesInvoices": _invoice,
}


def _phone(revision: int) -> str:
    return f"+43 1 555 {revision:04}"


def _fields(stream: str, revision: int) -> Mapping[str, JsonValue]:
    return {"phoneNumber": _phone(revision)} if stream in {"customers", "contacts"} else {}


SAMPLES: Final = Samples(key=_key, row=_row, fields=_fields)
