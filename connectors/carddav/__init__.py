"""Address books over CardDAV: contacts of Nextcloud, Radicale, iCloud, SOGo and others."""

from __future__ import annotations

from connectors.carddav.config import CardDavConfig
from connectors.carddav.streams import STREAMS, SYSTEM, streams_of
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: CardDavConfig) -> Connector:
    from connectors.carddav.reader import CardDavConnector

    return CardDavConnector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.carddav.standin import CardDavStandIn

    return CardDavStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name=SYSTEM,
        title="Address books (CardDAV)",
        contract=CONTRACT_VERSION,
        config=CardDavConfig,
        open=_open,
        streams=STREAMS,
        discover=streams_of,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.carddav.samples import SAMPLES

    return StandInSpec(name=SYSTEM, start=_start, samples=SAMPLES)
