"""Incremental reading that loses nothing: what changed since a time, taken in the order of ids.

Paging by the time of change loses records: several share one time across a page border, and a
record that changes while we read moves under the next offset. Ids do not move. So a run takes all
that changed since the last run's watermark, in the order of ids, and its position is an id.

The next watermark is the newest time that the run saw, but never later than the run's start: what
changed behind the position belongs to the next run. A transaction may commit after a later one
with an older time in it, so the next run also looks back by an overlap; what it then finds
unchanged is not handed on again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any, Final

import orjson
from pydantic import JsonValue

from hub.errors import CursorExpiredError
from hub.sdk.contract import Cursor, Record, Tombstone

SEEN_LIMIT: Final = 200


def server_time(headers: Mapping[str, str]) -> datetime:
    """The server's clock, by the Date header of an answer (RFC 9110, 6.6.1); else ours."""
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def format_time(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: its order as text is the order in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


@dataclass(slots=True)
class Sweep:
    """One run; ``since`` is None in a full read, ``after`` the highest id handed on so far.

    A system that is not read in the order of numbers keeps its position in ``place`` instead.
    """

    since: datetime | None
    started: datetime
    after: int = 0
    newest: datetime | None = None
    seen: dict[str, list[str]] = field(default_factory=dict)
    place: Mapping[str, JsonValue] | None = None

    @classmethod
    def resume(cls, cursor: Cursor | None, now: datetime) -> Sweep:
        """Go on in the middle of a run, or begin the next one at the server's time ``now``."""
        try:
            return cls._resume(cursor or {}, now)
        except (AttributeError, TypeError, ValueError) as error:
            message = "the cursor is not one of this connector; open a new epoch"
            raise CursorExpiredError(message) from error

    @classmethod
    def _resume(cls, cursor: Mapping[str, Any], now: datetime) -> Sweep:
        return cls(
            since=_moment(cursor.get("since")),
            started=_moment(cursor.get("started")) or now,
            after=int(cursor.get("after", 0)),
            newest=_moment(cursor.get("newest")),
            seen={
                key: [str(part) for part in seen] for key, seen in cursor.get("seen", {}).items()
            },
            place=dict(cursor["place"]) if cursor.get("place") else None,
        )

    def floor(self, overlap: float) -> datetime | None:
        """From when on to ask for changes, ``overlap`` seconds before the watermark."""
        return None if self.since is None else self.since - timedelta(seconds=overlap)

    def note(self, changed: datetime) -> None:
        """Take a time of change into account for the next watermark."""
        self.newest = changed if self.newest is None else max(self.newest, changed)

    def unseen(self, records: Iterable[Record]) -> Sequence[Record]:
        """Those records that were not handed on just like this in this run or the one before."""
        marks = [(record, [record.version or "", _fingerprint(record)]) for record in records]
        fresh = [(record, mark) for record, mark in marks if self.seen.get(record.key) != mark]
        self._remember({record.key: mark for record, mark in fresh})
        return [record for record, _ in fresh]

    def untold(self, tombstones: Iterable[Tombstone]) -> Sequence[Tombstone]:
        """Those tombstones that were not handed on before; call :meth:`tell` for those that are."""
        return [stone for stone in tombstones if self.seen.get(stone.key) != _stone_mark(stone)]

    def tell(self, tombstones: Sequence[Tombstone]) -> Sequence[Tombstone]:
        """Note that these tombstones are handed on."""
        self._remember({stone.key: _stone_mark(stone) for stone in tombstones})
        return tombstones

    def _remember(self, marks: Mapping[str, list[str]]) -> None:
        newest = sorted({**self.seen, **marks}.items(), key=lambda item: item[1][0])
        self.seen = dict(newest[-SEEN_LIMIT:])

    def position(self) -> Cursor:
        """The cursor in the middle of the run."""
        where: Cursor = {"after": self.after} if self.place is None else {"place": dict(self.place)}
        return {
            "since": _text(self.since),
            "started": _text(self.started),
            "newest": _text(self.newest),
            "seen": _jsonable(self.seen),
            **where,
        }

    def end(self) -> Cursor:
        """The cursor after the run's last page."""
        newest = min(self.newest, self.started) if self.newest else None
        times = [moment for moment in (self.since, newest) if moment]
        return {"since": _text(max(times, default=None)), "seen": _jsonable(self.seen)}


def _jsonable(seen: Mapping[str, list[str]]) -> dict[str, Any]:
    return {key: list(mark) for key, mark in seen.items()}


def _stone_mark(stone: Tombstone) -> list[str]:
    return [stone.version or "", f"gone {stone.merged_into or ''}"]


def _fingerprint(record: Record) -> str:
    try:
        content = orjson.dumps(record.data, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # nested too deeply: landing keeps it as unreadable, and the others go on
        content = b""
    return blake2b(content, digest_size=6).hexdigest()


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if value else None


def _text(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
