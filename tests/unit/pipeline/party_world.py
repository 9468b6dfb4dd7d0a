"""A store that tests fill with canonical party records, as canonicalise would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hub.pipeline.resolve import apply, plan
from hub.store.columns import new_id
from hub.store.database import open_store, reading, writing
from hub.store.ids import take_block
from hub.store.schema import migrate
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    connection,
    link,
    master_party,
    party_event,
    raw_version,
    review_case,
    source_record,
    stream,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Body = dict[str, Any]


def person(given: str, family: str, **more: Any) -> Body:
    """A person's body; keywords: email, phone, birth, street, city, postcode, customer_no."""
    names = {"given": given, "family": family, "birth_date": more.get("birth")}
    body = {
        "kind": "person",
        "display_name": f"{given} {family}".strip() or None,
        "person": {name: value for name, value in names.items() if value},
        **_shared(more),
    }
    return {name: value for name, value in body.items() if value is not None}


def company(name: str, **more: Any) -> Body:
    """An organisation's body; the keywords of ``person``, and vat and web."""
    return {
        "kind": "organisation",
        "display_name": name,
        "organisation": {"legal_name": name},
        **_shared(more),
    }


def _shared(more: dict[str, Any]) -> Body:
    points = [
        {"kind": kind, "value": more[kind]} for kind in ("email", "phone", "web") if kind in more
    ]
    place = {"locality": more.get("city"), "postcode": more.get("postcode")}
    address = {name: value for name, value in place.items() if value}
    if "street" in more:
        address["lines"] = [more["street"]]
    identifiers = []
    if "vat" in more:
        identifiers.append({"scheme": "eu_vat", "value": more["vat"]})
    if "customer_no" in more:
        number = {"scheme": "customer_no", "value": more["customer_no"], "issuer": "erp"}
        identifiers.append(number)
    return {
        "contact_points": points,
        "addresses": [address] if address else [],
        "identifiers": identifiers,
        **({"updated_at": more["updated"]} if "updated" in more else {}),
    }


class World:
    """Puts records into a store and asks what became of them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.streams: dict[tuple[str, str], int] = {}
        self.records: dict[str, int] = {}

    def put(self, key: str, body: Body, *, entity: str = "party", part: str = "") -> int:
        """Store or replace the record ``connection:type:key``; returns its canonical id."""
        return self.put_all({key: body}, entity=entity, part=part)[0]

    def put_all(
        self, bodies: dict[str, Body], *, entity: str = "party", part: str = ""
    ) -> list[int]:
        """Store many records in one transaction."""
        with writing(self.engine) as db:
            return [
                self._put(db, key, body, entity=entity, part=part) for key, body in bodies.items()
            ]

    def _put(self, db: sa.Connection, key: str, body: Body, *, entity: str, part: str) -> int:
        name = f"{key}#{part}" if part else key
        text = orjson.dumps(body).decode()
        digest = blake2b(text.encode(), digest_size=16).digest()
        columns = {"body": text, "body_hash": digest, "active": True, "pending": True}
        if name in self.records:
            where = canonical_record.c.id == self.records[name]
            db.execute(sa.update(canonical_record).where(where).values(**columns))
            return self.records[name]
        found = take_block(db, "canonical_record", 1)
        record = self._source(db, key)
        db.execute(
            sa.insert(canonical_record).values(
                id=found, record_id=record, part=part, entity=entity, raw_version=1,
                mapping_digest="m1", **columns,
            )
        )  # fmt: skip
        self.records[name] = found
        return found

    def _source(self, db: sa.Connection, key: str) -> int:
        """The source record, made where it is missing, with one raw version."""
        system, type_, source_key = key.split(":", 2)
        stream_id = self._stream(db, system, type_)
        where = (source_record.c.stream_id == stream_id) & (
            source_record.c.source_key == source_key
        )
        known = db.scalar(sa.select(source_record.c.id).where(where))
        if known is not None:
            return int(known)
        record = take_block(db, "source_record", 1)
        db.execute(
            sa.insert(source_record).values(
                id=record, stream_id=stream_id, source_key=source_key, version=1,
                payload_hash=b"x", epoch=1, pending=False,
            )
        )  # fmt: skip
        db.execute(
            sa.insert(raw_version).values(
                record_id=record, version=1, payload="{}", payload_hash=b"x", observed_at=NOW,
                run_id=new_id(),
            )
        )  # fmt: skip
        return record

    def _stream(self, db: sa.Connection, system: str, type_: str) -> int:
        if (system, type_) not in self.streams:
            query = sa.select(connection.c.id).where(connection.c.name == system)
            owner = db.scalar(query) or new_id()
            if db.scalar(query) is None:
                office = "back" if system == "erp" else "front"
                values = {"connector": system, "created_at": NOW, "office": office}
                db.execute(sa.insert(connection).values(id=owner, name=system, **values))
            found = take_block(db, "stream", 1)
            db.execute(sa.insert(stream).values(id=found, connection_id=owner, name=type_))
            self.streams[system, type_] = found
        return self.streams[system, type_]

    def refer(self, key: str, target: str, *, role: str = "party", part: str = "") -> None:
        """Let a stored record refer to another one of the same connection."""
        system, type_, source_key = target.split(":", 2)
        with writing(self.engine) as db:
            db.execute(
                sa.insert(canonical_ref).values(
                    canonical_id=self.records[key], role=role, source_key=source_key, part=part,
                    stream_id=self._stream(db, system, type_),
                )
            )  # fmt: skip

    def remove(self, key: str) -> None:
        """The source says that the record is gone."""
        where = canonical_record.c.id == self.records[key]
        with writing(self.engine) as db:
            db.execute(sa.update(canonical_record).where(where).values(active=False, pending=True))

    def resolve(self, *, limit: int | None = None, bulk: bool | None = None) -> dict[str, int]:
        """Plan and apply everything that is pending."""
        return apply(self.engine, plan(self.engine, bulk=bulk), limit=limit)

    def party(self, key: str) -> str | None:
        """The party that a record is linked to."""
        query = sa.select(link.c.party_id).where(
            link.c.canonical_id == self.records[key], link.c.recorded_to.is_(None)
        )
        with reading(self.engine) as db:
            return db.scalar(query)

    def partition(self) -> set[frozenset[str]]:
        """The records of each party."""
        name = {record: key for key, record in self.records.items()}
        query = sa.select(link.c.party_id, link.c.canonical_id).where(link.c.recorded_to.is_(None))
        groups: dict[str, set[str]] = {}
        with reading(self.engine) as db:
            for party, record in db.execute(query):
                groups.setdefault(party, set()).add(name[record])
        return {frozenset(group) for group in groups.values()}

    def events(self) -> list[tuple[str, str]]:
        """Kind and party of every event, in order."""
        query = sa.select(party_event.c.kind, party_event.c.party_id).order_by(party_event.c.seq)
        with reading(self.engine) as db:
            return [(row.kind, row.party_id) for row in db.execute(query)]

    def statuses(self) -> dict[str, str]:
        """Party to status."""
        with reading(self.engine) as db:
            rows = db.execute(sa.select(master_party.c.id, master_party.c.status))
            return {row.id: row.status for row in rows}

    def cases(self, state: str = "open") -> list[sa.RowMapping]:
        """Review cases of a state."""
        query = sa.select(review_case).where(review_case.c.state == state)
        with reading(self.engine) as db:
            return list(db.execute(query).mappings())


def partitions_in_any_order(
    bodies: dict[str, Body], folder: Path, arrived: Callable[[World], object] = lambda _: None
) -> set[frozenset[frozenset[str]]]:
    """Every partition that comes of the records in some order, resolved after every other one.

    ``arrived`` is called after each record.
    """
    found = set()
    for number, order in enumerate(permutations(bodies)):
        engine = open_store(f"sqlite:///{folder / str(number)}.db")
        migrate(engine)
        world = World(engine)
        for step, key in enumerate(order):
            world.put(key, bodies[key])
            arrived(world)
            if step % 2 == number % 2:
                world.resolve()
        world.resolve()
        found.add(frozenset(world.partition()))
        engine.dispose()
    return found
