"""A connector made of declarations: reads the streams, and writes fields after comparing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pydantic import JsonValue

from hub.errors import ConflictError, RejectedError, SourceError, SourceSchemaError
from hub.sdk.contract import (
    CONTRACT_VERSION,
    Change,
    ConnectorConfig,
    ConnectorSpec,
    Cursor,
    Page,
    Receipt,
    Record,
    Total,
)
from hub.sdk.odata.answers import Entity
from hub.sdk.odata.client import ODataClient, Query
from hub.sdk.odata.query import key_path
from hub.sdk.odata.reading import Pace, StreamReader
from hub.sdk.odata.stream import ODataStream
from hub.sdk.rest import RestClient


class Target(NamedTuple):
    """Where a field is written: the path of an entity of the stream's service, and its property."""

    path: str
    field: str


class ODataConnector:
    """The streams of one system over its services; ``rest`` is closed with it.

    ``targets`` gives, by stream and field, where a field is written that a stream's ``shape`` took
    from another entity. ``headers`` go with every request.
    """

    def __init__(
        self,
        rest: RestClient,
        base_url: str,
        *,
        streams: Sequence[ODataStream],
        pace: Pace | None = None,
        targets: Mapping[tuple[str, str], Callable[[Record], Target]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.system = rest.system
        self._rest = rest
        services = {stream.service for stream in streams}
        self._clients = {one: ODataClient(rest, base_url, one, headers=headers) for one in services}
        self._streams = {stream.name: stream for stream in streams}
        self._pace = pace or Pace()
        self._targets = targets or {}

    def check(self) -> str:
        """Log in, and see that every entity set may be read."""
        for stream in self._streams.values():
            options = {"$select": ",".join(stream.key), "$top": "1"}
            self.client(stream).query(Query(stream.resource, options, (), stream.name))
        return f"{self.system} answers and lets us read {', '.join(self._streams)}"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Give the pages after the cursor."""
        return self._reader(stream).pages(cursor)

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        """The keys of all records there are now."""
        return self._reader(stream).keys()

    def count(self, stream: str) -> Total:
        """How many records the service counts now."""
        return Total(self._reader(stream).count())

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now, or None if it is gone."""
        found = self._look_up(self._stream(stream), key)
        return found[0] if found else None

    def write(self, change: Change) -> Receipt:
        """Compare, then change under the ETag, so that no other's change is overwritten.

        Where the record already holds the values, an earlier try got through: nothing is sent.
        """
        stream = self._stream(change.stream)
        self._refuse_unwritable(stream, change)
        found = self._look_up(stream, change.key)
        if found is None:
            raise ConflictError(f"{self.system}/{stream.name}: the record is gone")
        record, entity = found
        if all(record.data.get(name) == value for name, value in change.fields.items()):
            return Receipt(key=change.key, version=record.version)
        if change.expected_version not in (None, record.version):
            message = "the record changed since it was read; nothing was written"
            raise ConflictError(f"{self.system}/{stream.name}: {message}")
        self._update(stream, (record, entity), change.fields)
        return Receipt(key=change.key, version=self._version_after(stream, change.key))

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()

    def client(self, stream: ODataStream) -> ODataClient:
        """The client of the stream's service."""
        return self._clients[stream.service]

    def _stream(self, name: str) -> ODataStream:
        if name not in self._streams:
            message = f"there is no such stream; it has {', '.join(self._streams)}"
            raise SourceSchemaError(message, system=self.system, stream=name)
        return self._streams[name]

    def _reader(self, name: str) -> StreamReader:
        stream = self._stream(name)
        return StreamReader(self.client(stream), stream, self._pace, system=self.system)

    def _look_up(self, stream: ODataStream, key: str) -> tuple[Record, Entity] | None:
        client = self.client(stream)
        try:
            path = key_path(stream.resource, stream.keys, key, client.version)
        except (TypeError, ValueError):
            return None  # no key of this stream, so there is no such record
        options = stream.query_options(client.version)
        entity = client.entity(path, options, stream=stream.name)
        record = stream.record(entity.row) if entity else None
        return (record, entity) if entity and isinstance(record, Record) else None

    def _refuse_unwritable(self, stream: ODataStream, change: Change) -> None:
        fixed = [name for name in change.fields if name not in stream.write]
        if fixed or not change.fields:
            message = f"{', '.join(fixed) or 'nothing'} can't be written; see the stream's fields"
            raise RejectedError(f"{self.system}/{stream.name}: {message}")

    def _update(
        self, stream: ODataStream, found: tuple[Record, Entity], fields: Mapping[str, JsonValue]
    ) -> None:
        """One request: what belongs to two entities would be done by halves."""
        record, entity = found
        client = self.client(stream)
        own = key_path(stream.resource, stream.keys, record.key, client.version)
        elsewhere = {name: self._targets.get((stream.name, name)) for name in fields}
        places = {
            name: find(record) if find else Target(own, name) for name, find in elsewhere.items()
        }
        paths = {target.path for target in places.values()}
        if len(paths) > 1:
            message = "these fields belong to several entities; write them one by one"
            raise RejectedError(f"{self.system}/{stream.name}: {message}")
        (path,) = paths
        etag = entity.etag
        if path != own:
            other = client.entity(path, {}, stream=stream.name)
            etag = other.etag if other else None
        values = {places[name].field: value for name, value in fields.items()}
        client.update(path, values, etag=etag, stream=stream.name)

    def _version_after(self, stream: ODataStream, key: str) -> str | None:
        """None where it can't be read: the change is done, and that must not be forgotten."""
        try:
            found = self._look_up(stream, key)
        except SourceError:
            return None
        return found[0].version if found else None


@dataclass(frozen=True, slots=True)
class _Opener:
    """Makes a connector from settings; a class of its own, so that specs can be compared."""

    client: Callable[[Any], RestClient]
    streams: tuple[ODataStream, ...]

    def __call__(self, config: Any) -> ODataConnector:
        wanted = {name: getattr(config, setting, None) for name, setting in _SETTINGS.items()}
        pace = Pace(**{name: value for name, value in wanted.items() if value is not None})
        return ODataConnector(self.client(config), config.base_url, streams=self.streams, pace=pace)


_SETTINGS: Final = {
    "page_size": "page_size",
    "settle": "settle_seconds",
    "overlap": "overlap_seconds",
}


def odata_connector(
    name: str,
    *,
    title: str,
    config: type[ConnectorConfig],
    client: Callable[[Any], RestClient],
    streams: Sequence[ODataStream],
) -> ConnectorSpec:
    """What ``hub_connector`` returns for a connector that is declared.

    ``client`` makes the client from the settings, which have a ``base_url`` and may have
    ``page_size``, ``settle_seconds`` and ``overlap_seconds``. The mapping is
    ``mappings/<name>.yaml``, or the package's own: ``replace(spec, mapping=…)``.
    """
    return ConnectorSpec(
        name=name,
        title=title,
        contract=CONTRACT_VERSION,
        config=config,
        open=_Opener(client, tuple(streams)),
        streams=tuple(stream.declared() for stream in streams),
    )
