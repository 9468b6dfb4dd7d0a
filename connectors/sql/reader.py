"""The connector: reads each table after the last row that was read; what is too young waits.

A transaction may commit after a later one with an older time in its rows. So a row is read once it
is older than ``settle_seconds`` by the database's clock: by then every transaction that could put
a row before it has ended. Where the cursor is a number, the greatest one is noted, that long is
waited, and the rows up to it are read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from itertools import pairwise, takewhile
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from connectors.sql.config import SqlConfig, TableSource
from connectors.sql.rows import SYSTEM, Place, key_of, make_page, relation_of
from connectors.sql.stamps import Horizon, hour_before, is_number, moment, older_than, up_to
from connectors.sql.writing import RowWriter
from hub.errors import SourceSchemaError
from hub.sdk import Change, Cursor, Page, Receipt, Record, Total
from hub.sdk.sql import (
    Connection,
    Database,
    Login,
    Relation,
    Row,
    count_beyond,
    count_without,
    greatest,
    rows_after,
    rows_without,
    total_rows,
)

TOO_YOUNG: Final = "changed within settle_seconds; the next run reads it"
NO_KEY: Final = "no value in a key column"


class SqlConnector:
    """One database."""

    def __init__(self, config: SqlConfig) -> None:
        self._config = config
        self._zone = ZoneInfo(config.timezone)
        self._sources = {source.name: source for source in config.tables}
        self._database = Database(_login(config), system=SYSTEM, timeout=config.statement_seconds)
        self._writer = RowWriter(self._database, self._zone)

    def check(self) -> str:
        """Read one row of every table."""
        for source in self._sources.values():
            self._rows(relation_of(source), (), limit=1)
        return f"{len(self._sources)} table(s) of the {self._config.dialect} database can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages after the cursor; rows without a key and without a cursor value come first."""
        source = self._source(stream)
        place = Place.of(cursor)
        if not place.open:
            yield from self._without_key(source, place)
            nulls = () if source.cursor and source.cursor not in source.key else None
            place = replace(self._look_back(place), open=True, nulls=nulls)
        if place.nulls is not None:
            yield from self._without_cursor(source, place)
            place = replace(place, nulls=None)
        yield from self._ordered(source, place)

    def keys(self, stream: str) -> Iterator[list[str]]:
        """The keys of all rows, page by page in their order."""
        source = self._source(stream)
        relation = replace(relation_of(source), order=source.key, only=source.key, needs=())
        for rows in self._pages(relation, ()):
            yield [key for row in rows if (key := key_of(source, row)) is not None]

    def count(self, stream: str) -> Total:
        """What the database counts and sums; rows that are too young to be read are among them."""
        source = self._source(stream)
        relation = replace(relation_of(source), order=source.key)
        count, *sums = self._database.read(
            lambda connection: total_rows(
                connection, relation, deleted=source.deleted or "", sums=source.totals
            ),
            stream,
        )
        added = (round(Decimal(str(value or 0)), 4) for value in sums)
        return Total(int(count), dict(zip(source.totals, added, strict=True)))

    def fetch(self, stream: str, key: str) -> Record | None:
        """One row as it is now."""
        return self._writer.fetch(self._source(stream), key)

    def write(self, change: Change) -> Receipt:
        """Change one row, in one transaction."""
        return self._writer.write(self._source(change.stream), change)

    def close(self) -> None:
        """Close the connection to the database."""
        self._database.close()

    def _source(self, stream: str) -> TableSource:
        source = self._sources.get(stream)
        if source is None:
            raise SourceSchemaError("no such table is configured", system=SYSTEM, stream=stream)
        return source

    def _rows(self, relation: Relation, after: Sequence[Any], *, limit: int) -> list[Row]:
        return self._database.read(
            lambda connection: rows_after(connection, relation, after, limit=limit),
            relation.stream,
        )

    def _look_back(self, place: Place) -> Place:
        """Local times without a zone repeat an hour each year, so the last hour is read again."""
        if self._config.timezone == "UTC" or not place.after:
            return place
        before = hour_before(place.after[0])
        return place if before is None else Place((before,))

    def _without_key(self, source: TableSource, place: Place) -> Iterator[Page]:
        """Rows that no order reaches: the first of them with their reason, the others counted."""
        relation, size = relation_of(source), self._config.page_size

        def look(connection: Connection) -> tuple[list[Row], int]:
            rows = rows_without(connection, relation, source.key, limit=size)
            full = len(rows) == size
            return rows, count_without(connection, relation, source.key) - size if full else 0

        rows, others = self._database.read(look, source.name)
        if rows:
            yield make_page(source, rows, place, excluded={NO_KEY: others} if others else None)

    def _without_cursor(self, source: TableSource, place: Place) -> Iterator[Page]:
        """Rows with a null as cursor can't be told apart by age, so each run reads them."""
        relation = replace(relation_of(source), order=source.key, null=source.cursor or "")
        for rows in self._pages(relation, place.nulls or ()):
            place = replace(place, nulls=_values(relation, rows[-1]))
            yield make_page(source, rows, place)

    def _pages(self, relation: Relation, after: Sequence[Any]) -> Iterator[list[Row]]:
        size = self._config.page_size
        more = True
        while more:
            rows = self._rows(relation, after, limit=size + 1)
            _check_distinct(relation, rows)
            more = len(rows) > size
            if rows:
                after = _values(relation, rows[min(size, len(rows)) - 1])
                yield rows[:size]

    def _ordered(self, source: TableSource, place: Place) -> Iterator[Page]:
        """Every row after the place, up to the horizon; the last page closes the run."""
        relation, size = relation_of(source), self._config.page_size
        horizon: Horizon | None = None
        more = True
        while more:
            rows = self._rows(relation, place.after, limit=size + 1)
            if horizon is None and rows and source.cursor:
                horizon = self._horizon(relation, rows[0][source.cursor])
                rows = self._rows(relation, place.after, limit=size + 1)
            _check_distinct(relation, rows)
            ready = self._settled(source, rows, horizon)
            more = len(ready) > size
            after = _values(relation, ready[:size][-1]) if ready else place.after
            place = Place(after, open=more)
            yield make_page(
                source, ready[:size], place, excluded=self._young(relation, rows, ready, place)
            )

    def _settled(self, source: TableSource, rows: list[Row], horizon: Horizon | None) -> list[Row]:
        column = source.cursor
        if column is None:
            return rows
        _check_times(source, [row[column] for row in rows], self._zone)
        if horizon is None:
            return rows
        covers = horizon
        return list(takewhile(lambda row: covers(row[column]), rows))

    def _young(
        self, relation: Relation, rows: list[Row], ready: list[Row], place: Place
    ) -> dict[str, int]:
        if len(ready) == len(rows):
            return {}
        waiting = self._database.read(
            lambda connection: count_beyond(connection, relation, place.after), relation.stream
        )
        return {TOO_YOUNG: waiting} if waiting else {}

    def _horizon(self, relation: Relation, sample: Any) -> Horizon | None:
        """Up to where every transaction has ended; None where nothing is to be waited for."""
        settle = self._config.settle_seconds
        if not settle:
            return None
        if is_number(sample):
            top = self._database.read(
                lambda connection: greatest(connection, relation), relation.stream
            )
            time.sleep(settle)
            return up_to(top)
        now = self._database.read(self._database.clock, relation.stream)
        return older_than(now.astimezone(UTC) - timedelta(seconds=settle), self._zone)


def _login(config: SqlConfig) -> Login:
    return Login(
        dialect=config.dialect,
        database=str(config.path) if config.dialect == "sqlite" else config.database,
        host=config.host,
        port=config.port,
        username=config.username,
        password=config.password or SecretStr(""),
        tls=config.tls,
        ca_file=config.ca_file,
    )


def _values(relation: Relation, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in relation.order)


def _check_distinct(relation: Relation, rows: Sequence[Row]) -> None:
    """Two rows with one key would be one record, and the page after the first would miss the
    second.
    """
    for one, other in pairwise(rows):
        if _values(relation, one) == _values(relation, other):
            raise relation.wrong("two rows have the same key; name the columns that identify a row")


def _check_times(source: TableSource, values: Sequence[Any], zone: ZoneInfo) -> None:
    """Texts sort by their letters: a new time in another form could sort before the last one."""
    if not values or is_number(values[0]):
        return
    times = [moment(value, zone) for value in values]
    known = [when for when in times if when is not None]
    relation = relation_of(source)
    if len(known) < len(times):
        raise relation.wrong(f"column {source.cursor} is no cursor: neither a time nor a number")
    if any(later < earlier for earlier, later in pairwise(known)):
        raise relation.wrong(
            f"the times in column {source.cursor} are written in several forms, whose order as "
            "text is not that in time; bring them into one form in a SELECT"
        )
