"""A system over a socket, a store that has read it, and golden records set by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors import request_tracker, salesforce
from hub.mapping import compile_mapping, load_mapping
from hub.ownership import BrakesSection
from hub.pipeline import delivering, publish
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.connections import OpenConnection
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.pace import Pace
from hub.pipeline.publish import Subscription
from hub.pipeline.publish_plan import Publishing, plan_publish
from hub.sdk import ConnectorSpec, StandInState
from hub.store import deliveries, tables
from hub.store.brakes import PlannedDelivery
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing

MAPPINGS = Path(__file__).resolve().parents[3] / "mappings"
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


@dataclass(frozen=True, kw_only=True)
class System:
    """A running stand-in, and what of it is published to."""

    spec: ConnectorSpec
    standin: Any
    connection: str
    stream: str
    field: str
    settings: Mapping[str, Any]

    def open(self) -> OpenConnection:
        config = self.spec.config.model_validate({**self.standin.config, **self.settings})
        connector = self.spec.open(config)
        return OpenConnection(self.connection, self.spec, connector, self.spec.streams)

    def subscription(self, mode: str = "update") -> Subscription:
        return Subscription(
            attribute="phone",
            connection=self.connection,
            stream=self.stream,
            field=self.field,
            mode=mode,
        )


class PublishWorld:
    """Records of one stream, each a customer of its own."""

    def __init__(self, engine: Engine, system: System) -> None:
        self.engine = engine
        self.system = system
        self.standin = system.standin
        self.target = system.open()
        self.sync()
        self.parties = self._link_each()

    def sync(self) -> dict[str, Any]:
        spec, place = self.system.spec, self.system.connection
        stream = next(item for item in spec.streams if item.name == self.system.stream)
        task = StreamTask(connection=place, connector=spec.name, stream=stream)
        counts = dict(extract(self.engine, self.target.connector, task=task).counts)
        file = f"{spec.name}.yaml"
        text = spec.mapping or (MAPPINGS / file).read_text(encoding="utf-8")
        mapping = compile_mapping(load_mapping(text, file=file))
        work = CanonicaliseTask(connection=place, stream=stream.name, text=text)
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

    def set_golden(self, key: str, **values: Any) -> None:
        """Give a customer a golden record and the event that says so."""
        with writing(self.engine) as db:
            golden, party = tables.golden_record, self.parties[key]
            version = db.scalar(sa.select(sa.func.count()).where(golden.c.party_id == party)) or 0
            db.execute(sa.update(golden).where(golden.c.party_id == party).values(recorded_to=NOW))
            number = (db.scalar(sa.select(sa.func.max(golden.c.id))) or 0) + 1
            db.execute(sa.insert(golden).values(_golden(number, party, version + 1, values)))
            db.execute(sa.insert(tables.party_event).values(_event(number, party, values)))

    def publishing(self, mode: str = "update", **brakes: Any) -> Publishing:
        return Publishing(
            subscriptions=[self.system.subscription(mode)],
            country="DE",
            brakes={self.system.connection: BrakesSection(**brakes)},
        )

    def plan(self, mode: str = "update") -> list[PlannedDelivery]:
        return [*plan_publish(self.engine, self.publishing(mode)).writes]

    def publish(self, pace: Pace = QUICK, mode: str = "update") -> dict[str, int]:
        publish.stage_deliveries(self.engine, [self.system.subscription(mode)], "DE")
        return delivering.deliver(self.engine, self.target, pace)

    def phone(self, key: str) -> str | None:
        """What the help desk itself holds."""
        row = self.standin.state.stream(self.system.stream)[key]
        return row.get(self.system.field) or None

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


def _golden(number: int, party: str, version: int, values: dict[str, Any]) -> dict[str, Any]:
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


def _event(number: int, party: str, values: dict[str, Any]) -> dict[str, Any]:
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
    rows = {str(number): user(number, phone) for number, phone in phones.items()}
    standin = request_tracker.hub_standin().start(StandInState({"user": rows, "ticket": {}}), 0)
    system = System(
        spec=request_tracker.hub_connector(),
        standin=standin,
        connection="helpdesk",
        stream="user",
        field="WorkPhone",
        settings={},
    )
    with _running(PublishWorld(engine, system)) as world:
        yield world


@contextmanager
def _running(world: PublishWorld) -> Iterator[PublishWorld]:
    try:
        yield world
    finally:
        world.target.connector.close()
        world.standin.stop()


def account_key(number: int) -> str:
    return f"001{number:012d}AAA"


def account(number: int, phone: str | None) -> dict[str, Any]:
    return {
        "Id": account_key(number),
        "Name": f"Example Mills {number}",
        "Phone": phone,
        "SystemModstamp": "2026-01-31T12:00:00.000+0000",
        "IsDeleted": False,
    }


def accounts(count: int) -> StandInState:
    """Accounts of Salesforce, numbered from 1, without a phone number."""
    rows = {account_key(number): account(number, None) for number in range(1, count + 1)}
    return StandInState({"Account": rows})


@contextmanager
def batch_world(engine: Engine, count: int, *, batch_writes: bool = True) -> Iterator[PublishWorld]:
    """A world of so many accounts."""
    standin = salesforce.hub_standin().start(accounts(count), 0)
    with _running(PublishWorld(engine, sfa(standin, batch_writes=batch_writes))) as world:
        yield world


def sfa(standin: Any, *, batch_writes: bool = True) -> System:
    """Salesforce, whose accounts get phone numbers."""
    return System(
        spec=salesforce.hub_connector(),
        standin=standin,
        connection="sfa",
        stream="Account",
        field="Phone",
        settings={"batch_writes": batch_writes},
    )
