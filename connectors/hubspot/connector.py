"""Opens a connection: its login, HubSpot's limits, and the webhooks beside the declared streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connectors.hubspot.config import HubspotConfig
from connectors.hubspot.events import read_events
from connectors.hubspot.streams import SYSTEM, streams_with
from hub.errors import HubError, RateLimitedError, SourceSchemaError
from hub.sdk import PushDelivery, Services, StreamPush, WebhookScheme
from hub.sdk.auth import Auth, BearerAuth, RefreshToken
from hub.sdk.limits import RateBudget, RestPolicy
from hub.sdk.resource import RestConnector
from hub.sdk.rest import RestClient, RestResponse
from hub.sdk.webhooks import HmacHeader

TOKEN_PATH: Final = "oauth/2026-03/token"  # noqa: S105  # a path, no secret
_PAUSES: Final = {"DAILY": 3600.0, "TEN_SECONDLY_ROLLING": 10.0}
"""How long to wait where HubSpot does not say; the daily limit ends at the account's midnight."""


class HubspotConnector(RestConnector):
    """One account of HubSpot."""

    def __init__(self, client: RestClient, config: HubspotConfig) -> None:
        streams = streams_with(config.extra_fields, overlap=float(config.overlap_seconds))
        super().__init__(client, streams, page_size=config.page_size)
        self._secrets = config.webhook_secrets

    def webhook(self) -> WebhookScheme | None:
        """Signature version 3; https://developers.hubspot.com/docs/api/webhooks/validating-requests."""
        if not self._secrets:
            return None
        return HmacHeader(
            secrets=self._secrets,
            header="X-HubSpot-Signature-v3",
            encoding="base64",
            signed="{method}{url}{body}{timestamp}",
            timestamp_header="X-HubSpot-Request-Timestamp",
            timestamp_format="millis",
        )

    def receive(self, delivery: PushDelivery) -> Iterator[StreamPush]:
        """What the events of a delivery say."""
        return read_events(delivery.body)


def open_connector(config: HubspotConfig, services: Services) -> HubspotConnector:
    """A connection to one account; touches no network."""
    policy = RestPolicy(
        budget=RateBudget(config.requests_per_second, 1.0),
        explain=explain_limit,
        ca_bundle=config.ca_file,
    )
    auth = _auth(config, services)
    client = RestClient(config.base_url, system=SYSTEM, auth=auth, policy=policy)
    return HubspotConnector(client, config)


def explain_limit(answer: RestResponse) -> HubError | None:
    """The limit that was met, by its ``policyName``: HubSpot seldom says when to come again."""
    if answer.status != 429 or "retry-after" in answer.headers:
        return None
    try:
        name = answer.json().get("policyName")
    except (AttributeError, SourceSchemaError):
        name = None
    shown = name if name in _PAUSES else "SECONDLY"
    return RateLimitedError(
        f"status 429: the limit {shown} of the account or app is used up",
        system=answer.system,
        stream=answer.stream,
        retry_after=_PAUSES.get(shown, 1.0),
    )


def _auth(config: HubspotConfig, services: Services) -> Auth:
    if config.key is not None:
        return BearerAuth(config.key)
    if config.refresh_token is None or config.client_secret is None:
        raise ValueError("the settings hold no login")  # their validation does not let it come here
    return RefreshToken(
        f"{config.base_url.rstrip('/')}/{TOKEN_PATH}",
        config.refresh_token,
        tokens=services.tokens,
        form={"client_id": config.client_id, "client_secret": config.client_secret},
    )
