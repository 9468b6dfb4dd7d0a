"""A help desk over a socket, a store that has read it, and golden records set by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors import request_tracker
from hub.mapping import compile_mapping, load_mapping
from hub.pipeline import publish
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.connections import OpenConnection
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.publish import Pace, Subscription
from hub.sdk import StandInState
from hub.store import deliveries, outbox, tables
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing

MAPPING = Path(__file__).resolve().parents[3] / "mappings" / "request_tracker.yaml"
SPEC = request_tracker.hub_connector()
PHONE = "+4930901820001"
QUICK = Pace(settle=timedelta(seconds=0.3), request=timedelta(seconds=0.3))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def user(number: int, phone: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "Name": f"u{number}@customer.example",
        "EmailAddress": f"u{number}@customer.example",
        "RealName": f"Uta Test{number}",
        **({"WorkPhone": phone} if phone else {}),
        "Privileged": 0,
        "Created": "2026-01-01T10:00:00Z",
        "LastUpdated": "2026-01-01T10:00:00Z",
    }


class PublishWorld:
    """Users of a help desk, each a customer of its own."""

    def __init__(self, engine: Engine, phones: dict[int, str | None]) -> None:
        self.engine = engine
        rows = {str(number): user(number, phone) for number, phone in phones.items()}
        self.standin: Any = request_tracker.hub_standin().start(
            StandInState({"user": rows, "ticket": {}}), 0
        )
        config = SPEC.config.model_validate(self.standin.config)
        self.target = OpenConnection("helpdesk", SPEC, SPEC.open(config), SPEC.streams)
        self.sync()
        self.parties = self._link_each()

    def sync(self) -> dict[str, Any]:
        stream = next(item for item in SPEC.streams if item.name == "user")
        task = StreamTask(connection="helpdesk", connector=SPEC.name, stream=stream)
        counts = dict(extract(self.engine, self.target.connector, task=task).counts)
        text = MAPPING.read_text(encoding="utf-8")
        mapping = compile_mapping(load_mapping(text, file=MAPPING.name))
        work = CanonicaliseTask(connection="helpdesk", stream="user", text=text)
        canonicalise(self.engine, mapping, task=work)
        return counts

    def _link_each(self) -> dict[str, str]:
        canonical, source = tables.canonical_record, tables.source_record
        query = (
            sa.select(canonical.c.id, source.c.source_key)
            .join(source, source.c.id == canonical.c.record_id)
            .where(canonical.c.part == "", canonical.c.active)
            .order_by(canonical.c.id)
        )
        parties = {}
        with writing(self.engine) as db:
            for number, (canonical_id, key) in enumerate(db.execute(query).all(), 1):
                parties[key] = _link(db, canonical_id, number)
        return parties

    def set_golden(self, key: str, **values: str) -> None:
        """Give a customer a golden record and the event that says so."""
        with writing(self.engine) as db:
            golden, party = tables.golden_record, self.parties[key]
            version = db.scalar(sa.select(sa.func.count()).where(golden.c.party_id == party)) or 0
            db.execute(sa.update(golden).where(golden.c.party_id == party).values(recorded_to=NOW))
            number = (db.scalar(sa.select(sa.func.max(golden.c.id))) or 0) + 1
            db.execute(sa.insert(golden).values(_golden(number, party, version + 1, values)))
            db.execute(sa.insert(tables.party_event).values(_event(number, party, values)))

    def plan(self, mode: str = "update") -> list[outbox.PlannedWrite]:
        return publish.plan_writes(self.engine, [subscription(mode)], "DE")

    def publish(self, pace: Pace = QUICK, mode: str = "update") -> dict[str, int]:
        publish.stage_deliveries(self.engine, [subscription(mode)], "DE")
        return publish.deliver(self.engine, self.target, pace)

    def phone(self, key: str) -> str | None:
        """What the help desk itself holds."""
        row = self.standin.state.stream("user")[key]
        return row.get("WorkPhone") or None

    def bodies(self) -> dict[str, str]:
        """The canonical records, by source key."""
        canonical, source = tables.canonical_record, tables.source_record
        query = sa.select(source.c.source_key, canonical.c.body).join(
            source, source.c.id == canonical.c.record_id
        )
        with reading(self.engine) as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def writes(self) -> int:
        return sum(
            count for name, count in self.standin.requests.items() if name.startswith("PUT ")
        )

    def states(self) -> dict[str, int]:
        with reading(self.engine) as db:
            return deliveries.count_deliveries(db)


def subscription(mode: str) -> Subscription:
    return Subscription(
        attribute="phone", connection="helpdesk", stream="user", field="WorkPhone", mode=mode
    )


def _link(db: sa.Connection, canonical_id: int, number: int) -> str:
    party = new_id()
    db.execute(
        sa.insert(tables.master_party).values(
            id=party,
            seq=number,
            founding_id=canonical_id,
            status="active",
            created_at=NOW,
            golden_pending=False,
        )
    )
    db.execute(
        sa.insert(tables.link).values(
            id=number,
            canonical_id=canonical_id,
            party_id=party,
            kind="auto",
            reason="test",
            valid_from=NOW,
            recorded_from=NOW,
        )
    )
    return party


def _golden(number: int, party: str, version: int, values: dict[str, str]) -> dict[str, Any]:
    return {
        "id": number,
        "party_id": party,
        "version": version,
        "body": orjson.dumps(values).decode(),
        "provenance": "{}",
        "body_hash": b"h",
        "rules_digest": "r",
        "valid_from": NOW,
        "recorded_from": NOW,
    }


def _event(number: int, party: str, values: dict[str, str]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "seq": number,
        "party_id": party,
        "kind": "changed",
        "fields": orjson.dumps(sorted(values)).decode(),
        "created_at": NOW,
        "pending": True,
    }


@contextmanager
def publish_world(engine: Engine, phones: dict[int, str | None]) -> Iterator[PublishWorld]:
    world = PublishWorld(engine, phones)
    try:
        yield world
    finally:
        world.target.connector.close()
        world.standin.stop()
