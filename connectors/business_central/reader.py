"""Opens a connection: Entra's token, and the root of the company's entities."""

from __future__ import annotations

from connectors.business_central.config import BusinessCentralConfig
from connectors.business_central.streams import SYSTEM, service_root, streams_at
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.odata import ODataConnector, Pace, Service, explain_with
from hub.sdk.rest import RestClient


def open_connector(config: BusinessCentralConfig) -> ODataConnector:
    """A connection to one company; touches no network."""
    base_url = config.base_url.rstrip("/")
    auth = ClientCredentials(
        f"{config.login_url.rstrip('/')}/{config.tenant}/oauth2/v2.0/token",
        config.client_id,
        config.client_secret,
        scope="https://api.businesscentral.dynamics.com/.default",
    )
    policy = RestPolicy(explain=explain_with(), ca_bundle=config.ca_file)
    rest = RestClient(base_url, system=SYSTEM, auth=auth, policy=policy)
    root = service_root(config.tenant, config.environment, config.company)
    pace = Pace(page_size=config.page_size, overlap=config.overlap_seconds)
    return ODataConnector(rest, base_url, streams=streams_at(Service(root)), pace=pace)
