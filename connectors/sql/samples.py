"""Rows for the conformance kit, as the stand-in's tables hold them."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row
from hub.sdk.sweep import format_time


def _key(stream: str, number: int) -> str:
    return str(number) if stream == "customers" else f"[{number},1]"


def _row(sample: Sample) -> Row:
    name = f"Example {sample.number} Ltd, {sample.revision}"
    email = f"office{sample.number}@example.com"
    if sample.stream == "people":
        return {"customer": sample.number, "number": 1, "name": name, "email": email}
    return {
        "id": sample.number,
        "name": name,
        "kind": "organisation",
        "email": email,
        "phone": f"+43 1 {5000 + sample.number}",
        "street": f"Sample Way {sample.number}",
        "city": "Vienna",
        "postcode": "1010",
        "country": "AT",
        "changed_at": format_time(sample.at),
        "deleted_at": None,
    }


def _remove(samples: Samples, state: StandInState, sample: Sample) -> None:
    """Customers are marked, people vanish."""
    rows, key = state.stream(sample.stream), samples.key(sample.stream, sample.number)
    if sample.stream == "people":
        del rows[key]
    else:
        rows[key] |= {"deleted_at": format_time(sample.at), "changed_at": format_time(sample.at)}


def _fields(_stream: str, revision: int) -> dict[str, JsonValue]:
    return {"phone": f"+43 1 {9000 + revision}"}


SAMPLES: Final = Samples(key=_key, row=_row, remove=_remove, fields=_fields)
