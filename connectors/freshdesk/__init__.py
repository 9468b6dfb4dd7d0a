"""Freshdesk (help desk): companies, contacts and tickets over API v2; writes contacts."""

from __future__ import annotations

from connectors.freshdesk.config import FreshdeskConfig
from connectors.freshdesk.streams import DECLARED, STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: FreshdeskConfig) -> Connector:
    from connectors.freshdesk.client import open_client
    from hub.sdk.resource import RestConnector

    return RestConnector(open_client(config), STREAMS, page_size=config.page_size)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.freshdesk.standin import FreshdeskStandIn

    return FreshdeskStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    """The connector."""
    return ConnectorSpec(
        name=SYSTEM,
        title="Freshdesk (help desk)",
        contract=CONTRACT_VERSION,
        config=FreshdeskConfig,
        open=_open,
        streams=DECLARED,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    """The stand-in server."""
    from connectors.freshdesk.samples import SAMPLES

    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
