"""Cards: a small system of the tests' own, and a connector for it that keeps every rule."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import Field, JsonValue, SecretStr

from hub.errors import (
    ConflictError,
    CursorExpiredError,
    DeliveryError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
    TransientSourceError,
)
from hub.sdk import (
    CONTRACT_VERSION,
    Capability,
    Change,
    ConnectorConfig,
    ConnectorSpec,
    Cursor,
    New,
    Page,
    Receipt,
    Record,
    StandInSpec,
    Stream,
    Tombstone,
    Total,
    Unreadable,
    WriteResult,
    hookimpl,
)
from hub.sdk.auth import ClientCredentials
from hub.sdk.rest import RestClient
from tests.unit.testing.cards.standin import SAMPLES, CardsStandIn

SYSTEM: Final = "cards"
Row = dict[str, Any]


class CardsConfig(ConnectorConfig):
    """Where the cards are."""

    base_url: str = Field(description="Address of the API")
    client_id: str = Field(description="Name of the application")
    client_secret: SecretStr = Field(description="Its secret")
    page_size: int = Field(default=100, ge=1, description="Cards to a request")


CARD: Final = Stream(
    name="card",
    entities=("party",),
    key=("id",),
    cursor="changed",
    capabilities=frozenset(
        {
            *(Capability.FULL, Capability.INCREMENTAL, Capability.DELETES, Capability.WRITE),
            *(Capability.OPTIMISTIC_LOCK, Capability.IDEMPOTENCY_KEY, Capability.KEY_SCAN),
            *(Capability.BATCH_WRITE, Capability.CREATE, Capability.REMOVE, Capability.COUNT),
            *(Capability.CREATE_ONCE, Capability.BATCH_CREATE),
        }
    ),
)


class CardsConnector:
    """Reads by keyset over (changed, id); its steps are methods, so that mutants can break them."""

    def __init__(self, config: CardsConfig) -> None:
        self.config = config
        auth = ClientCredentials("/token", config.client_id, config.client_secret)
        self.http = RestClient(config.base_url, system=SYSTEM, auth=auth)

    def check(self) -> str:
        return f"cards answers, {len(self.list_rows({'limit': 1}))} card(s) seen"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        if stream != CARD.name:
            raise SourceSchemaError("there is no such stream", system=SYSTEM, stream=stream)
        position = self.position_of(cursor)
        while True:
            rows = self.list_rows(self.query(position))
            if not rows:
                return
            position = self.after(rows, position)
            yield self.page(rows, self.cursor_of(position))
            if len(rows) < self.config.page_size:
                return

    def keys(self, stream: str) -> Iterator[list[str]]:
        for page in self.read(stream, None):
            yield [record.key for record in page.records]

    def count(self, stream: str) -> Total:
        told = self.http.get("cards/count", stream=stream).json()
        return Total(told["cards"], {"id": Decimal(told["ids"])})

    def position_of(self, cursor: Cursor | None) -> tuple[str, int]:
        if not cursor:
            return "", 0
        changed, number = cursor.get("changed"), cursor.get("id")
        if not isinstance(changed, str) or not isinstance(number, int):
            raise CursorExpiredError("the cursor is not one of this connector")
        return changed, number

    def cursor_of(self, position: tuple[str, int]) -> Cursor:
        return {"changed": position[0], "id": position[1]}

    def query(self, position: tuple[str, int]) -> Mapping[str, str | int]:
        return {
            "after": position[0],
            "after_id": position[1],
            "sort": "changed,id",
            "limit": self.config.page_size,
        }

    def list_rows(self, params: Mapping[str, str | int]) -> list[Row]:
        body = self.http.get("cards", params=dict(params), stream=CARD.name).json()
        rows = body.get("cards") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SourceSchemaError("the answer is no list of cards", system=SYSTEM)
        return rows

    def after(self, rows: list[Row], before: tuple[str, int]) -> tuple[str, int]:
        sound = [row for row in rows if self.is_sound(row)]
        return (sound[-1]["changed"], sound[-1]["id"]) if sound else before

    def is_sound(self, row: Row) -> bool:
        try:
            datetime.fromisoformat(row["changed"])
        except (KeyError, TypeError, ValueError):
            return False
        return isinstance(row.get("id"), int)

    def page(self, rows: list[Row], cursor: Cursor) -> Page:
        sound = [row for row in rows if self.is_sound(row)]
        bad = [row for row in rows if not self.is_sound(row)]
        return Page(
            records=[self.record(row) for row in sound if row.get("deleted") is not True],
            tombstones=[self.stone(row) for row in sound if row.get("deleted") is True],
            unreadable=[Unreadable(None, "no id, or no time", _text(row)) for row in bad],
            cursor=cursor,
        )

    def record(self, row: Row) -> Record:
        return Record(str(row["id"]), row, row["changed"])

    def stone(self, row: Row) -> Tombstone:
        return Tombstone(str(row["id"]), row["changed"])

    def fetch(self, stream: str, key: str) -> Record | None:
        answer = self.http.get(f"cards/{key}", stream=stream, missing_ok=True)
        if answer.status == 404:
            return None
        row = answer.json()
        return None if row.get("deleted") else self.record(row)

    def write(self, change: Change) -> Receipt:
        if change.external_key:
            change = replace(change, key=self.find(change.stream, change.external_key) or "none")
        now = self.fetch(change.stream, change.key)
        if now is None:
            raise ConflictError("cards: the card is gone")
        if self.is_done(now, change):
            return Receipt(key=change.key, version=now.version)
        self.compare(now, change)
        return Receipt(key=change.key, version=self.put(change, now))

    def is_done(self, now: Record, change: Change) -> bool:
        return all(now.data.get(name) == value for name, value in change.fields.items())

    def compare(self, now: Record, change: Change) -> None:
        if change.expected_version not in (None, now.version):
            raise ConflictError("cards: the card was changed")

    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {"if-match": now.version or "", "idempotency-key": change.idempotency_key}

    def put(self, change: Change, now: Record) -> str | None:
        answer = self.http.send(
            "PUT",
            f"cards/{change.key}",
            json=dict(change.fields),
            headers=self.headers(change, now),
            stream=change.stream,
        )
        changed = answer.json()["changed"]
        return str(changed)

    def batch_limit(self, stream: str) -> int:
        return 50

    def fetch_many(self, stream: str, keys: Sequence[str]) -> dict[str, Record]:
        body: JsonValue = [*keys]
        answer = self.http.send("POST", "cards/read", json=body, stream=stream, reading=True)
        return {str(row["id"]): self.record(row) for row in answer.json()["cards"]}

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        self.by = time.time() + within
        found = self.fetch_many(stream, [change.key for change in changes])
        results = [self.judge(change, found.get(change.key)) for change in changes]
        wanted = [one for one, result in zip(changes, results, strict=True) if result is None]
        made = iter(self.put_many(wanted, found) if wanted else ())
        return [result or next(made) for result in results]

    def judge(self, change: Change, now: Record | None) -> WriteResult | None:
        if now is None:
            return ConflictError("cards: the card is gone")
        if self.is_done(now, change):
            return Receipt(key=change.key, version=now.version)
        try:
            self.compare(now, change)
        except ConflictError as error:
            return error
        return None

    def put_many(self, changes: Sequence[Change], found: Mapping[str, Record]) -> list[WriteResult]:
        versions = {change.key: found[change.key].version or "" for change in changes}
        body: list[JsonValue] = [
            {"id": one.key, "version": versions[one.key], "fields": dict(one.fields)}
            for one in changes
        ]
        if time.time() > self.by:
            raise SourceUnavailableError("the batch took too long", system=SYSTEM)
        results = self.http.send("PATCH", "cards", json=body, stream=CARD.name).json()
        return [self.result(one, told) for one, told in zip(changes, results, strict=True)]

    def result(self, change: Change, told: Row) -> WriteResult:
        if told["status"] == 200:
            return Receipt(key=change.key, version=told["changed"])
        kind = RejectedError if told["status"] == 422 else ConflictError
        return kind(f"cards: status {told['status']}")

    def create(self, new: New) -> Receipt:
        key = self.find(new.stream, new.external_key)
        if key is None:
            return self.make(new)
        record = self.fetch(new.stream, key)
        return Receipt(key=key, version=record and record.version)

    def create_limit(self, stream: str) -> int:
        return 50

    def create_many(
        self, stream: str, records: Sequence[New], *, within: float
    ) -> list[WriteResult]:
        by = time.time() + within
        return [self.create_one(new) if time.time() < by else self.late() for new in records]

    def create_one(self, new: New) -> WriteResult:
        try:
            return self.create(new)
        except (DeliveryError, TransientSourceError) as error:
            return error

    def late(self) -> WriteResult:
        return SourceUnavailableError("no time is left; it comes later", system=SYSTEM)

    def find(self, stream: str, external_key: str) -> str | None:  # cards only
        rows = self.list_rows({"external": external_key, "limit": 1})
        return str(rows[0]["id"]) if rows else None

    def make(self, new: New) -> Receipt:
        body: JsonValue = {**new.fields, "external": new.external_key}
        row = self.http.send("POST", "cards", json=body, stream=new.stream).json()
        return Receipt(key=str(row["id"]), version=row["changed"])

    def remove(self, stream: str, key: str) -> None:
        self.http.send("DELETE", f"cards/{key}", stream=stream)

    def close(self) -> None:
        self.http.close()


def _text(row: Row) -> str:
    return orjson.dumps(row).decode()


MAPPING: Final = """
system: cards
version: 1
streams:
  card:
    - entity: party
      fields:
        kind: {const: person}
        display_name: name
        contact_points:
          - {kind: {const: phone}, value: phone}
        updated_at: {path: changed, apply: [datetime]}
"""

SPEC: Final = ConnectorSpec(
    name=SYSTEM,
    title="Cards",
    contract=CONTRACT_VERSION,
    config=CardsConfig,
    open=CardsConnector,
    streams=(CARD,),
    mapping=MAPPING,
)
FOLDER: Final = Path(__file__).parent


@hookimpl
def hub_connector() -> ConnectorSpec:
    return SPEC


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=CardsStandIn, samples=SAMPLES)
