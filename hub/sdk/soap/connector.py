"""The connector that a list of declared SOAP streams is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, Unpack, cast

from pydantic import JsonValue

from hub.errors import ConflictError, ContractError, HubError, RejectedError, SourceSchemaError
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
    Total,
)
from hub.sdk.paging import Listing, Position, with_size
from hub.sdk.records import compile_path
from hub.sdk.resource.reader import Answer, StreamReader
from hub.sdk.resource.rows import RowReader
from hub.sdk.resource.writer import holds
from hub.sdk.soap.client import CallOptions, RowPage
from hub.sdk.soap.rows import RowShape
from hub.sdk.soap.stream import Parts, SoapStream, SoapWrite
from hub.sdk.soap.values import Value


class SoapCaller(Protocol):
    """A :class:`SoapClient`, or a :class:`SoapSession` around it."""

    @property
    def system(self) -> str: ...

    @property
    def server_time(self) -> datetime: ...

    def call(
        self, operation: str, parts: Parts, **options: Unpack[CallOptions]
    ) -> dict[str, Value]: ...

    def page(
        self, operation: str, parts: Parts, *, shape: RowShape, **options: Unpack[CallOptions]
    ) -> RowPage: ...

    def close(self) -> None: ...


class SoapConnector:
    """Reads and writes declared streams over one caller, which it closes.

    ``page_size`` is asked for wherever a paging takes a size.
    """

    def __init__(
        self, caller: SoapCaller, streams: Sequence[SoapStream], *, page_size: int | None = None
    ) -> None:
        self._caller = caller
        self._streams = {stream.name: _sized(stream, page_size) for stream in streams}

    def check(self) -> str:
        """Ask for the first page of the first stream."""
        name, stream = next(iter(self._streams.items()))
        answer = SoapReader(self._caller, stream).ask({}, {})
        count = len(answer.listing.rows)
        return f"{self._caller.system} answers and lets us read {name} ({count} on the first page)"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """The pages after the cursor; from None, all there is."""
        return SoapReader(self._caller, self._declared(stream)).pages(cursor)

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        """The keys of all records there are now."""
        return SoapReader(self._caller, self._declared(stream)).keys()

    def count(self, stream: str) -> Total:
        """How many records the service counts now."""
        declared = self._declared(stream)
        if declared.count is None:
            raise RejectedError(f"{self._caller.system}: {stream} can't be counted")
        how = declared.count
        answer = self._caller.call(how.operation, how.parts, stream=stream)
        found = compile_path(how.found)(answer)
        if not isinstance(found, str) or not found.isdecimal():
            message = f"the answer of {how.operation} has no number of records"
            raise SourceSchemaError(message, system=self._caller.system, stream=stream)
        return Total(int(found))

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now, or None if it is gone."""
        return SoapWriter(self._caller, self._declared(stream)).fetch(key)

    def write(self, change: Change) -> Receipt:
        """Make the change, or raise; never half of it."""
        if change.stream not in self._streams:
            raise RejectedError(f"{self._caller.system}: there is no stream {change.stream}")
        return SoapWriter(self._caller, self._streams[change.stream]).write(change)

    def create(self, new: New) -> Receipt:
        """Make a new record; the receipt has its key.

        SOAP takes no idempotency key, so that a repeat may make another: a stream of these declares
        no CREATE by itself.
        """
        return self.make(new)

    def make(self, new: New, *, named: Parts | None = None) -> Receipt:
        """The same, with what names the record by the external key, where the system has a way."""
        return SoapWriter(self._caller, self._declared(new.stream)).create(new.fields, named or {})

    def close(self) -> None:
        """Close the client."""
        self._caller.close()

    def _declared(self, name: str) -> SoapStream:
        if name in self._streams:
            return self._streams[name]
        message = f"there is no such stream; it has {', '.join(self._streams)}"
        raise SourceSchemaError(message, system=self._caller.system, stream=name)


class SoapReader(StreamReader):
    """Reads a declared stream page by page, as REST streams are read; only the asking differs."""

    def __init__(self, caller: SoapCaller, stream: SoapStream) -> None:
        super().__init__(cast("Any", caller), stream.listed())  # only its name is asked for
        self._caller = caller
        self._soap = stream

    def ask(self, position: Position, values: Parts, *, static: Parts | None = None) -> Answer:
        """Ask for the list at a position, with further values among the parts."""
        asked = self.stream.paging.ask(position)
        fixed = self._soap.parts if static is None else static
        parts: Parts = {**fixed, **asked.values, **values}
        page = self._caller.page(
            self._soap.operation,
            self._soap.body(parts) if self._soap.body else parts,
            shape=self._soap.rows,
            stream=self._soap.name,
        )
        batch = self.rows.read(page.rows)
        body = _as_json(page.rest)
        listing = Listing(rows=page.rows, keys=batch.keys, body=body, headers={})
        return Answer(batch, listing, self._caller.server_time)


class SoapWriter:
    """One declared stream whose records are fetched or written one by one."""

    def __init__(self, caller: SoapCaller, stream: SoapStream) -> None:
        self._caller = caller
        self._stream = stream
        self._rows = RowReader(stream.listed())
        self._place = f"{caller.system}/{stream.name}"

    def fetch(self, key: str) -> Record | None:
        """The record as it is now; None where it is gone."""
        stream = self._stream
        if stream.fetch_body is None:
            raise RejectedError(f"{self._place}: a single record can't be read")
        operation, parts = stream.fetch or stream.operation, stream.fetch_body(key)
        if stream.row:
            answer = self._caller.call(operation, parts, stream=stream.name)
            row = compile_path(stream.row)(answer)
        else:
            page = self._caller.page(operation, parts, shape=stream.rows, stream=stream.name)
            row = page.rows[0] if page.rows else None
        return self._rows.record(row) if isinstance(row, dict) else None

    def write(self, change: Change) -> Receipt:
        """Make the change once, unless the record changed or is gone.

        A change that somebody else makes between our reading and our writing is not seen.
        """
        how = self._stream.write
        if how is None:
            raise RejectedError(f"{self._place}: records of this stream can't be written")
        self._refuse_unknown(how, change.fields)
        now = self.fetch(change.key)
        if now is None:
            raise ConflictError(f"{self._place}: the record is gone; nothing was written")
        if holds(now.data, change.fields):
            return Receipt(key=change.key, version=now.version)  # done by an earlier try
        if change.expected_version not in (None, now.version):
            raise ConflictError(f"{self._place}: the record was changed; nothing was written")
        parts = how.body(change.key, change.fields)
        try:
            self._caller.call(how.operation, parts, stream=change.stream, reading=False)
        except ContractError as error:
            raise RejectedError(f"{self._place}: the service knows no such fields") from error
        return Receipt(key=change.key, version=self._version_after(change.key))

    def create(self, fields: Mapping[str, JsonValue], named: Parts) -> Receipt:
        """Make a new record; ``named`` goes with its fields, and is none that may be written."""
        how = self._stream.write
        if how is None or not how.create or how.create_body is None:
            raise RejectedError(f"{self._place}: records of this stream can't be created")
        self._refuse_unknown(how, fields)
        parts = how.create_body({**named, **fields})
        answer = self._caller.call(how.create, parts, stream=self._stream.name, reading=False)
        key = compile_path(how.created)(answer)
        if not isinstance(key, str) or not key:
            raise ConflictError(f"{self._place}: the answer does not say what was created")
        return Receipt(key=key, version=self._version_after(key))

    def _refuse_unknown(self, how: SoapWrite, names: Iterable[str]) -> None:
        unknown = set(names) - how.fields if how.fields else set()
        if unknown:
            named = ", ".join(sorted(unknown))
            raise RejectedError(f"{self._place}: {named} can't be written; correct the rule")

    def _version_after(self, key: str) -> str | None:
        """The new version; that it can't be read does not undo the write."""
        try:
            now = self.fetch(key)
        except HubError:
            return None
        return None if now is None else now.version


@dataclass(frozen=True, slots=True)
class _Opener:
    """Makes a connector from settings; a class of its own, so that specs can be compared."""

    caller: Callable[[Any], SoapCaller]
    streams: tuple[SoapStream, ...]

    def __call__(self, config: Any) -> SoapConnector:
        size = getattr(config, "page_size", None)
        return SoapConnector(self.caller(config), self.streams, page_size=size)


def soap_connector(
    name: str,
    *,
    title: str,
    config: type[ConnectorConfig],
    caller: Callable[[Any], SoapCaller],
    streams: Sequence[SoapStream],
) -> ConnectorSpec:
    """What ``hub_connector`` returns for a connector that is declared.

    ``caller`` makes the client, or the session around it, from the settings; a setting
    ``page_size`` is the size of pages.
    """
    return ConnectorSpec(
        name=name,
        title=title,
        contract=CONTRACT_VERSION,
        config=config,
        open=_Opener(caller, tuple(streams)),
        streams=tuple(stream.declared() for stream in streams),
    )


def _as_json(value: Value) -> Any:
    """What pagings look at: texts that are numbers or truth values become such."""
    if isinstance(value, dict):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    if value in ("true", "false"):
        return value == "true"
    is_number = isinstance(value, str) and value.isdecimal() and str(int(value[:18])) == value
    return int(value) if is_number else value


def _sized(stream: SoapStream, size: int | None) -> SoapStream:
    if size is None:
        return stream
    return replace(
        stream, paging=with_size(stream.paging, size), changes=with_size(stream.changes, size)
    )
