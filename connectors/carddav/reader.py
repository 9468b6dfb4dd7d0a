"""The connector: what changed in the address books since their sync tokens, or all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from connectors.carddav.cards import read_card
from connectors.carddav.config import CardDavConfig
from connectors.carddav.streams import CARD, SYSTEM, Position, read_positions, write_cursor
from connectors.carddav.writing import CardWriter
from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk import Change, Cursor, Page, Receipt, Record, Tombstone, Unreadable
from hub.sdk.auth import BasicAuth
from hub.sdk.dav import (
    AddressBook,
    Changes,
    DavClient,
    Resource,
    TooManyMatchesError,
    changes_since,
    find_address_books,
    list_members,
    member_url,
    read_members,
)
from hub.sdk.limits import RestPolicy

_GONE: Final = "deleted while reading"


class CardDavConnector:
    """The address books of one user; they are looked for once, at the first use."""

    def __init__(self, config: CardDavConfig) -> None:
        self._config = config
        self._client = DavClient(
            config.base_url,
            system=SYSTEM,
            auth=BasicAuth(config.username, config.password),
            policy=RestPolicy(allowed_hosts=config.allowed_hosts, ca_bundle=config.ca_file),
        )
        self._found: tuple[AddressBook, ...] = ()

    def check(self) -> str:
        """Log in and find the address books."""
        return f"{len(self._books())} address books can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """One address book after the other; a card's key is its path on the server."""
        _refuse_other_streams(stream)
        positions = read_positions(cursor)
        books = self._books()
        if positions.keys() - {book.path for book in books}:
            message = f"{SYSTEM}/{CARD.name}: an address book is gone; read in full"
            raise CursorExpiredError(message)
        for book in books:
            read = self._read_changes if self._config.sync else self._read_all
            yield from read(book, positions)

    def fetch(self, stream: str, key: str) -> Record | None:
        """One card as it is now; its version is the ETag, which has no order in time."""
        _refuse_other_streams(stream)
        found = self._writer().fetch(key)
        if found is None:
            return None
        read = _read(key, found)
        if isinstance(read, Unreadable):
            raise SourceSchemaError(read.reason, system=SYSTEM, stream=stream)
        return read._replace(version=found.etag or None)

    def write(self, change: Change) -> Receipt:
        """Change fields of a card under its ETag."""
        return self._writer().write(change)

    def close(self) -> None:
        self._client.close()

    def _writer(self) -> CardWriter:
        return CardWriter(self._client, self._books())

    def _books(self) -> tuple[AddressBook, ...]:
        if not self._found:
            self._found = _chosen(find_address_books(self._client), self._config.address_books)
        return self._found

    def _read_changes(self, book: AddressBook, positions: dict[str, Position]) -> Iterator[Page]:
        """Lists of changes until one is empty or whole; each card of a list is then fetched."""
        while True:
            start = positions.get(book.path, Position())
            changes = self._changes(book, start.token)
            if changes.truncated:
                # A server cuts where it likes: the middle of such a list is no place to resume at.
                start = Position(start.token)
            yield from self._read_list(book, start, changes, positions)
            if not changes.truncated and not start.next:
                return

    def _changes(self, book: AddressBook, token: str) -> Changes:
        try:
            return changes_since(self._client, book.url, token, stream=CARD.name)
        except TooManyMatchesError:
            limit = self._config.page_size
            return changes_since(self._client, book.url, token, limit=limit, stream=CARD.name)

    def _read_list(
        self, book: AddressBook, start: Position, changes: Changes, positions: dict[str, Position]
    ) -> Iterator[Page]:
        following = Position(start.next or changes.token)
        waiting = [path for path in changes.changed if path > start.after]
        gone = [Tombstone(path) for path in changes.gone]
        for paths in _chunks(waiting, self._config.page_size):
            positions[book.path] = replace(start, next=following.token, after=paths[-1])
            if changes.truncated:
                positions[book.path] = start
            if paths[-1] == waiting[-1]:
                positions[book.path] = following
            yield self._page(book, paths, positions, gone)
            gone = []
        if gone or positions.get(book.path) != following:
            positions[book.path] = following
            yield Page(records=(), tombstones=gone, cursor=write_cursor(positions))

    def _read_all(self, book: AddressBook, positions: dict[str, Position]) -> Iterator[Page]:
        after = positions.get(book.path, Position()).after
        members = sorted(list_members(self._client, book.url, stream=CARD.name))
        waiting = [path for path in members if path > after]
        for paths in _chunks(waiting, self._config.page_size):
            positions[book.path] = Position(after=paths[-1])
            yield self._page(book, paths, positions, ())

    def _page(
        self,
        book: AddressBook,
        paths: Sequence[str],
        positions: dict[str, Position],
        tombstones: Sequence[Tombstone],
    ) -> Page:
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        missing = 0
        for path, found in self._fetch_all(book, paths):
            if found is None:
                missing += 1
            elif isinstance(found, Resource):
                read = _read(path, found)
                records += [read] if isinstance(read, Record) else []
                unreadable += [read] if isinstance(read, Unreadable) else []
            else:
                unreadable.append(Unreadable(path, found, ""))
        return Page(
            records=records,
            tombstones=tuple(tombstones),
            unreadable=unreadable,
            excluded={_GONE: missing} if missing else {},
            cursor=write_cursor(positions),
        )

    def _fetch_all(
        self, book: AddressBook, paths: Sequence[str]
    ) -> Iterator[tuple[str, Resource | str | None]]:
        """Each card; None where it is gone, a reason where it can't be fetched.

        One card may spoil the answer for all: a picture of many megabytes, a character that XML
        can't hold. Then, and for those that an answer lacks, each is asked for by itself.
        """
        try:
            found = read_members(self._client, book.url, paths, stream=CARD.name)
        except SourceSchemaError:
            found = {}
        for path in paths:
            yield path, found.get(path) or self._fetch_one(book, path)

    def _fetch_one(self, book: AddressBook, path: str) -> Resource | str | None:
        try:
            return self._client.get(member_url(book.url, path), stream=CARD.name)
        except SourceSchemaError as error:
            return error.message


def _chosen(books: tuple[AddressBook, ...], names: Sequence[str]) -> tuple[AddressBook, ...]:
    if not names:
        return books
    unknown = [
        place for place, name in enumerate(names, start=1)
        if not any(name in (book.name, book.title) for book in books)
    ]  # fmt: skip
    if unknown:
        places = ", ".join(map(str, unknown))
        message = f"address book {places} of the setting address_books is not there, or not ours"
        raise SourceSchemaError(message, system=SYSTEM, stream=CARD.name)
    return tuple(book for book in books if book.name in names or book.title in names)


def _chunks(paths: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(paths), size):
        yield paths[start : start + size]


def _read(path: str, found: Resource) -> Record | Unreadable:
    try:
        return Record(path, {"href": urlsplit(found.url).path, **read_card(found.content)})
    except ValueError as error:
        return Unreadable(path, str(error), found.content.decode("utf-8", "replace"))


def _refuse_other_streams(stream: str) -> None:
    if stream != CARD.name:
        message = f"there is no such stream; it has {CARD.name}"
        raise SourceSchemaError(message, system=SYSTEM, stream=stream)
