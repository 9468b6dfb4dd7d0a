"""A connector without code: its streams declared, read and written by :class:`RestConnector`."""

from hub.sdk.changes import Feed, Keyset, Since, Times
from hub.sdk.offsets import Offset, OverlapPages, RangeHeader
from hub.sdk.paging import (
    CursorPaging,
    LinkHeader,
    NextUrl,
    PageNumber,
    SinglePage,
)
from hub.sdk.resource.connector import RestConnector, rest_connector
from hub.sdk.resource.standin import RestStandIn, rest_samples
from hub.sdk.resource.stream import RestCount, RestStream, RestWrite

__all__ = [
    "CursorPaging",
    "Feed",
    "Keyset",
    "LinkHeader",
    "NextUrl",
    "Offset",
    "OverlapPages",
    "PageNumber",
    "RangeHeader",
    "RestConnector",
    "RestCount",
    "RestStandIn",
    "RestStream",
    "RestWrite",
    "Since",
    "SinglePage",
    "Times",
    "rest_connector",
    "rest_samples",
]
