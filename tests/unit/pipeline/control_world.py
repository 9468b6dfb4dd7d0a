"""Books in which every pair agrees, except where a break is planted; rows as canonicalise makes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID, uuid5

import orjson
import sqlalchemy as sa

from hub.pipeline.bodies import build_body
from hub.store.columns import from_scaled
from hub.store.database import Connection, Engine, writing
from hub.store.tables import metadata

CUT_OFF = datetime(2026, 10, 31, 22, tzinfo=UTC)
LONG_AGO = CUT_OFF - timedelta(days=20)
_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
OFFICES = {"crm": "front", "suite": "front", "desk": "service", "mail": "service"}
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
Row = dict[str, Any]


@dataclass
class Books:
    """Collects the rows of a store, and writes them in one transaction."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    streams: dict[tuple[str, str], int] = field(default_factory=dict)
    records: dict[tuple[str, str, str], int] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, **row: Any) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def number(self, name: str) -> int:
        self.numbers[name] += 1
        return self.numbers[name]

    def stream(self, connection: str, name: str, *, read: datetime = CUT_OFF) -> int:
        """A stream, read well just before the cut-off unless told otherwise."""
        if (connection, name) in self.streams:
            return self.streams[connection, name]
        owner = uuid(f"connection {connection}")
        if not any(known == connection for known, _ in self.streams):
            office = OFFICES.get(connection, "back")
            self.add("connection", id=owner, name=connection, connector="x", office=office,
                     created_at=LONG_AGO)  # fmt: skip
        found = self.streams[connection, name] = self.number("stream")
        self.add("stream", id=found, connection_id=owner, name=name)
        self.add("run", id=uuid(f"run {found}"), step="extract", stream_id=found, state="ok",
                 started_at=read, ended_at=read)  # fmt: skip
        return found

    def source(self, key: str, payload: Row | None = None, **more: Any) -> int:
        """The source record ``connection:stream:key``, with its raw version."""
        connection, name, source_key = key.split(":")
        if (connection, name, source_key) in self.records:
            return self.records[connection, name, source_key]
        found = self.records[connection, name, source_key] = self.number("source_record")
        row = {"stream_id": self.stream(connection, name), "source_key": source_key, "version": 1,
               "payload_hash": b"h", "epoch": 1, "pending": False, "deleted": False}  # fmt: skip
        self.add("source_record", id=found, **{**row, **more})
        text = orjson.dumps(payload or {"key": source_key}).decode()
        self.add("raw_version", record_id=found, version=1, payload=text, payload_hash=b"h",
                 observed_at=CUT_OFF, run_id=uuid("run"))  # fmt: skip
        return found

    def put(self, entity: str, key: str, body: Row, *, party: str | None = None) -> int:
        """A canonical record ``connection:stream:key#part``, linked where a party is told."""
        place, _, part = key.partition("#")
        made = build_body(entity, {"updated_at": LONG_AGO, **body})
        found = self.number("canonical_record")
        self.add("canonical_record", id=found, record_id=self.source(place), part=part,
                 entity=entity, body=made.text, body_hash=made.hash, raw_version=1,
                 mapping_digest="m", active=True, pending=False)  # fmt: skip
        connection = place.split(":")[0]
        for role, type_, target, target_part in made.refs:
            self.add("canonical_ref", canonical_id=found, role=role, source_key=target,
                     stream_id=self.stream(connection, type_), part=target_part)  # fmt: skip
        if made.document is not None:
            self.add("document", canonical_id=found, **_document(made.document))
        if party is not None:
            self.add("link", id=self.number("link"), canonical_id=found, party_id=uuid(party),
                     kind="auto", reason="r", valid_from=LONG_AGO,
                     recorded_from=LONG_AGO)  # fmt: skip
        return found

    def customer(self, name: str, founder: int, golden: Row) -> None:
        """A master party with its golden record."""
        self.add("master_party", id=uuid(name), seq=self.number("party"), founding_id=founder,
                 status="active", created_at=LONG_AGO, golden_pending=False)  # fmt: skip
        self.add("golden_record", id=self.number("golden"), party_id=uuid(name), version=1,
                 body=orjson.dumps(golden).decode(), provenance="{}", body_hash=b"h",
                 rules_digest="d", valid_from=LONG_AGO, recorded_from=LONG_AGO)  # fmt: skip

    def store(self, engine: Engine) -> None:
        """Write all rows; parties come before what is linked to them."""
        with writing(engine) as db:
            for table in metadata.sorted_tables:
                _insert(db, table, self.rows.get(table.name, []))


def _insert(db: Connection, table: sa.Table, rows: list[Row]) -> None:
    """Rows with the same columns go in together."""
    kinds: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        kinds.setdefault(frozenset(row), []).append(row)
    for group in kinds.values():
        db.execute(sa.insert(table), group)


def _document(values: tuple[Any, ...]) -> Row:
    names = ("entity", "kind", "number", "date", "status", "currency")
    amounts = ("net", "tax", "gross", "open_amount")
    row = dict(zip((*names, *amounts, "checksum", "due_date", "changed"), values, strict=True))
    return row | {n: None if row[n] is None else from_scaled(row[n]) for n in amounts}


def uuid(name: str) -> str:
    return str(uuid5(_SPACE, name))


def key_of(name: str) -> str:
    return blake2b(name.encode(), digest_size=6).hexdigest()


def money(value: str | Decimal | int) -> Decimal:
    return Decimal(value).quantize(Decimal("0.0001"))
