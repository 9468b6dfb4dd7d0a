"""Mail as a touchpoint: the headers of a JMAP account, never the bodies."""

from connectors.jmap.config import JmapConfig
from connectors.jmap.standin import SAMPLES, start
from connectors.jmap.streams import STREAMS, JmapConnector
from hub.sdk import CONTRACT_VERSION, ConnectorSpec, StandInSpec, hookimpl


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="jmap",
        title="Mail accounts (JMAP)",
        contract=CONTRACT_VERSION,
        config=JmapConfig,
        open=JmapConnector,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="jmap", start=start, samples=SAMPLES)
