"""Connectors that read wrongly, each in one way, and the rules that must catch each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import requests

from hub.errors import CursorExpiredError, HubError, SourceUnavailableError
from hub.sdk import Cursor, Page, Record, Tombstone, Total
from tests.unit.testing.cards import CardsConfig, CardsConnector, Row


class LosesTies(CardsConnector):
    """Goes on after the last time, so that others of that time are skipped."""

    def query(self, position: tuple[str, int]) -> Mapping[str, str | int]:
        return {**super().query(position), "after_id": 10**9}


class RepeatsTheLast(CardsConnector):
    """Begins each read at the last record again, and gives it again."""

    def query(self, position: tuple[str, int]) -> Mapping[str, str | int]:
        return {**super().query(position), "after_id": max(0, position[1] - 1)}


class GivesTwice(CardsConnector):
    """Gives the first record of each page twice."""

    def page(self, rows: list[Row], cursor: Cursor) -> Page:
        return super().page([rows[0], *rows], cursor)


class PagesByOffset(CardsConnector):
    """Counts the records it has read, which move when one of them changes."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        since, done = self.position_of(cursor)
        newest = since
        size = self.config.page_size
        while True:
            asked: dict[str, str | int] = {
                "after": since,
                "after_id": 10**9,
                "offset": done,
                "limit": size,
            }
            rows = self.list_rows({**asked, "sort": "changed,id"})
            more, done = len(rows) == size, done + len(rows)
            newest = max([newest, *(row["changed"] for row in rows)])
            if rows:
                yield self.page(rows, self.cursor_of((since, done) if more else (newest, 0)))
            if not more:
                return


class UnsortedPages(CardsConnector):
    """Relies on an order that it does not ask for."""

    def query(self, position: tuple[str, int]) -> Mapping[str, str | int]:
        return {**super().query(position), "sort": ""}


class CursorAhead(CardsConnector):
    """Names the end of the read in the cursor of its first page."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        pages = list(super().read(stream, cursor))
        for page in pages:
            yield Page(records=page.records, tombstones=page.tombstones, cursor=pages[-1].cursor)


class CursorAheadOfChanges(CardsConnector):
    """The same, in incremental reads alone."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        pages = list(super().read(stream, cursor))
        for page in pages:
            last = pages[-1].cursor if cursor and len(pages) > 1 else page.cursor
            yield Page(records=page.records, tombstones=page.tombstones, cursor=last)


class CrashesOnForeign(CardsConnector):
    """Takes every cursor for its own."""

    def position_of(self, cursor: Cursor | None) -> tuple[str, int]:
        return (str(cursor["changed"]), int(str(cursor["id"]))) if cursor else ("", 0)


class NothingFromForeign(CardsConnector):
    """Takes a cursor that it does not know for the end."""

    def position_of(self, cursor: Cursor | None) -> tuple[str, int]:
        try:
            return super().position_of(cursor)
        except CursorExpiredError:
            return "9999", 0


class CrashesInTheFuture(CardsConnector):
    """Can't count beyond this century."""

    def position_of(self, cursor: Cursor | None) -> tuple[str, int]:
        position = super().position_of(cursor)
        if position[0] > "2200":
            raise OverflowError
        return position


class StampsRecords(CardsConnector):
    """Notes in each record how it was read."""

    read_before = 0

    def record(self, row: Row) -> Record:
        StampsRecords.read_before += 1
        return Record(str(row["id"]), {**row, "read_as": StampsRecords.read_before}, row["changed"])


class NumberKeys(CardsConnector):
    """Gives keys that are no text."""

    def record(self, row: Row) -> Record:
        return Record(row["id"], row, row["changed"])


class OtherKeys(CardsConnector):
    """Gives keys that the declared fields do not make."""

    def record(self, row: Row) -> Record:
        return Record(f"card-{row['id']}", row, row["changed"])


class HidesTheCursorField(CardsConnector):
    """Leaves the declared cursor field out."""

    def record(self, row: Row) -> Record:
        left = {name: value for name, value in row.items() if name != "changed"}
        return Record(str(row["id"]), left, row["changed"])


class BackwardVersions(CardsConnector):
    """Versions that sort against time."""

    def record(self, row: Row) -> Record:
        backwards = "".join(chr(255 - ord(char)) for char in row["changed"])
        return Record(str(row["id"]), row, backwards)


class NoNames(CardsConnector):
    """Turns a text into what no mapping takes for a name."""

    def record(self, row: Row) -> Record:
        return Record(str(row["id"]), {**row, "name": {"first": "Ada"}}, row["changed"])


class OldNews(CardsConnector):
    """Gives a record as it was when it was first seen."""

    seen: ClassVar[dict[tuple[str, int], Row]] = {}

    def record(self, row: Row) -> Record:
        first = self.seen.setdefault((self.config.base_url, row["id"]), dict(row))
        return Record(str(row["id"]), first, row["changed"])


class NoStones(CardsConnector):
    """Passes over what was deleted."""

    def page(self, rows: list[Row], cursor: Cursor) -> Page:
        return super().page([row for row in rows if not row.get("deleted")], cursor)


class StonesTwice(CardsConnector):
    """Tells of every deletion there ever was in each incremental read."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        yield from super().read(stream, cursor)
        if cursor:
            rows = [row for row in self.list_rows({"limit": 1000}) if row["deleted"]]
            stones = [self.stone(row) for row in rows]
            if stones:
                yield Page(records=(), tombstones=stones, cursor=cursor)


class BuriesTheUnseen(CardsConnector):
    """Takes an empty answer for a world without cards."""

    known: ClassVar[dict[str, set[str]]] = {}

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        known = self.known.setdefault(self.config.base_url, set())
        pages = list(super().read(stream, cursor))
        known |= {record.key for page in pages for record in page.records}
        yield from pages
        if not pages and cursor is None:
            stones = [Tombstone(key) for key in sorted(known)]
            yield Page(records=(), tombstones=stones, cursor=self.cursor_of(("", 0)))


class ReadsAllFirst(CardsConnector):
    """Holds all pages before it gives the first."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        yield from list(super().read(stream, cursor))


class EndsEarly(CardsConnector):
    """Takes trouble in mid-read for the end, as the rest will surely come another time."""

    def __init__(self, config: CardsConfig) -> None:
        super().__init__(config)
        self.began = False

    def list_rows(self, params: Mapping[str, str | int]) -> list[Row]:
        try:
            rows = self._once(params)
        except HubError:
            if not self.began:
                raise
            return []
        self.began = True
        return rows

    def _once(self, params: Mapping[str, str | int]) -> list[Row]:
        """Without the transport's retries, so that the trouble is met."""
        proof = self.http._auth.headers(self.http._ask)
        try:
            answer = requests.get(
                f"{self.config.base_url}/cards", params=dict(params), headers=proof, timeout=5
            )
            rows = answer.json()["cards"]
        except (requests.RequestException, ValueError, KeyError) as error:
            raise SourceUnavailableError("trouble", system="cards") from error
        assert isinstance(rows, list)
        return rows


class NoDeadline(EndsEarly):
    """Waits as long as bytes come; and knows of no Retry-After, nor of a token's end."""

    def list_rows(self, params: Mapping[str, str | int]) -> list[Row]:
        return self._once(params)


class CrashesOnDrift(CardsConnector):
    """Is sure of each field."""

    def record(self, row: Row) -> Record:
        return Record(str(row["id"]), {**row, "name": row["name"].strip()}, row["changed"])


class LosesDrifted(CardsConnector):
    """Passes over a record that is not as expected, and tells nobody."""

    def page(self, rows: list[Row], cursor: Cursor) -> Page:
        return super().page([row for row in rows if self.is_sound(row)], cursor)


class OldEncoding(CardsConnector):
    """Thinks that the world writes in Latin-1."""

    def record(self, row: Row) -> Record:
        name = str(row.get("name")).encode("latin-1", "replace").decode("latin-1")
        return Record(str(row["id"]), {**row, "name": name}, row["changed"])


class ManyStreams(CardsConnector):
    """Gives the cards, whatever is asked for."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        del stream
        return super().read("card", cursor)


class NeverEnds(CardsConnector):
    """Begins again at the end."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        while True:
            yield from super().read(stream, None)


class ChecksTheSchema(CardsConnector):
    """Stops at the first field it does not know."""

    def record(self, row: Row) -> Record:
        if "conformance_kit" in row:
            raise KeyError("conformance_kit")
        return super().record(row)


class ScansStones(CardsConnector):
    """Names deleted records among the keys there are."""

    def keys(self, stream: str) -> Iterator[list[str]]:
        for page in self.read(stream, None):
            yield [record.key for record in page.records]
            yield [stone.key for stone in page.tombstones]


class ScansOnePage(CardsConnector):
    """Forgets the pages after the first."""

    def keys(self, stream: str) -> Iterator[list[str]]:
        yield next(super().keys(stream), [])


class ScansUntilTrouble(CardsConnector):
    """Takes trouble for the end."""

    def keys(self, stream: str) -> Iterator[list[str]]:
        try:
            yield from super().keys(stream)
        except SourceUnavailableError:
            return


class CountsStones(CardsConnector):
    """Counts deleted records as well."""

    def count(self, stream: str) -> Total:
        pages = list(self.read(stream, None))
        return Total(sum(len(page.records) + len(page.tombstones) for page in pages))


class SumsPennies(CardsConnector):
    """Sums up in another unit than the records state."""

    def count(self, stream: str) -> Total:
        told = super().count(stream)
        return Total(told.records, {name: 100 * value for name, value in told.sums.items()})


READS: dict[type[CardsConnector], tuple[str, ...]] = {
    LosesTies: ("ties",),
    RepeatsTheLast: ("nothing_new", "change_once"),
    GivesTwice: ("complete",),
    PagesByOffset: ("shifting",),
    UnsortedPages: ("unordered",),
    CursorAhead: ("resumable", "killed"),
    CursorAheadOfChanges: ("resume_changes", "killed_later"),
    OldEncoding: ("characters",),
    CrashesOnForeign: ("foreign_cursor",),
    NothingFromForeign: ("foreign_cursor",),
    CrashesInTheFuture: ("future_cursor",),
    StampsRecords: ("repeatable",),
    NumberKeys: ("key_fields",),
    OtherKeys: ("key_fields", "complete"),
    HidesTheCursorField: ("cursor_field",),
    BackwardVersions: ("versions",),
    NoNames: ("mapped",),
    OldNews: ("change_once",),
    NoStones: ("tombstones", "deletions"),
    StonesTwice: ("tombstones",),
    BuriesTheUnseen: ("emptied",),
    ReadsAllFirst: ("memory",),
    EndsEarly: ("broken_off",),
    NoDeadline: ("slow_drip", "storm", "token_expiry"),
    CrashesOnDrift: ("drift",),
    LosesDrifted: ("drift",),
    ChecksTheSchema: ("drift",),
    ManyStreams: ("unknown_stream",),
    NeverEnds: ("complete", "resumable"),
    ScansStones: ("key_scan_complete",),
    ScansOnePage: ("key_scan_complete",),
    ScansUntilTrouble: ("key_scan_raises",),
    CountsStones: ("count_complete",),
    SumsPennies: ("count_complete",),
}
