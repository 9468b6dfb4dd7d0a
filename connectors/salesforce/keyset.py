"""Reading by keyset over (SystemModstamp, Id), and what a full read adds to it.

Salesforce stamps a record when it is saved and shows it when its transaction commits. A record
saved a moment ago may therefore become visible behind a position that is already committed. So
the reading window ends ``settle_seconds`` before the server's own clock: what is younger waits for
the next run, nothing is passed by, and no overlap has to be read again and again.

A full read is there to find out which records exist. What is too young for the window would look
deleted, so it is read as well, in the order of ids, and the position stays where it is: the next
run reads it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.layout import Layout
from connectors.salesforce.rows import advance, fill_page, last_id
from connectors.salesforce.streams import (
    Position,
    Window,
    write_query,
    write_tail_query,
)
from hub.errors import CursorExpiredError, SourceUnavailableError
from hub.sdk import Page


class KeysetReader:
    """Reads one stream up to ``until`` ('' for no bound)."""

    def __init__(self, client: SalesforceClient, layout: Layout, *, until: str, limit: int) -> None:
        self._client = client
        self._layout = layout
        self._until = until
        self._limit = limit

    def pages(self, position: Position) -> Iterator[Page]:
        """What comes after a position, and where the read is a full one, what is younger still."""
        full = position.full and bool(self._until)
        position = position._replace(full=full)
        for page, following in self._window(position):
            yield page
            position = following
        if full:
            reached = position if position.stamp else Position.at(self._until, full=True)
            yield from self._tail(reached)

    def _window(self, position: Position) -> Iterator[tuple[Page, Position]]:
        while True:
            window = Window(position, self._until, self._limit)
            count = 0
            try:
                query = write_query(self._layout.stream, self._layout.names, window)
                for rows in self._query(query):
                    count += len(rows)
                    if rows:
                        position = advance(rows, window._replace(after=position))
                        yield fill_page(rows, position.cursor()), position
            except CursorExpiredError as error:
                self._must_have_moved(error, moved=position != window.after)
                continue
            if count < window.limit or position == window.after:
                return

    def _tail(self, position: Position) -> Iterator[Page]:
        """The young ones, and at last an empty page by which the full read is over."""
        after, done = "", False
        while not done:
            start = after
            try:
                names = self._layout.names
                stream, since = self._layout.stream, self._until
                for rows in self._query(write_tail_query(stream, names, since=since, after=after)):
                    yield fill_page(rows, position.cursor())
                    after = last_id(rows) or after
                done = True
            except CursorExpiredError as error:
                self._must_have_moved(error, moved=after != start)
        yield Page(records=(), cursor=position._replace(full=False).cursor())

    def _query(self, soql: str) -> Iterator[list[dict[str, Any]]]:
        for rows in self._client.query(soql, self._layout.stream):
            yield self._layout.level(rows)

    def _must_have_moved(self, error: CursorExpiredError, *, moved: bool) -> None:
        """An expired locator is no harm where a page was read: a new query goes on from there."""
        if not moved:
            message = "the query locator expires before a page is read"
            raise SourceUnavailableError(
                message, system=SYSTEM, stream=self._layout.stream
            ) from error
