"""Publish: events → deliveries, which hub.pipeline.delivering takes to their targets.

A write is computed only where the target's own value means something else than the golden one:
"030 1234" is not overwritten by "+49 30 1234".
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.match.standardise import standardise_email, standardise_identifier, standardise_phone
from hub.ownership import EVERYBODY, Audience
from hub.store import deliveries, outbox
from hub.store.audience import parties_with_won
from hub.store.database import Connection, Engine, reading, writing
from hub.store.outbox import PlannedWrite

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One golden attribute that goes to one field of one stream; ``mode`` update or fill_empty.

    ``only`` says for which customers.
    """

    attribute: str
    connection: str
    stream: str
    field: str
    mode: str = "update"
    only: Audience = EVERYBODY


def plan_writes(
    engine: Engine, subscriptions: Sequence[Subscription], country: str
) -> list[PlannedWrite]:
    """What would be written for the events that wait; nothing is stored."""
    with reading(engine) as db:
        events = outbox.pending_events(db, limit=1_000_000)
        return [
            write
            for chunk in _chunks(events)
            for write in _wanted(db, [event.party_id for event in chunk], subscriptions, country)
        ]


def stage_deliveries(
    engine: Engine, subscriptions: Sequence[Subscription], country: str
) -> dict[str, int]:
    """Turn waiting events into deliveries, a chunk of events with its deliveries at a time."""
    counts = {"events": 0, "planned": 0, "superseded": 0}
    while True:
        with writing(engine) as db:
            outbox.take_turn(db)
            events = outbox.pending_events(db, _CHUNK)
            if not events:
                return counts
            parties = [event.party_id for event in events]
            wanted = _wanted(db, parties, subscriptions, country)
            fresh, superseded, blocked = _coalesce(db, wanted)
            counts["planned"] += outbox.insert_deliveries(db, fresh, _now())
            counts["superseded"] += superseded
            settled = [event.id for event in events if event.party_id not in blocked]
            outbox.settle_events(db, settled)
            counts["events"] += len(settled)
        if len(settled) < len(events):
            return counts


def _wanted(
    db: Connection, parties: Sequence[str], subscriptions: Sequence[Subscription], country: str
) -> list[PlannedWrite]:
    alive = outbox.survivors(db, parties)
    asked = any(item.only.won for item in subscriptions)
    winners = parties_with_won(db, alive) if asked else set()
    places = list(dict.fromkeys((item.connection, item.stream) for item in subscriptions))
    found = {place: outbox.targets(db, alive, *place) for place in places}
    return [
        write
        for item in subscriptions
        for target in found[item.connection, item.stream]
        if (write := _needed(item, target, country, winners)) is not None
    ]


def _needed(
    subscription: Subscription, target: outbox.Target, country: str, winners: Container[str]
) -> PlannedWrite | None:
    """The write that brings the golden value to the target, or None where it is there."""
    golden = orjson.loads(target.golden)
    value = as_text(golden.get(subscription.attribute))
    before = as_text(orjson.loads(target.payload).get(subscription.field))
    if not value or (before and subscription.mode == "fill_empty"):
        return None
    if before and means_same(subscription.attribute, before, value, country):
        return None
    if not subscription.only.admits(golden, has_won=target.party_id in winners):
        return None
    return PlannedWrite(
        party_id=target.party_id,
        record_id=target.record_id,
        connection=subscription.connection,
        stream=subscription.stream,
        attribute=subscription.attribute,
        field=subscription.field,
        before=before,
        value=value,
        version=target.source_version,
    )


def as_text(value: Any) -> str | None:
    """A field's value as deliveries hold it; None where it is empty."""
    return None if value is None or value == "" else str(value)


def means_same(attribute: str, one: str, other: str, country: str) -> bool:
    """Whether two texts are one value, spelt twice: a phone number, mail address, VAT number."""
    left, right = (_plain(attribute, text, country) for text in (one, other))
    return one == other or (left is not None and left == right)


def _plain(attribute: str, text: str, country: str) -> str | None:
    if attribute == "phone":
        return standardise_phone(text, country)
    if attribute == "email":
        return standardise_email(text)
    if attribute == "eu_vat":
        return standardise_identifier("eu_vat", text)
    return " ".join(text.split())


def _coalesce(
    db: Connection, wanted: Sequence[PlannedWrite]
) -> tuple[list[PlannedWrite], int, set[str]]:
    """New writes, how many planned ones they replace, and parties that wait for one under way."""
    open_now = deliveries.open_deliveries(db, {write.record_id for write in wanted})
    fresh: dict[tuple[int, str], PlannedWrite] = {}
    superseded, blocked = 0, set[str]()
    for write in wanted:
        standing = open_now.get((write.record_id, write.field))
        if standing is None:
            fresh[write.record_id, write.field] = write
        elif standing["value"] == write.value:
            continue
        elif standing["state"] == "planned":
            outbox.supersede(db, standing["id"], _now())
            superseded += 1
            fresh[write.record_id, write.field] = write
        else:
            blocked.add(write.party_id)
    return list(fresh.values()), superseded, blocked


def _chunks(items: Sequence[outbox.PendingEvent]) -> Iterator[Sequence[outbox.PendingEvent]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _now() -> datetime:
    return datetime.now(UTC)
