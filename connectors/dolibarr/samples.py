"""What the conformance kit puts into the stand-in: one plain record for each number."""

from __future__ import annotations

from typing import Final

from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row


def _row(sample: Sample) -> Row:
    make = _thirdparty if sample.stream == "thirdparty" else _invoice
    changed = sample.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    row = make(sample.number, sample.revision)
    return {"id": str(sample.number), "date_modification": changed, **row}


def _thirdparty(number: int, revision: int) -> Row:
    return {
        "ref": f"Example Mills {number} Ltd",
        "status": "1",
        "client": "1",
        "supplier": "0",
        "customer_code": f"CU{number:05d}",
        "date_creation": "2026-01-31T12:00:00Z",
        "address": "1 Example Road",
        "zip": "1000",
        "town": "Brussels",
        "country_id": "2",
        "country_code": "BE",
        "country": "Belgium",
        "phone": f"+44 20 7946 {revision:02d}{number:02d}",
        "vat_used": "1",
        "vat_number": "",
    }


def _invoice(number: int, revision: int) -> Row:
    return {
        "ref": f"FA-{number:04d}",
        "thirdparty_id": str(number),
        "type": "0",
        "status": "1",
        "date": "2026-01-31",
        "date_due": f"2026-03-{revision + 1:02d}",
        "total_net": "100.00",
        "total_vat": "21.00",
        "total": "121.00",
        "lines": [],
    }


def _put(samples: Samples, state: StandInState, sample: Sample) -> None:
    """An invoice is found through its third party, so it has one of its own."""
    key = str(sample.number)
    state.stream(sample.stream)[key] = samples.row(sample)
    if sample.stream == "invoice":
        state.stream("thirdparty").setdefault(key, {"id": key, **_thirdparty(sample.number, 0)})


SAMPLES: Final = Samples(
    key=lambda _stream, number: str(number),
    row=_row,
    put=_put,
    fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"},
)
