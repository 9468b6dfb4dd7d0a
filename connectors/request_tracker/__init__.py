"""Request Tracker 5 (help desk): users and tickets over REST2; writes fields of users."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.request_tracker.client import SYSTEM, RequestTrackerClient
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.samples import SAMPLES
from connectors.request_tracker.standin import RequestTrackerStandIn
from connectors.request_tracker.streams import TICKET, USER, Tickets, Users
from connectors.request_tracker.writing import UserWriter
from hub.errors import SourceSchemaError
from hub.sdk import (
    CONTRACT_VERSION,
    Change,
    ConnectorSpec,
    Cursor,
    Page,
    Receipt,
    Record,
    StandInSpec,
    Total,
    hookimpl,
)


class RequestTrackerConnector:
    """Reads users and tickets, writes users."""

    def __init__(self, config: RequestTrackerConfig) -> None:
        self._client = RequestTrackerClient(config)
        self._users = Users(self._client)
        self._tickets = Tickets(self._client, config.overlap_seconds)
        self._writer = UserWriter(self._client, self._users)

    def check(self) -> str:
        """Log in, and read RT's version."""
        version, _ = self._client.version()
        return f"Request Tracker {version} answers and accepts the account"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Give the pages after the cursor."""
        if stream == USER.name:
            return self._users.pages(cursor)
        if stream == TICKET.name:
            return self._tickets.pages(cursor)
        raise _unknown_stream(stream)

    def count(self, stream: str) -> Total:
        """Ask RT how many records its search finds; an error where it does not count them."""
        if stream == USER.name:
            return Total(self._users.count())
        if stream == TICKET.name:
            return Total(self._tickets.count())
        raise _unknown_stream(stream)

    def fetch(self, stream: str, key: str) -> Record | None:
        """Read one record as it is now; the key is RT's number."""
        if not key.isdecimal():
            return None
        if stream == TICKET.name:
            return self._tickets.fetch(key)
        if stream != USER.name:
            raise _unknown_stream(stream)
        return self._writer.look(key)

    def write(self, change: Change) -> Receipt:
        """Change fields of a user."""
        return self._writer.write(change)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@hookimpl
def hub_connector() -> ConnectorSpec:
    """The connector."""
    return ConnectorSpec(
        name=SYSTEM,
        title="Request Tracker 5 (help desk)",
        contract=CONTRACT_VERSION,
        config=RequestTrackerConfig,
        open=RequestTrackerConnector,
        streams=(USER, TICKET),
    )


@hookimpl
def hub_standin() -> StandInSpec:
    """The stand-in server."""
    return StandInSpec(name=SYSTEM, start=RequestTrackerStandIn, samples=SAMPLES)


def _unknown_stream(stream: str) -> SourceSchemaError:
    message = f"there is no such stream; it has {USER.name} and {TICKET.name}"
    return SourceSchemaError(message, system=SYSTEM, stream=stream)
