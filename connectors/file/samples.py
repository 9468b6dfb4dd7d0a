"""Rows for the conformance kit, as the stand-in's files hold them."""

from __future__ import annotations

from typing import Final

from hub.sdk import Sample, Samples
from hub.sdk.standin import Row


def _row(sample: Sample) -> Row:
    return {
        "id": str(sample.number),
        "name": f"Example {sample.number} Ltd, {sample.revision}",
        "kind": "organisation",
        "email": f"office{sample.number}@example.com",
        "phone": f"+43 1 {5000 + sample.number}",
        "street": f"Sample Way {sample.number}",
        "city": "Vienna",
        "postcode": "1010",
        "country": "AT",
        "updated": sample.at.isoformat(),
    }


SAMPLES: Final = Samples(key=lambda _stream, number: str(number), row=_row)
