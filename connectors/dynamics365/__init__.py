"""Microsoft Dynamics 365 Sales over the Dataverse Web API: accounts, contacts, leads, deals."""

from __future__ import annotations

from connectors.dynamics365.config import Dynamics365Config
from connectors.dynamics365.samples import SAMPLES
from connectors.dynamics365.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: Dynamics365Config) -> Connector:
    from connectors.dynamics365.reader import open_connector

    return open_connector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.dynamics365.standin import DataverseStandIn

    return DataverseStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="Microsoft Dynamics 365 Sales",
        contract=CONTRACT_VERSION,
        config=Dynamics365Config,
        open=_open,
        streams=tuple(stream.declared() for stream in STREAMS),
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
