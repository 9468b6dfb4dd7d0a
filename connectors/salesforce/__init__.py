"""Salesforce Sales Cloud over its REST API: accounts, contacts, leads, opportunities."""

from __future__ import annotations

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.samples import SAMPLES
from connectors.salesforce.streams import STREAMS
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: SalesforceConfig) -> Connector:
    from connectors.salesforce.reader import SalesforceReader

    return SalesforceReader(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.salesforce.standin import SalesforceStandIn

    return SalesforceStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="salesforce",
        title="Salesforce Sales Cloud",
        contract=CONTRACT_VERSION,
        config=SalesforceConfig,
        open=_open,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="salesforce", start=_start, samples=SAMPLES)
