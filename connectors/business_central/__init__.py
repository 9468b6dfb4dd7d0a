"""Microsoft Dynamics 365 Business Central over API v2.0: customers, contacts, orders, invoices."""

from __future__ import annotations

from connectors.business_central.config import BusinessCentralConfig
from connectors.business_central.samples import SAMPLES
from connectors.business_central.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: BusinessCentralConfig) -> Connector:
    from connectors.business_central.reader import open_connector

    return open_connector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.business_central.standin import BusinessCentralStandIn

    return BusinessCentralStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="Microsoft Dynamics 365 Business Central",
        contract=CONTRACT_VERSION,
        config=BusinessCentralConfig,
        open=_open,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
