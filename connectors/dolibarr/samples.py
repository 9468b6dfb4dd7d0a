"""What the conformance kit puts into the stand-in: one plain record for each number."""

from __future__ import annotations

from typing import Final

from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row


def _row(sample: Sample) -> Row:
    row = _MAKE[sample.stream](sample.number, sample.revision)
    if sample.stream in ("contact", "order"):  # these tell no time of change
        return {"id": str(sample.number), **row}
    changed = sample.at.strftime("%Y-%m-%dT%H:%M:%SZ")
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


def _contact(number: int, revision: int) -> Row:
    return {
        "ref": str(number),
        "socid": str(number),
        "socname": f"Example Mills {number} Ltd",
        "firstname": "Kim",
        "lastname": f"Example {number}",
        "poste": f"Buyer {revision}",
        "phone_mobile": f"+44 7700 9{revision:02d}{number:03d}",
        "email": f"kim{number}@example.com",
        "status": "1",
    }


def _order(number: int, revision: int) -> Row:
    line: Row = {"id": str(number), "fk_commande": str(number), "desc": "Service", "qty": "1"}
    return {
        "ref": f"CO-{number:04d}",
        "socid": str(number),
        "status": "1",
        "date": f"2026-02-{revision + 1:02d}",
        "total_net": "100.00000000",
        "total_vat": "21.00000000",
        "total": "121.00000000",
        "lines": [{**line, "total_net": "100.00000000"}],
    }


_MAKE: Final = {
    "thirdparty": _thirdparty,
    "contact": _contact,
    "order": _order,
    "invoice": _invoice,
}


def _put(samples: Samples, state: StandInState, sample: Sample) -> None:
    """All else is found through its third party, so it has one of its own."""
    key = str(sample.number)
    state.stream(sample.stream)[key] = samples.row(sample)
    if sample.stream != "thirdparty":
        state.stream("thirdparty").setdefault(key, {"id": key, **_thirdparty(sample.number, 0)})


SAMPLES: Final = Samples(
    key=lambda _stream, number: str(number),
    row=_row,
    put=_put,
    fields=lambda _stream, revision: {"phone": f"+44 161 496 {revision:04d}"},
    new=lambda _stream: {
        "ref": "Example Mills Ltd",
        "client": "1",
        "email": "office@mills.example",
    },
)
