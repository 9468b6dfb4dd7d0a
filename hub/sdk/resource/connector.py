"""The connector that a list of declared streams is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

from hub.errors import RejectedError, SourceSchemaError
from hub.sdk.contract import (
    CONTRACT_VERSION,
    Change,
    ConnectorConfig,
    ConnectorSpec,
    Cursor,
    New,
    Page,
    Receipt,
    Record,
    Services,
    Total,
)
from hub.sdk.paging import with_size
from hub.sdk.resource.counting import count_records
from hub.sdk.resource.reader import StreamReader
from hub.sdk.resource.stream import RestStream
from hub.sdk.resource.writer import StreamWriter
from hub.sdk.rest import RestClient


class RestConnector:
    """Reads and writes declared streams over one client, which it closes.

    ``page_size`` is asked for wherever a paging takes a size.
    """

    def __init__(
        self, client: RestClient, streams: Sequence[RestStream], *, page_size: int | None = None
    ) -> None:
        self._client = client
        self._streams = {stream.name: _sized(stream, page_size) for stream in streams}

    def check(self) -> str:
        """Ask for the first page of the first stream."""
        name, stream = next(iter(self._streams.items()))
        answer = StreamReader(self._client, stream).everything.ask({}, {})
        count = len(answer.listing.rows)
        return f"{self._client.system} answers and lets us read {name} ({count} on the first page)"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """The pages after the cursor; from None, all there is."""
        return StreamReader(self._client, self._declared(stream)).pages(cursor)

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        """The keys of all records there are now."""
        return StreamReader(self._client, self._declared(stream)).keys()

    def count(self, stream: str) -> Total:
        """How many records the system says a full read would give, and what it adds up."""
        return count_records(self._client, self._declared(stream))

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now, or None if it is gone."""
        return StreamWriter(self._client, self._declared(stream)).fetch(key)

    def write(self, change: Change) -> Receipt:
        """Make the change, or raise; never half of it."""
        if change.stream not in self._streams:
            raise RejectedError(f"{self._client.system}: there is no stream {change.stream}")
        return StreamWriter(self._client, self._streams[change.stream]).write(change)

    def create(self, new: New) -> Receipt:
        """Make a new record; the receipt has its key.

        At most once where the system takes an idempotency key, which is the external key.
        """
        return StreamWriter(self._client, self._declared(new.stream)).create(new)

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _declared(self, name: str) -> RestStream:
        if name in self._streams:
            return self._streams[name]
        known = ", ".join(self._streams)
        raise SourceSchemaError(
            f"there is no such stream; it has {known}", system=self._client.system, stream=name
        )


@dataclass(frozen=True, slots=True)
class _Opener:
    """Makes a connector from settings; a class of its own, so that specs can be compared."""

    client: Callable[..., RestClient]
    streams: tuple[RestStream, ...]

    def __call__(self, config: Any, services: Services | None = None) -> RestConnector:
        wants = "services" in signature(self.client).parameters
        given = {"services": services or Services()} if wants else {}
        client = self.client(config, **given)
        return RestConnector(client, self.streams, page_size=getattr(config, "page_size", None))


def rest_connector(
    name: str,
    *,
    title: str,
    config: type[ConnectorConfig],
    client: Callable[..., RestClient],
    streams: Sequence[RestStream],
) -> ConnectorSpec:
    """What ``hub_connector`` returns for a connector that is declared.

    ``client`` makes the client from the settings (and from ``services``, if it has a parameter of
    that name); a setting ``page_size`` is the size of pages. The
    mapping is ``mappings/<name>.yaml``, or the package's own: ``replace(spec, mapping=…)``.
    """
    return ConnectorSpec(
        name=name,
        title=title,
        contract=CONTRACT_VERSION,
        config=config,
        open=_Opener(client, tuple(streams)),
        streams=tuple(stream.declared() for stream in streams),
    )


def _sized(stream: RestStream, size: int | None) -> RestStream:
    if size is None:
        return stream
    return replace(
        stream,
        paging=with_size(stream.paging, size),
        changes=with_size(stream.changes, size),
        whole=_sized(stream.whole, size) if stream.whole else None,
    )
