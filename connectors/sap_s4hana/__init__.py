"""SAP S/4HANA over OData 2: business partners, contact persons, sales orders."""

from __future__ import annotations

from connectors.sap_s4hana.config import SapS4HanaConfig
from connectors.sap_s4hana.samples import SAMPLES
from connectors.sap_s4hana.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: SapS4HanaConfig) -> Connector:
    from connectors.sap_s4hana.reader import open_connector

    return open_connector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.sap_s4hana.standin import SapStandIn

    return SapStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="SAP S/4HANA",
        contract=CONTRACT_VERSION,
        config=SapS4HanaConfig,
        open=_open,
        streams=tuple(stream.declared() for stream in STREAMS),
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
