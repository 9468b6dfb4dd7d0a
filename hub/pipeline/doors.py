"""The ways into a connection that is written to: many changes at once or one by one, and barred."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, cast

from hub.errors import OutcomeUnknownError
from hub.pipeline.connections import OpenConnection
from hub.sdk.contract import (
    BatchWriter,
    Capability,
    Change,
    Receipt,
    Record,
    Stream,
    Writer,
    WriteResult,
)


class Barrier(Protocol):
    """What may hold deliveries back while a run goes on."""

    def stop(self) -> str | None:
        """Why nothing may go now, in a word; None where it may."""

    def allowance(self) -> int | None:
        """How many deliveries may go now, waiting for it; None for any number, 0 for none."""


class Open:
    """Holds nothing back."""

    def stop(self) -> str | None:
        return None

    def allowance(self) -> int | None:
        return None


OTHER = "the target answered for another record than was written to; look at both"
"""Nobody knows then what was written where."""


class Door(Protocol):
    """How changes get to a target: many at once, or one by one as if they were many."""

    def look(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        """Records as they are now, with these fields at least."""

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]: ...

    @property
    def lasts(self) -> timedelta:
        """How long it may go on sending."""

    @property
    def guarded(self) -> bool:
        """Whether a change that is sent twice has one effect, however late the first one comes."""


class _Single:
    """For a batch of one: what ``write`` raises is what became of it."""

    lasts = timedelta(0)

    def __init__(self, writer: Writer, *, guarded: bool) -> None:
        self._writer = writer
        self.guarded = guarded

    def look(
        self,
        stream: str,
        keys: Sequence[str],
        fields: Collection[str],  # noqa: ARG002  # a record is read whole
    ) -> Mapping[str, Record]:
        found = ((key, self._writer.fetch(stream, key)) for key in keys)
        return {key: record for key, record in found if record is not None}

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]:  # noqa: ARG002  # a change names its stream
        return [self._write(change) for change in changes]

    def _write(self, change: Change) -> Receipt:
        receipt = self._writer.write(change)
        if change.key and receipt.key != change.key:
            raise OutcomeUnknownError(OTHER)
        return receipt


class _Many:
    """For a batch: an answer that does not fit the changes leaves all of them unknown."""

    def __init__(self, writer: BatchWriter, lasts: timedelta, *, guarded: bool) -> None:
        self._writer = writer
        self.lasts = lasts
        self.guarded = guarded

    def look(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        look = getattr(self._writer, "look_many", None)
        found: Mapping[str, Record] = (
            look(stream, keys, fields) if callable(look) else self._writer.fetch_many(stream, keys)
        )
        return found

    def write_many(self, stream: str, changes: Sequence[Change]) -> Sequence[WriteResult]:
        within = self.lasts.total_seconds()
        results = self._writer.write_many(stream, changes, within=within)
        receipts = zip(changes, results, strict=False)
        strange = any(isinstance(got, Receipt) and got.key != one.key for one, got in receipts)
        if strange or len(results) != len(changes):
            raise OutcomeUnknownError("the connector's results are not those of the changes")
        return results


class Doors:
    """The ways into one connection: by stream, how many changes go at once, and through which."""

    def __init__(self, target: OpenConnection, lasts: timedelta) -> None:
        self._lasts = lasts
        self._writer = cast("BatchWriter", target.connector)
        self._streams = {stream.name: stream for stream in target.streams}
        self._limits: dict[str, int] = {}

    def limit(self, stream: str) -> int:
        """How many changes go at once; 1 where they go one by one."""
        if stream not in self._limits:
            self._limits[stream] = max(1, self._asked(self._streams.get(stream)))
        return self._limits[stream]

    def _asked(self, stream: Stream | None) -> int:
        if stream is None or Capability.BATCH_WRITE not in stream.capabilities:
            return 1
        return self._writer.batch_limit(stream.name)

    def of(self, stream: str) -> Door:
        """The door to a stream."""
        known = self._streams[stream].capabilities if stream in self._streams else frozenset()
        keyed = Capability.IDEMPOTENCY_KEY in known
        if self.limit(stream) > 1:
            return _Many(self._writer, self._lasts, guarded=keyed)
        locked = Capability.OPTIMISTIC_LOCK in known
        return _Single(self._writer, guarded=keyed or locked)
