"""Reads by exports and lists, writes single records, and takes what webhooks say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import orjson

from connectors.zendesk.client import open_client
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.streams import EXPORTED, SYSTEM, WRITABLE, streams
from hub.errors import AuthenticationError, RejectedError, SourceSchemaError
from hub.sdk import Change, Cursor, Page, PushDelivery, Receipt, StreamPush, WebhookScheme
from hub.sdk.overrides import policy_in_effect
from hub.sdk.resource import RestConnector
from hub.sdk.webhooks import HmacHeader

_ABOUT: Final = re.compile(r"zen:(user|organization|ticket):(\d+)")
_WHOLE: Final = "whole"


class ZendeskConnector(RestConnector):
    """One Zendesk account."""

    def __init__(self, config: ZendeskConfig) -> None:
        declared = streams(config.page_size)
        super().__init__(open_client(config), declared)
        exports = open_client(config, calls_per_minute=config.export_calls)
        self._exports = RestConnector(exports, declared)
        self._secrets = config.webhook_secrets
        self._settle = config.settle_seconds
        self._sleep = policy_in_effect(None).sleep

    def check(self) -> str:
        """Ask who we are: only an administrator may export."""
        answer = self._client.get("api/v2/users/me.json").json()
        user = answer.get("user") if isinstance(answer, dict) else None
        if not isinstance(user, dict):
            raise SourceSchemaError("the answer tells no user; check the base URL", system=SYSTEM)
        # Without credentials Zendesk answers too, with a user that has no id.
        if user.get("role") != "admin":
            message = "the token's owner is no administrator, and only those may export"
            raise AuthenticationError(message, system=SYSTEM)
        return "Zendesk answers and accepts the token of an administrator"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """The pages after the cursor; from None, all there is."""
        if stream in EXPORTED:
            return self._exported(stream, cursor)
        return super().read(stream, cursor)

    def _exported(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """An export leaves out what changed within the last minute.

        After a full read that would be taken for deleted, so at its end we wait and ask once more.
        """
        whole, last = not cursor or bool(cursor.get(_WHOLE)), cursor
        for page in self._exports.read(stream, cursor):
            last = page.cursor
            yield replace(page, cursor={**last, _WHOLE: True}) if whole else page
        if whole:
            self._sleep(self._settle)
            yield from self._exports.read(stream, last)

    def write(self, change: Change) -> Receipt:
        """Change fields of a user or an organization."""
        unknown = set(change.fields) - WRITABLE.get(change.stream, frozenset())
        if unknown:
            names = ", ".join(sorted(unknown))
            raise RejectedError(f"{SYSTEM}/{change.stream}: {names} can't be written")
        return super().write(change)

    def webhook(self) -> WebhookScheme | None:
        """https://developer.zendesk.com/documentation/webhooks/verifying/."""
        if not self._secrets:
            return None
        return HmacHeader(
            secrets=self._secrets,
            header="X-Zendesk-Webhook-Signature",
            encoding="base64",
            signed="{timestamp}{body}",
            timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
            timestamp_format="iso",
        )

    def receive(self, delivery: PushDelivery) -> Iterator[StreamPush]:
        """An event holds a few fields of its subject, so the hub is told to look at it."""
        event = orjson.loads(delivery.body)
        found = _ABOUT.fullmatch(str(event.get("subject")))
        if found:
            yield StreamPush(stream=found[1], hints=[found[2]])

    def close(self) -> None:
        """Close both clients."""
        self._exports.close()
        super().close()
