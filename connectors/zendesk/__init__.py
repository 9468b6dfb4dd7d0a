"""Zendesk Support (help desk): tickets, users and organizations; writes users and organizations."""

from __future__ import annotations

from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.streams import DECLARED, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: ZendeskConfig) -> Connector:
    from connectors.zendesk.connector import ZendeskConnector

    return ZendeskConnector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.zendesk.standin import ZendeskStandIn

    return ZendeskStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    """The connector."""
    return ConnectorSpec(
        name=SYSTEM,
        title="Zendesk Support (help desk)",
        contract=CONTRACT_VERSION,
        config=ZendeskConfig,
        open=_open,
        streams=DECLARED,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    """The stand-in server."""
    from connectors.zendesk.samples import SAMPLES

    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
