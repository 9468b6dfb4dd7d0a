"""The ways into a connection that is written to: many changes at once or one by one, and barred."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol, cast

from hub.errors import (
    AuthenticationError,
    DeliveryError,
    HubError,
    OutcomeUnknownError,
    SourceError,
    TransientSourceError,
)
from hub.pipeline.connections import OpenConnection
from hub.sdk.contract import (
    BatchWriter,
    Capability,
    Change,
    Receipt,
    Record,
    Stream,
    Writer,
)

_SPAN: Final = 0.5
"""So many seconds of writes that go one by one share an intent and a receipt."""
_SLICE: Final = timedelta(seconds=2 * _SPAN)
"""After that time no more of them leaves."""
_MOST, _GROWTH = 200, 8


Clock = Callable[[], float]
_LookMany = Callable[[str, Sequence[str], Collection[str]], Mapping[str, Record]]


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

    def write(self, changes: Sequence[Change], *, by: float) -> Sequence[Receipt | HubError]:
        """Make the changes, and say of each what became of it.

        There may be fewer results than changes: the rest was not sent, because the time was ``by``
        (as time.time() tells it) or because the target would not take it now.
        """

    def lasts(self, count: int) -> timedelta:
        """How long it may go on sending so many."""

    @property
    def guarded(self) -> bool:
        """Whether a change that is sent twice has one effect, however late the first one comes."""


class _OneByOne:
    """Each change in a request of its own; ``size`` of them have one intent and one receipt.

    That is one where a target has no versions, since nobody could tell which of several had left,
    or can't be asked for many records at once. Else it is what takes half a second, so that a pause
    is heeded and a lease does not run out.
    """

    def __init__(self, writer: Writer, *, guarded: bool, most: int, clock: Clock) -> None:
        self.size = 1
        self.guarded = guarded
        self._writer = writer
        self._clock = clock
        self._look_many: _LookMany | None = getattr(writer, "look_many", None)
        self._most = most if self._look_many else 1

    def look(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        if self._look_many is not None:
            return self._look_many(stream, keys, fields)
        found = ((key, self._writer.fetch(stream, key)) for key in keys)
        return {key: record for key, record in found if record is not None}

    def lasts(self, count: int) -> timedelta:
        """One alone leaves at once."""
        return _SLICE if count > 1 else timedelta(0)

    def write(self, changes: Sequence[Change], *, by: float) -> Sequence[Receipt | HubError]:
        began, later = self._clock(), self._look_many is not None and len(changes) > 1
        results: list[Receipt | HubError] = []
        for change in changes:
            if results and (self._clock() >= by or _ends(results[-1])):
                break
            results.append(self._write(replace(change, tell_version=not later)))
        self._learn(len(results), self._clock() - began, away=_ends(results[-1]))
        return self._with_versions(changes[0].stream, results) if later else results

    def _write(self, change: Change) -> Receipt | HubError:
        try:
            receipt = self._writer.write(change)
        except (DeliveryError, SourceError) as error:
            return error
        other = change.key and receipt.key != change.key
        return OutcomeUnknownError(OTHER) if other else receipt

    def _learn(self, count: int, seconds: float, *, away: bool) -> None:
        fit = int(_SPAN * count / max(seconds, 1e-6))
        self.size = 1 if away else max(1, min(fit, self.size * _GROWTH, self._most))

    def _with_versions(
        self, stream: str, results: Sequence[Receipt | HubError]
    ) -> Sequence[Receipt | HubError]:
        """None where they can't be read: the changes are done, and that must not be forgotten."""
        keys = [one.key for one in results if isinstance(one, Receipt) and one.version is None]
        found: Mapping[str, Record] = {}
        with suppress(HubError):
            found = self.look(stream, keys, ()) if keys else {}
        return [
            replace(one, version=found[one.key].version)
            if isinstance(one, Receipt) and one.version is None and one.key in found
            else one
            for one in results
        ]


def _ends(result: Receipt | HubError) -> bool:
    """Whether nothing more is to be sent after that: the target is away, or refuses us."""
    return isinstance(result, AuthenticationError | TransientSourceError)


class _Many:
    """For a batch: an answer that does not fit the changes leaves all of them unknown."""

    def __init__(self, writer: BatchWriter, lasts: timedelta, *, guarded: bool) -> None:
        self._writer = writer
        self._lasts = lasts
        self.guarded = guarded

    def look(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        look = getattr(self._writer, "look_many", None)
        found: Mapping[str, Record] = (
            look(stream, keys, fields) if callable(look) else self._writer.fetch_many(stream, keys)
        )
        return found

    def lasts(self, count: int) -> timedelta:  # noqa: ARG002  # a batch is one for the connector
        return self._lasts

    def write(self, changes: Sequence[Change], *, by: float) -> Sequence[Receipt | HubError]:
        within = min(by - time.time(), self._lasts.total_seconds())
        try:
            results = self._writer.write_many(changes[0].stream, changes, within=within)
        except (DeliveryError, SourceError) as error:
            return [error] * len(changes)
        receipts = zip(changes, results, strict=False)
        strange = any(isinstance(got, Receipt) and got.key != one.key for one, got in receipts)
        if strange or len(results) != len(changes):
            unknown = OutcomeUnknownError("the connector's results are not those of the changes")
            return [unknown] * len(changes)
        return results


class Doors:
    """The ways into one connection: by stream, how many changes go at once, and through which."""

    def __init__(
        self, target: OpenConnection, lasts: timedelta, *, clock: Clock = time.time
    ) -> None:
        self._clock = clock
        self._lasts = lasts
        self._writer = cast("BatchWriter", target.connector)
        self._streams = {stream.name: stream for stream in target.streams}
        self._limits: dict[str, int] = {}
        self._doors: dict[str, Door] = {}

    def limit(self, stream: str) -> int:
        """How many changes go together now."""
        door = self.of(stream)
        return door.size if isinstance(door, _OneByOne) else self._limits[stream]

    def of(self, stream: str) -> Door:
        """The door to a stream."""
        if stream not in self._doors:
            known = self._streams.get(stream)
            self._limits[stream] = self._asked(known)
            self._doors[stream] = self._open(
                known.capabilities if known else frozenset(), many=self._limits[stream] > 1
            )
        return self._doors[stream]

    def _asked(self, stream: Stream | None) -> int:
        if stream is None or Capability.BATCH_WRITE not in stream.capabilities:
            return 1
        return self._writer.batch_limit(stream.name)

    def _open(self, known: Collection[Capability], *, many: bool) -> Door:
        keyed, locked = Capability.IDEMPOTENCY_KEY in known, Capability.OPTIMISTIC_LOCK in known
        if many:
            return _Many(self._writer, self._lasts, guarded=keyed)
        most = _MOST if locked else 1
        guarded = keyed or locked
        return _OneByOne(self._writer, guarded=guarded, most=most, clock=self._clock)
