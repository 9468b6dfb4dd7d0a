"""Deliveries as a person looks through them, with the names of the customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from hub.store.database import Engine, reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.golden import current_versions

ASKING: Final = ("conflict", "unknown", "dead", "rejected", "incomplete")
"""States that wait for a person, those with two values first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """A write to a system; ``verbs`` are what a person may do about it."""

    id: str
    kind: str
    state: str
    connection: str
    stream: str
    party_id: str
    name: str
    field: str
    attribute: str
    ours: str | None
    theirs: str | None
    before: str | None
    message: str | None
    attempts: int
    planned_at: datetime
    sent_at: datetime | None
    verbs: Sequence[str]


def read_deliveries(
    engine: Engine, *, states: Sequence[str] = ASKING, connection: str | None, limit: int = 200
) -> list[DeliveryLine]:
    """The deliveries in these states, conflicts first, the newest of each first."""
    with reading(engine) as db:
        rows = list_deliveries(db, DeliveryFilter(states, connection), limit)
        golden = current_versions(db, list({row["party_id"] for row in rows}))
    names = {party: orjson.loads(item.body).get("display_name") for party, item in golden.items()}
    lines = [_line(row, str(names.get(row["party_id"]) or "")) for row in rows]
    order = {state: place for place, state in enumerate(ASKING)}
    return sorted(lines, key=lambda line: order.get(line.state, len(order)))


def _line(row: dict[str, Any], name: str) -> DeliveryLine:
    whole = row["kind"] != "field"
    return DeliveryLine(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        connection=row["connection"],
        stream=row["stream"],
        party_id=row["party_id"],
        name=name,
        field=row["field"] or "the whole record",
        attribute=row["attribute"] or "contact_points",
        ours=_told(row["fields"]) if whole else row["value"],
        theirs=row["found"],
        before=row.get("before"),
        message=row["message"],
        attempts=row["attempts"],
        planned_at=row["planned_at"],
        sent_at=row["sent_at"],
        verbs=_verbs(row["state"], whole),
    )


def _told(fields: str) -> str:
    """What a record would be made with, or which fields would be emptied."""
    said = orjson.loads(fields or "{}")
    if not isinstance(said, dict):
        return "; ".join(map(str, said))
    return "; ".join(f"{name}: {_last(value)}" for name, value in said.items())


def _last(value: Any) -> Any:
    """A field to be written stands with what it is made of before it."""
    return value[-1] if isinstance(value, list) and value else value


def _verbs(state: str, whole: bool) -> tuple[str, ...]:
    if state == "abandoned" and not whole:
        return ("retry",)
    if state in {"planned", "incomplete"}:
        return ("abandon",)
    return ("retry", "abandon") if state in ASKING else ()
