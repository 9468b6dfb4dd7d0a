"""SuiteCRM over its SOAP service v4_1: accounts, contacts, leads, opportunities and cases."""

from __future__ import annotations

from pydantic import SecretStr

from connectors.suitecrm.config import SuiteCrmConfig
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def open_connector(config: SuiteCrmConfig) -> Connector:
    """The declared streams over a session."""
    from connectors.suitecrm.creating import SuiteCrmConnector

    return SuiteCrmConnector(config)


def start_standin(state: StandInState, port: int) -> StandIn:
    """The stand-in of :mod:`connectors.suitecrm.standin`."""
    from connectors.suitecrm.standin import SuiteCrmStandIn

    return SuiteCrmStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    from connectors.suitecrm.creating import with_creation
    from connectors.suitecrm.streams import build_streams

    somewhere = SuiteCrmConfig(base_url="https://crm.example", username="", password=SecretStr(""))
    return ConnectorSpec(
        name="suitecrm",
        title="SuiteCRM (SOAP v4_1)",
        contract=CONTRACT_VERSION,
        config=SuiteCrmConfig,
        open=open_connector,
        streams=tuple(with_creation(stream.declared()) for stream in build_streams(somewhere)),
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.suitecrm.samples import SAMPLES

    return StandInSpec(name="suitecrm", start=start_standin, samples=SAMPLES)
