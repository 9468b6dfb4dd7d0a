"""Oracle NetSuite over SuiteQL and REST records: customers, contacts, sales orders, invoices."""

from __future__ import annotations

from connectors.netsuite.config import NetsuiteConfig
from connectors.netsuite.samples import SAMPLES
from connectors.netsuite.streams import STREAMS, SYSTEM
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: NetsuiteConfig) -> Connector:
    from connectors.netsuite.connector import open_connector

    return open_connector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.netsuite.standin import NetsuiteStandIn

    return NetsuiteStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="Oracle NetSuite",
        contract=CONTRACT_VERSION,
        config=NetsuiteConfig,
        open=_open,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
