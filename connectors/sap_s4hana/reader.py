"""Opens a connection: Basic or OAuth2, the SAP client, and where defaults are written."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from connectors.sap_s4hana.config import SapS4HanaConfig
from connectors.sap_s4hana.partners import EMAIL, PHONE, place_of
from connectors.sap_s4hana.streams import PARTNER, SYSTEM, streams_in
from hub.sdk.auth import Auth, BasicAuth, ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.odata import ODataConnector, Pace, explain_with
from hub.sdk.rest import RestClient


def open_connector(config: SapS4HanaConfig) -> ODataConnector:
    """A connection to one system; touches no network."""
    base_url = config.base_url.rstrip("/")
    policy = RestPolicy(explain=explain_with(), ca_bundle=config.ca_file)
    rest = RestClient(base_url, system=SYSTEM, auth=_auth(config), policy=policy)
    return ODataConnector(
        rest,
        base_url,
        streams=streams_in(ZoneInfo(config.time_zone)),
        pace=Pace(page_size=config.page_size, overlap=config.overlap_seconds),
        targets={(PARTNER.name, field): place_of(field) for field in (EMAIL, PHONE)},
        headers={"sap-client": config.client} if config.client else {},
    )


def _auth(config: SapS4HanaConfig) -> Auth:
    if not config.login_url:
        return BasicAuth(config.username, config.password)
    return ClientCredentials(config.login_url, config.username, config.password, send="basic")
