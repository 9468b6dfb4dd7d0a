"""Microsoft 365 over Microsoft Graph: Outlook contacts, and mail as a touchpoint."""

from __future__ import annotations

from connectors.microsoft_graph.config import GraphConfig
from connectors.microsoft_graph.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: GraphConfig) -> Connector:
    from connectors.microsoft_graph.reader import GraphConnector

    return GraphConnector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.microsoft_graph.standin import GraphStandIn

    return GraphStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="Microsoft 365 (Graph)",
        contract=CONTRACT_VERSION,
        config=GraphConfig,
        open=_open,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.microsoft_graph.samples import SAMPLES

    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
