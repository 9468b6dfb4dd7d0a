"""Plan before publish: what would be written where, pinned by a digest, and the approval of it.

The digest is a function of what would be written, not of ids or the clock. To apply one is to stage
again, to compare, and to approve exactly these deliveries in one transaction, or to change nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.errors import StoreError
from hub.ownership import BrakesSection
from hub.pipeline.brakes import excess
from hub.pipeline.newcomers import Newcomers
from hub.pipeline.publish import Subscription, stage_in
from hub.store import brakes as store
from hub.store.audit import Entry, add_entries, new_act
from hub.store.brakes import PlannedDelivery, PlannedWhole
from hub.store.database import Connection, Engine, trying, writing

NO_SECTION: Final = BrakesSection()
"""The brakes of a connection of which hub.toml says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """What hub.toml says about publishing: who gets what, and the brakes of each connection."""

    subscriptions: Sequence[Subscription]
    country: str
    brakes: Mapping[str, BrakesSection]
    newcomers: Sequence[Newcomers] = ()

    def of(self, connection: str) -> BrakesSection:
        """The brakes of one connection."""
        return self.brakes.get(connection, NO_SECTION)


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What waits to be written once all events are staged; ``stops`` say what holds it back."""

    writes: Sequence[PlannedDelivery]
    stops: Mapping[str, str]
    records: Sequence[PlannedWhole] = ()

    @property
    def digest(self) -> str:
        """What pins it: equal for two plans that would write the same."""
        names = ("connection", "stream", "source_key", "field", "before", "value")
        lines = [[getattr(item, name) or "" for name in names] for item in self.writes]
        whole = ("kind", "connection", "stream", "party_id", "fields")
        lines += [[getattr(item, name) for name in whole] for item in self.records]
        lines.sort()
        return blake2b(orjson.dumps(lines), digest_size=16).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The plan as people and programs read it, without source keys: one may be an address."""
        shown = ("party_id", "connection", "stream", "record_id", "field", "before", "value")
        counts = Counter(item.connection for item in self.writes)
        counts.update(item.connection for item in self.records)
        return {
            "digest": self.digest,
            "counts": dict(sorted(counts.items())),
            "records": [_shown(item) for item in self.records],
            "stops": dict(self.stops),
            "writes": [{name: getattr(item, name) for name in shown} for item in self.writes],
        }


def _shown(item: PlannedWhole) -> dict[str, Any]:
    """A record to be made with its values, one to be erased from with the names of the fields."""
    fields = {name: value for name, (_, value) in orjson.loads(item.fields).items()}
    names = ("kind", "party_id", "connection", "stream")
    return {**{name: getattr(item, name) for name in names}, "fields": fields}


def plan_publish(engine: Engine, publishing: Publishing) -> PublishPlan:
    """What a publish would write now; nothing is stored."""
    with trying(engine) as db:
        return _plan(db, publishing)


def approve_publish(
    engine: Engine, publishing: Publishing, digest: str, *, actor: str
) -> PublishPlan:
    """Stage, and approve exactly what the plan with this digest showed, or raise StoreError."""
    now = datetime.now(UTC)
    with writing(engine) as db:
        plan = _plan(db, publishing)
        if plan.digest != digest:
            raise StoreError(
                "what would be written is no longer what the plan with this digest showed; "
                "nothing was changed: look at `hub publish --plan` again"
            )
        ids = [item.id for item in plan.writes] + [item.id for item in plan.records]
        store.approve(db, ids, now)
        counts = plan.as_dict()["counts"]
        parties = {item.party_id for item in plan.writes}
        parties |= {item.party_id for item in plan.records}
        entry = Entry("approve_publish", {"digest": digest, "writes": counts}, parties)
        add_entries(db, new_act(actor, ""), [entry], now)
    return plan


def _plan(db: Connection, publishing: Publishing) -> PublishPlan:
    stage_in(db, publishing.subscriptions, publishing.country, publishing.newcomers)
    writes, records = store.planned_deliveries(db), store.planned_records(db)
    paused = store.paused_connections(db)
    stops = {}
    names = {item.connection for item in writes} | {item.connection for item in records}
    for name in sorted(names):
        section = publishing.of(name)
        if name in paused:
            stops[name] = f"paused since {paused[name]:%Y-%m-%d %H:%M} UTC"
        elif (reason := excess(db, name, section, writes)) is not None:
            stops[name] = reason
        elif not section.is_open(datetime.now(UTC)):
            stops[name] = f"writes wait for {section.window}"
    return PublishPlan(writes, stops, records)
