"""What the conformance kit puts into the stand-in: one plain record for each number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.tryton.streams import INVOICE, PARTY, SALE
from hub.sdk import Sample, Samples
from hub.sdk.standin import Row

_AMOUNTS: Final = {"untaxed_amount": "100.00", "tax_amount": "19.00", "total_amount": "119.00"}


def _row(sample: Sample) -> Row:
    changed = sample.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "id": sample.number,
        "create_date": "2026-01-01T00:00:00.000000Z",
        "write_date": changed,
        **_MAKERS[sample.stream](sample.number, sample.revision),
    }


def _party(number: int, revision: int) -> dict[str, Any]:
    return {
        "name": f"Example Mills {number} Ltd, {revision}",
        "code": f"C{number:04d}",
        "active": True,
        "receivable": "12.50",
    }


def _sale(number: int, revision: int) -> dict[str, Any]:
    return {
        "number": f"S{number:04d}",
        "reference": f"order {revision}",
        "party": 1,
        "state": "confirmed",
        "sale_date": "2026-01-31",
        "currency": "EUR",
        **_AMOUNTS,
    }


def _invoice(number: int, revision: int) -> dict[str, Any]:
    return {
        "number": f"I{number:04d}",
        "reference": f"order {revision}",
        "type": "out",
        "party": 1,
        "state": "posted",
        "invoice_date": "2026-01-31",
        "currency": "EUR",
        "sales": [],
        "amount_to_pay": "119.00",
        **_AMOUNTS,
    }


_MAKERS: Final[Mapping[str, Callable[[int, int], dict[str, Any]]]] = {
    PARTY.model: _party,
    SALE.model: _sale,
    INVOICE.model: _invoice,
}

SAMPLES: Final = Samples(
    key=lambda _stream, number: str(number),
    row=_row,
    fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"},
    new=lambda _stream: {
        "name": "Example Mills Ltd",
        "email": "office@mills.example",
        "street": "1 Example Road",
        "country": "GB",
    },
)
