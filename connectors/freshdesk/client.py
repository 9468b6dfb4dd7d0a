"""How Freshdesk is asked."""

from __future__ import annotations

from pydantic import SecretStr

from connectors.freshdesk.config import FreshdeskConfig
from connectors.freshdesk.streams import SYSTEM
from hub.sdk.auth import BasicAuth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient


def open_client(config: FreshdeskConfig) -> RestClient:
    """The key is the user's name, and any password will do.

    https://developers.freshdesk.com/api/#authentication
    """
    return RestClient(
        config.base_url,
        system=SYSTEM,
        auth=BasicAuth(config.key.get_secret_value(), SecretStr("X")),
        policy=RestPolicy(ca_bundle=config.ca_file),
    )
