"""The streams of Freshdesk, declared (https://developers.freshdesk.com/api/)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hub.sdk import Capability, Stream
from hub.sdk.resource import OverlapPages, RestStream, RestWrite, Since, Times

SYSTEM: Final = "freshdesk"
_SECONDS: Final = Times("%Y-%m-%dT%H:%M:%SZ")
_EVER: Final = "1970-01-01T00:00:00Z"
_OVERLAP: Final = 60.0
_DETAILS: Final = frozenset(
    ("avatar", "other_companies", "other_emails", "social_handler", "tags", "view_all_tickets")
)


def _as_listed(row: dict[str, Any]) -> dict[str, Any]:
    """A contact without what only a request for this one contact gives."""
    return {name: value for name, value in row.items() if name not in _DETAILS}


COMPANY: Final = RestStream(
    name="company",
    entities=("party",),
    path="api/v2/companies",
    paging=OverlapPages(),
    version="updated_at",
    times=_SECONDS,
    custom_fields=True,
)
# Whether "since" counts the second itself in is not documented, so we ask from a second earlier.
CONTACT: Final = RestStream(
    name="contact",
    entities=("party", "relationship"),
    path="api/v2/contacts",
    paging=OverlapPages(),
    changes=Since(param="_updated_since", overlap=_OVERLAP, exclusive=True),
    version="updated_at",
    times=_SECONDS,
    deleted="deleted",
    quirks=(_as_listed,),
    fetch="api/v2/contacts/{key}",
    write=RestWrite(path="api/v2/contacts/{key}", method="PUT"),
    custom_fields=True,
)
TICKET: Final = RestStream(
    name="ticket",
    entities=("ticket",),
    path="api/v2/tickets",
    # Without a time only tickets of the last 30 days come. No page after the 300th is given:
    # sorted by time, each page begins where the last one ended, and there is hardly a second one.
    params={"updated_since": _EVER, "order_by": "updated_at", "order_type": "asc"},
    paging=OverlapPages(),
    changes=Since(param="updated_since", overlap=_OVERLAP, exclusive=True, sorted_by_time=True),
    version="updated_at",
    times=_SECONDS,
    custom_fields=True,
)
STREAMS: Final = (COMPANY, CONTACT, TICKET)


def _declared(stream: RestStream) -> Stream:
    """Lists leave deleted contacts out; the mark is seen on the one that is asked for alone."""
    known = stream.declared()
    return replace(known, capabilities=known.capabilities - {Capability.DELETES})


DECLARED: Final = tuple(_declared(stream) for stream in STREAMS)
