"""What HubSpot's webhooks say: a list of events, each about one object.

They come without the record, or with one property of it, so a change is a hint to fetch it.
Source: https://developers.hubspot.com/docs/api/webhooks (payloads), and
https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks (merges).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hub.sdk import StreamPush, Tombstone
from hub.sdk.sweep import format_time

_STREAMS: Final = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
}
_GONE: Final = frozenset({"deletion", "privacyDeletion"})


def read_events(body: bytes) -> Iterator[StreamPush]:
    """What each event says; nothing where it is about an object that is not read."""
    for event in orjson.loads(body):
        kind, _, what = str(event["subscriptionType"]).partition(".")
        stream = _STREAMS.get(str(event.get("objectTypeId")) if kind == "object" else kind)
        if stream is not None:
            yield _said(stream, what, event)


def _said(stream: str, what: str, event: Mapping[str, Any]) -> StreamPush:
    key = str(event.get("objectId", ""))
    at = format_time(datetime.fromtimestamp(event["occurredAt"] / 1000, UTC))
    if what in _GONE:
        return StreamPush(stream=stream, tombstones=[Tombstone(key, at)])
    if what == "merge":
        return _merged(stream, at, event)
    return StreamPush(stream=stream, hints=[key])


def _merged(stream: str, at: str, event: Mapping[str, Any]) -> StreamPush:
    """A merge may make a new object: then the first of the old ones is gone as well."""
    survivor = str(event.get("newObjectId") or event["primaryObjectId"])
    old = [str(key) for key in (event["primaryObjectId"], *event["mergedObjectIds"])]
    stones = [Tombstone(key, at, survivor) for key in dict.fromkeys(old) if key != survivor]
    return StreamPush(stream=stream, tombstones=stones, hints=[survivor])
