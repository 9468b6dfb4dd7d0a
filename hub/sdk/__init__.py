"""All that a connector author imports: contract, hook markers, transports, stand-in base."""

from hub.sdk.contract import (
    CONTRACT_VERSION,
    Capability,
    Change,
    Connector,
    ConnectorConfig,
    ConnectorSpec,
    Cursor,
    LocalPath,
    Page,
    Receipt,
    Record,
    Stream,
    Tombstone,
    Unreadable,
    Writer,
    composite_key,
)
from hub.sdk.hooks import hookimpl
from hub.sdk.standin import Fault, HttpStandIn, StandIn, StandInSpec, StandInState

__all__ = [
    "CONTRACT_VERSION",
    "Capability",
    "Change",
    "Connector",
    "ConnectorConfig",
    "ConnectorSpec",
    "Cursor",
    "Fault",
    "HttpStandIn",
    "LocalPath",
    "Page",
    "Receipt",
    "Record",
    "StandIn",
    "StandInSpec",
    "StandInState",
    "Stream",
    "Tombstone",
    "Unreadable",
    "Writer",
    "composite_key",
    "hookimpl",
]
