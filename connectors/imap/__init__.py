"""Mail as a touchpoint: the headers of mailboxes over IMAP4rev1, never the bodies."""

from connectors.imap.config import ImapConfig
from connectors.imap.samples import SAMPLES
from connectors.imap.standin import start
from connectors.imap.streams import STREAMS, ImapConnector
from hub.sdk import CONTRACT_VERSION, ConnectorSpec, StandInSpec, hookimpl


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="imap",
        title="Mailboxes (IMAP4rev1)",
        contract=CONTRACT_VERSION,
        config=ImapConfig,
        open=ImapConnector,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="imap", start=start, samples=SAMPLES)
