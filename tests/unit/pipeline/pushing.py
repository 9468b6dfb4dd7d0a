"""A system that calls: its deliveries say in JSON what they are about, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.config import load_config
from hub.errors import AuthenticationError, HubError, RecordError, SourceUnavailableError
from hub.pipeline.connections import Site
from hub.pipeline.push import PushReport, drain
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.sdk import (
    Capability,
    ConnectorConfig,
    ConnectorSpec,
    PushDelivery,
    Record,
    StreamPush,
    Tombstone,
    Unreadable,
    hookimpl,
)
from hub.sdk.webhooks import WebhookScheme
from hub.store import pushes, streams
from hub.store.database import Engine, writing
from tests.unit.pipeline.scripted import INCREMENTAL, MAPPING, ScriptedConnector, record

ERRORS: dict[str, Exception] = {
    "away": SourceUnavailableError("away"),
    "key": AuthenticationError("wrong key"),
    "bad": RecordError("nobody can read it"),
    "bug": KeyError("anna@example.com"),
}
PUSHED = replace(INCREMENTAL, capabilities=INCREMENTAL.capabilities | {Capability.PUSH})


class Calling(ScriptedConnector):
    """Gives what a delivery says; ``system`` is what can be fetched."""

    def __init__(self, system: dict[str, Record | Exception]) -> None:
        super().__init__()
        self.system = system
        self.scheme: WebhookScheme | None = None

    def webhook(self) -> WebhookScheme | None:
        return self.scheme

    def receive(self, delivery: PushDelivery) -> Iterator[StreamPush]:
        said = json.loads(delivery.body)
        if error := ERRORS.get(said.get("error", "")):
            raise error
        for stream in said.get("streams", ["person"]):
            yield StreamPush(
                stream=stream,
                records=[
                    record(key, version, **more) for key, version, more in said.get("put", ())
                ],
                tombstones=[Tombstone(key, version) for key, version in said.get("gone", ())],
                hints=said.get("hints", ()),
                unreadable=[Unreadable(key, "broken", "raw") for key in said.get("broken", ())],
            )

    def fetch(self, stream: str, key: str) -> Record | None:
        found = self.system.get(key)
        if isinstance(found, Exception):
            raise found
        return found


class World:
    """A site with one connection that calls, and its store."""

    def __init__(self, store: Engine, folder: Path) -> None:
        self.store = store
        self.connector = Calling({})
        (folder / "hub.toml").write_text('[connections.toy]\nconnector = "toy"\n', encoding="utf-8")
        registry = discover({"toy": self._plugin()})
        assert not registry.refused
        self.work = Workplace(Site(load_config(folder / "hub.toml"), registry, {}), store)
        with writing(store) as db:
            self.connection_id = streams.ensure_connection(db, "toy", connector="toy")

    def _plugin(self) -> ModuleType:
        spec = ConnectorSpec(
            name="toy",
            title="Toy",
            contract=1,
            config=ConnectorConfig,
            open=lambda _: self.connector,
            streams=(PUSHED, replace(INCREMENTAL, name="silent")),
            mapping=MAPPING,
        )

        @hookimpl
        def hub_connector() -> ConnectorSpec:
            return spec

        module = ModuleType("toy")
        vars(module)["hub_connector"] = hub_connector
        return module

    def push(self, id_: str, **said: Any) -> str:
        """Store a delivery as the receiver does; returns its id."""
        delivery = pushes.fresh_delivery(id_, json.dumps(said).encode(), {})
        with writing(self.store) as db:
            assert pushes.store_delivery(db, self.connection_id, delivery)
        return delivery.id

    def land(self) -> PushReport:
        """Land what waits."""
        return drain(self.work, "toy")


def errors_of(report: PushReport) -> list[type[HubError]]:
    """What kinds of errors made deliveries wait."""
    return [type(error) for error in report.errors]
