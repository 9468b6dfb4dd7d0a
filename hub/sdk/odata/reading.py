"""Reads an entity set, fully once and incrementally ever after, so that nothing is passed by.

What a service stamps now may be committed a little later, behind a position that is already kept.
So a keyset's cursor never goes beyond a settle time before the service's own clock (younger rows
are handed on, and read once more by the next run); a sweep looks back by an overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk.contract import Cursor, Page, Record, Tombstone, Unreadable
from hub.sdk.odata.answers import Answer, Entity
from hub.sdk.odata.client import ODataClient, Query
from hub.sdk.odata.edm import Edm, literal
from hub.sdk.odata.query import Field, all_of, beyond, key_of_id
from hub.sdk.odata.stream import ODataStream, Reading
from hub.sdk.records import raw_text
from hub.sdk.sweep import Sweep

SETTLE_SECONDS: Final = 60.0
OVERLAP_SECONDS: Final = 120.0
TRACK_CHANGES: Final = "odata.track-changes"

Found = Record | Tombstone | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much in one answer, and how far from the service's clock a reader stays."""

    page_size: int = 500
    settle: float = SETTLE_SECONDS
    overlap: float = OVERLAP_SECONDS


class StreamReader:
    """Reads one stream through its service's client; ``system`` names it in errors."""

    def __init__(
        self, client: ODataClient, stream: ODataStream, pace: Pace, *, system: str
    ) -> None:
        self._client = client
        self._stream = stream
        self._pace = pace
        self._system = system

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """The pages after the cursor; from None, all there is."""
        ways: Mapping[Reading, Callable[[Cursor], Iterator[Page]]] = {
            Reading.DELTA: self._delta,
            Reading.KEYSET: self._keyset,
            Reading.SWEEP: self._sweep,
        }
        return ways[self._stream.reading](cursor or {})

    def keys(self) -> Iterator[Sequence[str]]:
        """The keys of all records there are now: a scan that asks for nothing else."""
        flag = self._stream.deleted[0] if self._stream.deleted else ""
        select = ",".join(filter(None, (*self._stream.key, flag)))
        scan = replace(
            self._stream,
            select=tuple(select.split(",")),
            expand=(),
            version="",
            cursor=None,
            changed=None,
            shape=lambda row: row,
            reading=Reading.KEYSET if self._goes_by_key() else Reading.SWEEP,
        )
        reader = StreamReader(self._client, scan, self._pace, system=self._system)
        for page in reader.pages(None):
            yield [record.key for record in page.records]

    def count(self) -> int:
        """How many records there are now; those that are marked as deleted are left out."""
        stream, flagged = self._stream, ""
        if stream.deleted:
            name, value = stream.deleted
            edm = stream.types.get(name, Edm.BOOLEAN if isinstance(value, bool) else Edm.STRING)
            flagged = f"{name} ne {literal(value, edm, self._client.version)}"
        condition = all_of(stream.where, flagged)
        return self._client.count(stream.resource, condition, stream=stream.name)

    def _goes_by_key(self) -> bool:
        return self._stream.by_key or self._stream.reading is Reading.KEYSET

    def _delta(self, cursor: Cursor) -> Iterator[Page]:
        link = self._link(cursor) if cursor else ""
        more = True
        while more:
            prefer = (_page_size(self._pace),) if link else (TRACK_CHANGES, _page_size(self._pace))
            answer = self._ask({}, prefer, link)
            more, link = bool(answer.next_link), answer.next_link or answer.delta_link
            if not link:
                raise self._refuse("gives no delta link; turn change tracking on for the table")
            yield _page([self._found(one) for one in answer.entities], {"link": link})

    def _keyset(self, cursor: Cursor) -> Iterator[Page]:
        order = self._stream.order
        place = safe = self._position(cursor)
        fixed = {
            "$orderby": ",".join(f"{field.name} asc" for field in order),
            "$top": str(self._pace.page_size),
        }
        while True:
            condition = beyond(order, place, self._client.version) if place else ""
            answer = self._ask({"$filter": all_of(self._stream.where, condition), **fixed})
            rows = answer.entities
            if not rows:
                return
            previous, place = place, self._values(rows[-1])
            self._check_progress(previous, place)
            safe = self._settled(rows, answer.at) or safe
            yield _page([self._found(one) for one in rows], {"at": safe} if safe else {})
            if len(rows) < self._pace.page_size and not answer.next_link:
                return

    def _sweep(self, cursor: Cursor) -> Iterator[Page]:
        if cursor and "since" not in cursor:
            raise _foreign()
        sweep = Sweep.resume(cursor, datetime.now(UTC))
        begun, more = bool(cursor.get("started")), True
        while more:
            answer = self._swept(sweep)
            if not begun:
                sweep.started, begun = answer.at, True
            more = self._advance(sweep, answer)
            found = self._changed(answer.entities, sweep)
            yield _page(found, sweep.position() if more else sweep.end())

    def _swept(self, sweep: Sweep) -> Answer:
        """The next answer of a sweep; a link that no longer holds makes it begin anew."""
        floor, place = sweep.floor(self._pace.overlap), sweep.place or {}
        since = self._since(floor) if floor else ""
        if self._stream.by_key:
            return self._by_key(since, place)
        options = {"$filter": all_of(self._stream.where, since)}
        prefer = (_page_size(self._pace),)
        try:
            return self._ask(options, prefer, self._link(place) if place else "")
        except (CursorExpiredError, SourceSchemaError):
            if not place or "link" not in place:
                raise
            return self._ask(options, prefer)

    def _by_key(self, since: str, place: Cursor) -> Answer:
        keys = self._stream.keys
        after = self._checked(place.get("key"), keys) if place else []
        condition = beyond(keys, after, self._client.version) if after else ""
        options = {
            "$filter": all_of(self._stream.where, since, condition),
            "$orderby": ",".join(f"{field.name} asc" for field in keys),
            "$top": str(self._pace.page_size),
        }
        return self._ask(options)

    def _advance(self, sweep: Sweep, answer: Answer) -> bool:
        """Go on behind this answer; False where it was the last."""
        if not self._stream.by_key:
            sweep.place = {"link": answer.next_link}
            return bool(answer.next_link)
        if len(answer.entities) < self._pace.page_size and not answer.next_link:
            return False
        key = self._key_of(answer.entities[-1]) if answer.entities else []
        if sweep.place == {"key": key}:
            raise self._refuse("gives the same rows again; it does not honour the filter")
        sweep.place = {"key": key}
        return True

    def _key_of(self, entity: Entity) -> list[Any]:
        values = [entity.row.get(field.name) for field in self._stream.keys]
        try:
            return self._checked(values, self._stream.keys)
        except CursorExpiredError:
            raise self._refuse("sends a key whose value is of another type") from None

    def _since(self, floor: datetime) -> str:
        if self._stream.since:
            return self._stream.since(floor)
        field = self._stream.order[0]
        return f"{field.name} ge {literal(floor, field.edm, self._client.version)}"

    def _changed(self, entities: Sequence[Entity], sweep: Sweep) -> list[Found]:
        """What the run has not handed on."""
        floor = sweep.floor(self._pace.overlap)
        found: list[Found] = []
        for entity in entities:
            moment = self._moment(entity)
            if moment:
                sweep.note(moment)
            # A filter by whole days brings more than was asked for.
            if not (floor and moment and moment < floor):
                found.append(self._found(entity))
        return _fresh(found, sweep)

    def _ask(
        self, options: Mapping[str, str], prefer: Sequence[str] = (), link: str = ""
    ) -> Answer:
        own = self._stream.query_options(self._client.version)
        query = Query(self._stream.resource, {**own, **options}, prefer, self._stream.name)
        return self._client.follow(query, link) if link else self._client.query(query)

    def _found(self, entity: Entity) -> Found:
        if entity.removed is None:
            return self._stream.record(entity.row)
        try:
            return Tombstone(key_of_id(entity.removed, self._stream.keys))
        except (KeyError, ValueError):
            raw = raw_text(entity.row)
            return Unreadable(None, "a removed entity without an id that names it", raw)

    def _moment(self, entity: Entity) -> datetime | None:
        try:
            return self._stream.moment(entity.row)
        except (KeyError, TypeError, ValueError):
            return None

    def _values(self, entity: Entity) -> list[Any]:
        """The row's place in the order, of values that can be asked for again."""
        values = [entity.row.get(field.name) for field in self._stream.order]
        try:
            beyond(self._stream.order, values, self._client.version)
        except (TypeError, ValueError):
            raise self._refuse("orders rows by a field whose value is of another type") from None
        return values

    def _check_progress(self, before: Sequence[Any], after: Sequence[Any]) -> None:
        """A service that ignores the filter, or puts empty times last, would be read for ever."""
        if list(before) == list(after):
            raise self._refuse("gives the same rows again; it does not honour the filter")
        if before and before[0] is not None and after[0] is None:
            raise self._refuse("puts rows without a time last; read this stream by a sweep")

    def _settled(self, rows: Sequence[Entity], at: datetime) -> list[Any] | None:
        """The place of the last row that is old enough, or None where none is."""
        field = self._stream.order[0]
        if not self._pace.settle or self._stream.cursor is None or not _is_moment(field.edm):
            return self._values(rows[-1])
        until = at - timedelta(seconds=self._pace.settle)
        for entity in reversed(rows):
            moment = self._moment(entity)
            if moment is None or moment <= until:
                return self._values(entity)
        return None

    def _position(self, cursor: Cursor) -> list[Any]:
        """The place that a cursor keeps, or none at the start."""
        if not cursor:
            return []
        return self._checked(cursor.get("at"), self._stream.order)

    def _checked(self, values: Any, order: Sequence[Field]) -> list[Any]:
        """Values of a cursor go into a filter, so they must be literals of the fields' types."""
        if not isinstance(values, list) or len(values) != len(order):
            raise _foreign()
        try:
            beyond(order, values, self._client.version)
        except (TypeError, ValueError) as error:
            raise _foreign() from error
        return values

    def _link(self, cursor: Cursor) -> str:
        """A link that a cursor keeps, as :func:`continuation` made it."""
        link = cursor.get("link")
        own = (f"{self._stream.resource}?", "http://", "https://")
        if not isinstance(link, str) or not link.startswith(own):
            raise _foreign()
        return link

    def _refuse(self, what: str) -> SourceSchemaError:
        return SourceSchemaError(
            f"the service {what}", system=self._system, stream=self._stream.name
        )


def _fresh(found: Sequence[Found], sweep: Sweep) -> list[Found]:
    records = sweep.unseen([one for one in found if isinstance(one, Record)])
    stones = sweep.tell(sweep.untold([one for one in found if isinstance(one, Tombstone)]))
    return [*records, *stones, *(one for one in found if isinstance(one, Unreadable))]


def _page(found: Sequence[Found], cursor: Cursor) -> Page:
    return Page(
        records=[one for one in found if isinstance(one, Record)],
        tombstones=[one for one in found if isinstance(one, Tombstone)],
        unreadable=[one for one in found if isinstance(one, Unreadable)],
        cursor=cursor,
    )


def _page_size(pace: Pace) -> str:
    return f"odata.maxpagesize={pace.page_size}"


def _is_moment(edm: Edm) -> bool:
    return edm in {Edm.DATETIMEOFFSET, Edm.DATETIME}


def _foreign() -> CursorExpiredError:
    return CursorExpiredError("the cursor is not one of this stream; read in full")
