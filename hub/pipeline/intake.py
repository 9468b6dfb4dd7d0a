"""Intake: a delivery that was pushed is checked and stored; only then may it be acknowledged.

Nothing is landed here, so that the answer is quick: :mod:`hub.pipeline.push` does that afterwards.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hub.config import HubConfig
from hub.errors import ConfigError, ContractError, PushRefusedError
from hub.pipeline.connections import OpenConnection
from hub.pipeline.workplace import Workplace
from hub.sdk.contract import Capability, ConnectorSpec
from hub.sdk.webhooks import PushRequest, WebhookScheme
from hub.store import streams
from hub.store.database import Engine, open_store, writing
from hub.store.pushes import fresh_delivery, store_delivery

PATIENCE_SECONDS: Final = 5.0
"""How long a sender is kept waiting for a locked database."""


class Taken(StrEnum):
    """What became of a request."""

    STORED = "stored"
    KNOWN = "known"
    """The same delivery was stored before."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No connection of that name takes deliveries."""


@dataclass(frozen=True, slots=True)
class Door:
    """A connection that takes deliveries: its id, and how its system signs."""

    connection_id: str
    scheme: WebhookScheme


class Intake:
    """Takes deliveries for the connections that have a door."""

    def __init__(self, engine: Engine, doors: Mapping[str, Door]) -> None:
        self._engine = engine
        self._doors = doors
        self._decoy = secrets.token_bytes(32)

    def take(self, name: str, request: PushRequest) -> Taken:
        """Check and store a delivery; it is committed when this returns.

        Raises StoreError where the store can't be used: the sender has to try again. An unknown
        connection costs the check of a signature too, so that answers don't differ in time.
        """
        door = self._doors.get(name)
        if door is None:
            hmac.digest(self._decoy, request.body, "sha256")
            return Taken.UNKNOWN
        try:
            delivery_id = door.scheme.verify(request)
        except PushRefusedError:
            return Taken.REFUSED
        wanted = {item.lower() for item in door.scheme.keep}
        headers = {key: value for key, value in request.headers.items() if key in wanted}
        delivery = fresh_delivery(delivery_id, request.body, headers)
        with writing(self._engine) as connection:
            stored = store_delivery(connection, door.connection_id, delivery)
        return Taken.STORED if stored else Taken.KNOWN


def open_intake(work: Workplace) -> Intake:
    """The intake of a site; raises ConfigError where no connection takes deliveries."""
    intake = find_intake(work)
    if intake is None:
        raise ConfigError(
            "no connection takes deliveries: its connector must know push, and its credentials "
            "must hold the secret of the webhook"
        )
    return intake


def find_intake(work: Workplace) -> Intake | None:
    """The intake of a site; None where no connection takes deliveries."""
    doors = {
        name: door
        for name in work.config.connections
        if _may_push(work.site.spec(name)) and (door := _open_door(work, name))
    }
    return Intake(_patient(work.config), doors) if doors else None


def push_streams(opened: OpenConnection) -> frozenset[str]:
    """The streams of a connection that take deliveries."""
    return frozenset(one.name for one in opened.streams if Capability.PUSH in one.capabilities)


def _may_push(spec: ConnectorSpec) -> bool:
    declared = any(Capability.PUSH in stream.capabilities for stream in spec.streams)
    return declared or spec.discover is not None


def _open_door(work: Workplace, name: str) -> Door | None:
    section = work.config.connection(name)
    with work.site.connected(name) as opened:
        if not push_streams(opened):
            return None
        connector: Any = opened.connector
        if not callable(getattr(connector, "webhook", None)):
            raise ContractError(f"connector {opened.spec.name} declares push without webhook()")
        scheme: WebhookScheme | None = connector.webhook()
    if scheme is None:
        return None
    with writing(work.engine) as connection:
        connection_id = streams.ensure_connection(
            connection,
            name,
            connector=section.connector,
            office=section.office,
            renamed_from=section.renamed_from,
        )
    return Door(connection_id, scheme)


def _patient(config: HubConfig) -> Engine:
    return open_store(config.store_url, patience=PATIENCE_SECONDS)
