"""Publish: events → deliveries, which hub.pipeline.delivering takes to their targets.

A write is computed only where the target's own value means something else than the golden one:
"030 1234" is not overwritten by "+49 30 1234".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from hub.match.standardise import standardise_email, standardise_identifier, standardise_phone
from hub.ownership import ASK, EVERYBODY, Audience
from hub.pipeline.echo import first_of_chain
from hub.pipeline.newcomers import Newcomers, stage_newcomers
from hub.store import deliveries, outbox
from hub.store.audience import parties_with_won
from hub.store.database import Connection, Engine, writing
from hub.store.deliveries import AcknowledgedWrite
from hub.store.delivery_desk import refused_values
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
    conflict: str = ASK


def stage_deliveries(
    engine: Engine,
    subscriptions: Sequence[Subscription],
    country: str,
    newcomers: Sequence[Newcomers] = (),
) -> dict[str, int]:
    """Turn waiting events into deliveries, a chunk of events with its deliveries at a time.

    Events of customers whose write is under way, or waits for a person, wait; others go on.
    """
    staging = Staging(subscriptions, country, newcomers)
    while True:
        with writing(engine) as db:
            if not staging.stage(db):
                return staging.counts


def stage_in(
    db: Connection,
    subscriptions: Sequence[Subscription],
    country: str,
    newcomers: Sequence[Newcomers] = (),
) -> dict[str, int]:
    """The same in the caller's transaction."""
    staging = Staging(subscriptions, country, newcomers)
    while staging.stage(db):
        pass
    return staging.counts


class Staging:
    """One walk over the events that wait."""

    def __init__(
        self,
        subscriptions: Sequence[Subscription],
        country: str,
        newcomers: Sequence[Newcomers] = (),
    ) -> None:
        self.counts = {"events": 0, "planned": 0, "superseded": 0}
        self._subscriptions = subscriptions
        self._newcomers = newcomers
        self._country = country
        self._after = 0

    def stage(self, db: Connection) -> bool:
        """Turn the next chunk into deliveries; False where there is none."""
        outbox.take_turn(db)
        events = outbox.pending_events(db, _CHUNK, after=self._after)
        if not events:
            return False
        self._after = events[-1].seq
        parties = [event.party_id for event in events]
        look = _look(db, parties, self._subscriptions, self._country)
        fresh, superseded, blocked = _coalesce(db, look)
        self.counts["planned"] += outbox.insert_deliveries(db, fresh, _now())
        self.counts["superseded"] += superseded
        for rule in self._newcomers:
            made = stage_newcomers(db, rule, parties)
            self.counts["planned"] += made.planned
            self.counts["superseded"] += made.superseded
            blocked |= made.blocked
        settled = [event.id for event in events if event.party_id not in blocked]
        outbox.settle_events(db, settled)
        self.counts["events"] += len(settled)
        return True


class _Look(NamedTuple):
    """What is wanted of the records that were looked at, and which fields those are."""

    writes: list[PlannedWrite]
    fields: set[tuple[int, str]]


def _look(
    db: Connection, parties: Sequence[str], subscriptions: Sequence[Subscription], country: str
) -> _Look:
    alive = outbox.survivors(db, parties)
    asked = any(item.only.won for item in subscriptions)
    winners = parties_with_won(db, alive) if asked else set()
    places = list(dict.fromkeys((item.connection, item.stream) for item in subscriptions))
    found = {place: outbox.targets(db, alive, *place) for place in places}
    records = [target.record_id for targets in found.values() for target in targets]
    written = deliveries.acknowledged_writes(db, records)
    pairs = [
        (item, target) for item in subscriptions for target in found[item.connection, item.stream]
    ]
    writes = [
        write
        for item, target in pairs
        if item.only.admits(orjson.loads(target.golden), has_won=target.party_id in winners)
        and (write := _needed(item, target, country, written.get(target.record_id, ()))) is not None
    ]
    return _Look(writes, {(target.record_id, item.field) for item, target in pairs})


def _needed(
    subscription: Subscription,
    target: outbox.Target,
    country: str,
    written: Sequence[AcknowledgedWrite],
) -> PlannedWrite | None:
    """The write that brings what is wanted to the target, or None where it is there."""
    own = [write for write in written if write.field == subscription.field]
    standing = _standing(orjson.loads(target.payload).get(subscription.field), target, own)
    golden = as_text(orjson.loads(target.golden).get(subscription.attribute))
    value = _aim(golden, standing, subscription.mode)
    if _same(subscription, standing.held, value, country):
        return None
    return PlannedWrite(
        party_id=target.party_id,
        record_id=target.record_id,
        connection=subscription.connection,
        stream=subscription.stream,
        attribute=subscription.attribute,
        field=subscription.field,
        before=standing.held,
        value=value or "",
        version=target.source_version,
        found=_dispute(standing, subscription.conflict),
    )


class _Standing(NamedTuple):
    """What a field of a target holds as far as we know; ``said`` is what it held without us.

    ``changed``: somebody has put it in the place of a value of ours.
    """

    held: str | None
    said: str | None
    changed: bool = False


def _standing(read: Any, target: outbox.Target, own: Sequence[AcknowledgedWrite]) -> _Standing:
    """A write of ours counts before what was read earlier; ``own`` has the newest one first."""
    held = as_text(read)
    if own and own[0].received_at >= target.observed_at:
        held = own[0].value or None
    if own and held == (own[0].value or None):
        return _Standing(held, first_of_chain(own).before)
    return _Standing(held, held, bool(own))


def _aim(golden: str | None, standing: _Standing, mode: str) -> str | None:
    """What the field should hold: where no golden value is for it, what it held without us.

    So a merge that is undone takes back what it has written.
    """
    if golden is None or (mode == "fill_empty" and standing.said):
        return standing.said
    return golden


def _same(subscription: Subscription, held: str | None, value: str | None, country: str) -> bool:
    if not held or not value:
        return held == value
    return means_same(subscription.attribute, held, value, country)


def _dispute(standing: _Standing, policy: str) -> str | None:
    """What somebody put over our value, where a person is to be asked; else None."""
    return (standing.held or "") if standing.changed and policy == ASK else None


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


def _coalesce(db: Connection, look: _Look) -> tuple[list[PlannedWrite], int, set[str]]:
    """New writes, how many planned ones they replace, and parties that wait for one under way.

    A planned write that is no longer wanted ends; a value that was refused is not planned again.
    """
    records = {record for record, _ in look.fields}
    open_now = deliveries.open_deliveries(db, records)
    refused = refused_values(db, records)
    fresh: dict[tuple[int, str], PlannedWrite] = {}
    obsolete, blocked = set[str](), set[str]()
    wanted = {(write.record_id, write.field): write for write in look.writes}
    for place, write in wanted.items():
        standing = open_now.get(place)
        if standing is None:
            fresh |= {} if refused.get(place) == write.value else {place: write}
        elif standing["state"] == "planned" and standing["value"] != write.value:
            obsolete.add(standing["id"])
            fresh[place] = write
        elif standing["value"] != write.value:
            blocked.add(write.party_id)
    gone = (look.fields - wanted.keys()) & open_now.keys()
    obsolete |= _planned([open_now[place] for place in gone])
    for delivery_id in sorted(obsolete):
        outbox.supersede(db, delivery_id, _now())
    return list(fresh.values()), len(obsolete), blocked


def _planned(rows: Iterable[Any]) -> set[str]:
    """Those of the deliveries that nobody has begun to send."""
    return {row["id"] for row in rows if row["state"] == "planned"}


def _now() -> datetime:
    return datetime.now(UTC)
