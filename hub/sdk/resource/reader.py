"""Reads a declared stream: asks for page after page, and says after each where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from itertools import pairwise
from typing import Any, Final

from pydantic import JsonValue

from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk.changes import Feed, Keyset, Since
from hub.sdk.contract import Cursor, Page, Record
from hub.sdk.offsets import count_repeats
from hub.sdk.paging import Ask, Listing, Position
from hub.sdk.records import compile_path
from hub.sdk.resource.rows import Batch, RowReader
from hub.sdk.resource.stream import RestStream, Values
from hub.sdk.rest import Params, RestClient, RestResponse
from hub.sdk.sweep import SEEN_LIMIT, Sweep, format_time, server_time

_NO_CONTENT: Final = 204
_START: Final[Position] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its rows sorted, and what a paging wants to know of it."""

    batch: Batch
    listing: Listing
    at: datetime


class StreamReader:
    """One declared stream of one connection."""

    def __init__(self, client: RestClient, stream: RestStream) -> None:
        self.stream = stream
        self.rows = RowReader(stream)
        self._client = client
        self._find_rows = compile_path(stream.rows)
        self._all = StreamReader(client, stream.whole) if stream.whole else None

    @property
    def everything(self) -> StreamReader:
        """Reads the list of all records, where that is another one than the list of changes."""
        return self._all or self

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """What there is after the cursor, or everything."""
        if isinstance(self.stream.changes, Keyset):
            return self._after_keys(self.stream.changes, cursor)
        if isinstance(self.stream.changes, Feed):
            return self._fed(self.stream.changes, cursor)
        if self.stream.changes is None:
            return self._whole(cursor or {})
        return self._since(self.stream.changes, cursor)

    def keys(self) -> Iterator[Sequence[str]]:
        """The keys of all records there are now, a list for each answer."""
        position: Position | None = _START
        listing = self.everything
        static = self.stream.keys_only or listing.stream.params
        while position is not None:
            answer = listing.ask(position, {}, static=static)
            gone = {stone.key for stone in answer.batch.tombstones}
            if "" in answer.batch.keys:
                raise self._refused("a record has no key, so nobody can say which ones are gone")
            yield [key for key in answer.batch.keys if key not in gone]
            position = listing.stream.paging.after(position, answer.listing)

    def ask(self, position: Position, values: Values, *, static: Values | None = None) -> Answer:
        """Ask for the list at a position, with further values in the query."""
        asked = self.stream.paging.ask(position)
        fixed = self.stream.params if static is None else static
        answer = self._send(asked, {**fixed, **asked.values, **values})
        empty = answer.status in (_NO_CONTENT, self.stream.missing)
        body = None if empty else answer.json()
        rows = [] if empty else self._rows_of(body)
        batch = self.rows.read(rows)
        listing = Listing(rows=rows, keys=batch.keys, body=body, headers=answer.headers)
        return Answer(batch, listing, server_time(answer.headers))

    def _send(self, asked: Ask, values: Values) -> RestResponse:
        name, missing = self.stream.name, self.stream.missing
        headers = {**self.stream.headers, **asked.headers}
        if asked.url:
            url = self._client.resolve(self.stream.path, asked.url)
            return self._client.get(url, headers=headers, stream=name)
        if self.stream.body is not None:
            return self._client.send(
                "POST",
                self.stream.path,
                json=self.stream.body(values),
                headers=headers,
                stream=name,
                reading=True,
            )
        return self._client.get(
            self.stream.path,
            params=as_params(values),
            headers=headers,
            stream=name,
            missing_ok=missing == 404,
        )

    def _rows_of(self, body: Any) -> list[Any]:
        rows = self._find_rows(body)
        if isinstance(rows, list):
            return rows
        where = f"at {self.stream.rows!r}" if self.stream.rows else "as a whole"
        raise self._refused(
            f"the answer holds no list {where}; check base URL, API version and the stream's rows"
        )

    def _refused(self, message: str) -> SourceSchemaError:
        return SourceSchemaError(message, system=self._client.system, stream=self.stream.name)

    def _whole(self, cursor: Cursor) -> Iterator[Page]:
        """A stream that can't tell what changed: everything, from the cursor's place on."""
        if cursor.get("done") is True:
            return
        place = cursor.get("place")
        position: Position | None = place if isinstance(place, Mapping) else _START
        while position is not None:
            answer = self.ask(position, {})
            _forget_repeats(answer.batch, position)
            position = self.stream.paging.after(position, answer.listing)
            after: Cursor = {"done": True} if position is None else {"place": dict(position)}
            yield _page(answer.batch, answer.batch.records, after)

    def _since(self, since: Since, cursor: Cursor | None) -> Iterator[Page]:
        """What changed since the watermark; it moves on only once the list was read to its end."""
        sweep = Sweep.resume(cursor, datetime.now(UTC))
        begun = "started" in (cursor or {})
        place: Position | None = sweep.place or _START
        while place is not None:
            answer, place = self._step(sweep, since, place)
            if not begun:
                # The answer's own time may be later than what it shows; the overlap covers that.
                sweep.started, begun = answer.at, True
            page = self._swept(sweep, since, answer.batch, place)
            if place is None or _says_something(page):
                yield page

    def _step(self, sweep: Sweep, since: Since, place: Position) -> tuple[Answer, Position | None]:
        """One answer, and where to go on: by the list of everything, or by that of changes."""
        listing = self.everything if sweep.since is None else self
        asked = _moment(place.get("from")) or sweep.floor(since.overlap)
        answer = listing.ask(_without_from(place), self._asked_since(since, asked))
        _forget_repeats(answer.batch, place)
        after = listing.stream.paging.after(_without_from(place), answer.listing)
        return answer, after if listing is not self else self._placed(answer, asked, after)

    def _placed(
        self, answer: Answer, asked: datetime | None, after: Position | None
    ) -> Position | None:
        """Where to go on in the list of changes, which may have to be sorted by time."""
        if not (isinstance(self.stream.changes, Since) and self.stream.changes.sorted_by_time):
            return after
        self._check_order(answer.batch.times)
        return _next_place(answer.batch.times, asked, after)

    def _asked_since(self, since: Since, moment: datetime | None) -> Values:
        if moment is None:
            return {}
        earlier = moment - timedelta(seconds=1) if since.exclusive else moment
        return {since.param: since.value(earlier, self.stream.times)}

    def _swept(self, sweep: Sweep, since: Since, batch: Batch, place: Position | None) -> Page:
        if batch.times:
            sweep.note(max(batch.times))
        records: Sequence[Record] = batch.records
        stones = sweep.tell(sweep.untold(batch.tombstones))
        if sweep.since is not None:
            records = sweep.unseen(records)
        elif since.sorted_by_time:  # a page begins with what the last one ended with
            records = sweep.unseen(records)
            _forget_old(sweep, since.overlap)
        else:
            sweep.unseen(_latest(records, sweep.newest, since.overlap))
        sweep.place = place
        cursor = sweep.end() if place is None else sweep.position()
        return Page(records=records, tombstones=stones, unreadable=batch.unreadable, cursor=cursor)

    def _fed(self, feed: Feed, cursor: Cursor | None) -> Iterator[Page]:
        """The system's own changes, from its own position on."""
        sweep = Sweep.resume(cursor, datetime.now(UTC))
        position = (sweep.place or {}).get("feed")
        sized: Values = {feed.size_param: feed.size} if feed.size_param else {}
        more = True
        while more:
            where = feed.start if position is None else {feed.param: position}
            answer = self.ask(_START, {**sized, **where})
            told = compile_path(feed.next)(answer.listing.body)
            more = _goes_on(feed, answer.listing)
            if told in (None, "", position):
                more = self._require_end(feed, more=more)
            position = position if told in (None, "") else told
            sweep.place = {} if position is None else {"feed": position}
            yield self._news(sweep, answer.batch)

    def _require_end(self, feed: Feed, *, more: bool) -> bool:
        """No more, where the position stays; a system that says that there is more is stuck."""
        if more and (feed.more or feed.ended):
            raise self._refused(
                f"there is said to be more, but {feed.next} does not move on, so it can't be read; "
                "more records may share one time than fit into an answer: ask for larger ones"
            )
        return False

    def _news(self, sweep: Sweep, batch: Batch) -> Page:
        return Page(
            records=sweep.unseen(batch.records),
            tombstones=sweep.tell(sweep.untold(batch.tombstones)),
            unreadable=batch.unreadable,
            cursor=sweep.position(),
        )

    def _after_keys(self, keyset: Keyset, cursor: Cursor | None) -> Iterator[Page]:
        """Page by page in the order of (time, key); each page's cursor is its last record."""
        last, until = _last_read(cursor), ""
        if keyset.until:
            until = self._until(keyset)
        more = True
        while more:
            condition = keyset.condition(last, until)
            values: dict[str, JsonValue] = {keyset.size_param: keyset.size}
            answer = self.ask(_START, {**values, keyset.param: condition} if condition else values)
            self._check_order(answer.batch.times)
            more = bool(answer.listing.rows)
            if more:
                last = self._last_of(answer)
                yield _page(answer.batch, answer.batch.records, {"time": last[0], "key": last[1]})

    def _until(self, keyset: Keyset) -> str:
        """The end of the window, by the server's own clock."""
        answer = self.ask(_START, {keyset.size_param: 1})
        moment = answer.at - timedelta(seconds=keyset.settle)
        return str(self.stream.times.format(moment))

    def _last_of(self, answer: Answer) -> tuple[str, str]:
        """Time and key of the last row, from which the next page goes on."""
        row = answer.listing.rows[-1]
        time = compile_path(self.stream.version)(row)
        key = self.rows.key(row)
        if time is None or key is None:
            raise self._refused(
                "the last record of a page lacks its time or key, so nothing can follow it"
            )
        return str(time), key

    def _check_order(self, times: Sequence[datetime]) -> None:
        if any(later < earlier for earlier, later in pairwise(times)):
            raise self._refused(
                f"the list is not sorted by {self.stream.version}, so records could be "
                "lost between its pages; ask for that order in the stream's params"
            )


def _forget_repeats(batch: Batch, position: Position) -> None:
    """Rows of the page before, which a paging asks for as a guard, are not given again."""
    known = set(batch.keys[: count_repeats(position, batch.keys)])
    if known:
        batch.records = [record for record in batch.records if record.key not in known]
        batch.tombstones = [stone for stone in batch.tombstones if stone.key not in known]


def _goes_on(feed: Feed, listing: Listing) -> bool:
    if feed.more:
        return bool(compile_path(feed.more)(listing.body))
    if feed.ended:
        return not compile_path(feed.ended)(listing.body)
    return bool(listing.rows)


def as_params(values: Values) -> Params:
    """Values as a query takes them; lists are repeated."""
    return {name: _param(value) for name, value in values.items() if value is not None}


def _param(value: JsonValue) -> str | int | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [str(item) for item in value]
    return value if isinstance(value, int) else str(value)


def _page(batch: Batch, records: Sequence[Record], cursor: Cursor) -> Page:
    return Page(
        records=records,
        tombstones=batch.tombstones,
        unreadable=batch.unreadable,
        cursor=cursor,
    )


def _next_place(
    times: Sequence[datetime], asked: datetime | None, after: Position | None
) -> Position | None:
    """Where to go on in a list sorted by time: at the last time seen, where that is a later one."""
    if after is None:
        return None
    if times and (asked is None or times[-1] > asked):
        return {"from": format_time(times[-1])}
    return after if asked is None else {**after, "from": format_time(asked)}


def _without_from(place: Position) -> Position:
    return {name: value for name, value in place.items() if name != "from"}


def _latest(records: Sequence[Record], newest: datetime | None, overlap: float) -> list[Record]:
    """The records that the next run's look back may bring again; only so many are kept in mind."""
    if newest is None:
        return []
    floor = format_time(newest - timedelta(seconds=overlap))
    recent = [record for record in records if record.version and record.version >= floor]
    return nlargest(SEEN_LIMIT, recent, key=lambda record: record.version or "")


def _says_something(page: Page) -> bool:
    """The look back meets whole pages that are known."""
    return bool(page.records or page.tombstones or page.unreadable)


def _forget_old(sweep: Sweep, overlap: float) -> None:
    """Keep in mind only what the next run's look back may bring again."""
    if sweep.newest is not None:
        floor = format_time(sweep.newest - timedelta(seconds=overlap))
        sweep.seen = {key: mark for key, mark in sweep.seen.items() if mark[0] >= floor}


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _last_read(cursor: Cursor | None) -> tuple[str, str] | None:
    if not cursor:
        return None
    time, key = cursor.get("time"), cursor.get("key")
    if isinstance(time, str) and isinstance(key, str):
        return time, key
    raise CursorExpiredError("the cursor is not one of this connector; open a new epoch")
