"""The streams of Zendesk Support, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hub.sdk import Capability, Stream
from hub.sdk.resource import CursorPaging, Feed, RestCount, RestStream, RestWrite

SYSTEM: Final = "zendesk"
LIST_LIMIT: Final = 100
"""What lists with cursors give at most; exports give 1000."""
COUNT_LIMIT: Final = 100_000
"""From here on counts are refreshed once a day, and stay at this number meanwhile
(https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#count-organizations).
"""

WRITABLE: Final[Mapping[str, frozenset[str]]] = {
    "user": frozenset({"name", "phone", "details", "notes", "external_id"}),
    "organization": frozenset({"name", "details", "notes", "external_id"}),
}
"""What may be written. Zendesk passes over names that it doesn't know, and makes an ``email`` a
second address instead of changing the first (Users API, "Update User")."""


def _without_stamp(row: dict[str, Any]) -> dict[str, Any]:
    """A ticket alone has no ``generated_timestamp``; only the export adds it."""
    return {name: value for name, value in row.items() if name != "generated_timestamp"}


def _export(size: int) -> Feed:
    """Cursor-based incremental export, from the beginning of time.

    https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/
    """
    return Feed(
        param="cursor",
        next="after_cursor",
        start={"start_time": 0},
        ended="end_of_stream",
        size_param="per_page",
        size=size,
    )


def _organization(page_size: int) -> RestStream:
    """The time-based export of organizations can't get past one second with more of them than fit
    into an answer, and tells no deletions; the list, read in full, does both. It is what Zendesk
    counts; users and tickets come from exports, which hold others than their lists.
    """
    path = "api/v2/organizations/{key}.json"
    return RestStream(
        name="organization",
        entities=("party",),
        path="api/v2/organizations.json",
        rows="organizations",
        paging=CursorPaging(
            next="meta.after_cursor",
            param="page[after]",
            more="meta.has_more",
            size_param="page[size]",
            size=min(page_size, LIST_LIMIT),
        ),
        version="updated_at",
        fetch=path,
        row="organization",
        write=RestWrite(path=path, method="PUT", wrap="organization"),
        custom_fields=True,
        count=RestCount(
            path="api/v2/organizations/count", records="count.value", exact_below=COUNT_LIMIT
        ),
    )


def _user(page_size: int) -> RestStream:
    return RestStream(
        name="user",
        entities=("party", "relationship"),
        path="api/v2/incremental/users/cursor.json",
        rows="users",
        changes=_export(page_size),
        version="updated_at",
        deleted="active == `false`",
        fetch="api/v2/users/{key}.json",
        row="user",
        write=RestWrite(path="api/v2/users/{key}.json", method="PUT", wrap="user"),
        custom_fields=True,
    )


def _ticket(page_size: int) -> RestStream:
    return RestStream(
        name="ticket",
        entities=("ticket",),
        path="api/v2/incremental/tickets/cursor.json",
        rows="tickets",
        changes=_export(page_size),
        version="updated_at",
        deleted="status == 'deleted'",
        quirks=(_without_stamp,),
        fetch="api/v2/tickets/{key}.json",
        row="ticket",
        custom_fields=True,
    )


def streams(page_size: int) -> tuple[RestStream, ...]:
    """All streams, with pages of that size as far as Zendesk gives it."""
    return _organization(page_size), _user(page_size), _ticket(page_size)


def _declared(stream: RestStream) -> Stream:
    known = stream.declared()
    return replace(known, capabilities=known.capabilities | {Capability.PUSH})


DECLARED: Final = tuple(_declared(stream) for stream in streams(LIST_LIMIT))
EXPORTED: Final = frozenset({"user", "ticket"})
