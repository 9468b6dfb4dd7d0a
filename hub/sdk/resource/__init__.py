"""A connector without code: its streams declared, read and written by :class:`RestConnector`."""

from hub.sdk.changes import Feed, Keyset, Since, Times
from hub.sdk.paging import (
    CursorPaging,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    RangeHeader,
    SinglePage,
)
from hub.sdk.resource.connector import RestConnector, rest_connector
from hub.sdk.resource.stream import RestStream, RestWrite

__all__ = [
    "CursorPaging",
    "Feed",
    "Keyset",
    "LinkHeader",
    "NextUrl",
    "Offset",
    "PageNumber",
    "RangeHeader",
    "RestConnector",
    "RestStream",
    "RestWrite",
    "Since",
    "SinglePage",
    "Times",
    "rest_connector",
]
