"""Dolibarr over SOAP: third parties (read and write), their contacts, orders and invoices."""

from connectors.dolibarr.config import DolibarrConfig
from connectors.dolibarr.samples import SAMPLES
from connectors.dolibarr.standin import start
from connectors.dolibarr.streams import STREAMS, DolibarrConnector
from hub.sdk import CONTRACT_VERSION, ConnectorSpec, StandInSpec, hookimpl


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="dolibarr",
        title="Dolibarr ERP (SOAP web services)",
        contract=CONTRACT_VERSION,
        config=DolibarrConfig,
        open=DolibarrConnector,
        streams=STREAMS,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="dolibarr", start=start, samples=SAMPLES)
