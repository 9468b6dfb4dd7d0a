"""HubSpot CRM over its REST API: contacts, companies, deals."""

from __future__ import annotations

from connectors.hubspot.config import HubspotConfig
from connectors.hubspot.samples import SAMPLES
from connectors.hubspot.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    Services,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: HubspotConfig, services: Services | None = None) -> Connector:
    from connectors.hubspot.connector import open_connector

    return open_connector(config, services or Services())


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.hubspot.standin import HubspotStandIn

    return HubspotStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="HubSpot CRM",
        contract=CONTRACT_VERSION,
        config=HubspotConfig,
        open=_open,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
