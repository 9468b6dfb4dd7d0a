"""A customer's past: the moments at which something changed, and what was known at any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from hub.pipeline.history import AsOf, Moment, customer_as_of, customer_history
from hub.pipeline.profile import readable, told_twice
from hub.store.database import Engine, reading
from hub.store.golden import current_versions


class Turn(NamedTuple):
    """A moment at which something changed: what the slider stops at."""

    at: datetime
    moments: Sequence[Moment]


def read_turns(engine: Engine, party_id: str) -> list[Turn]:
    """The moments of a customer's past, the oldest first."""
    turns: dict[datetime, list[Moment]] = {}
    for moment in customer_history(engine, party_id):
        turns.setdefault(moment.at, []).append(moment)
    return [Turn(at, moments) for at, moments in sorted(turns.items())]


class Then(NamedTuple):
    """A customer as known at a time, beside what it is now: field, then, now."""

    state: AsOf
    rows: Sequence[tuple[str, str | None, str | None]]


def read_then(engine: Engine, party_id: str, at: datetime) -> Then:
    """What the hub knew of a customer at a time; StoreError where it knew nothing."""
    state = customer_as_of(engine, party_id, known=at)
    with reading(engine) as db:
        held = current_versions(db, [party_id]).get(party_id)
    now = _texts(orjson.loads(held.body) if held else {})
    then = _texts(state.golden or {})
    names = dict.fromkeys([*then, *now])
    return Then(state, [(name, then.get(name), now.get(name)) for name in names])


def _texts(golden: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: "; ".join(map(readable, value)) if isinstance(value, list) else readable(value)
        for name, value in golden.items()
        if not told_twice(golden, name)
    }
