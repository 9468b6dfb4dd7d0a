"""Finds a user's address books from one address (RFC 6764 section 6, RFC 6352 section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from hub.errors import SourceSchemaError
from hub.sdk.dav.client import DavClient
from hub.sdk.dav.multistatus import CARDDAV, DAV, Answer
from hub.sdk.xml import refusal

_TYPE: Final = f"{{{DAV}}}resourcetype"
_NAME: Final = f"{{{DAV}}}displayname"
_PRINCIPAL: Final = f"{{{DAV}}}current-user-principal"
_HOME: Final = f"{{{CARDDAV}}}addressbook-home-set"
_BOOK: Final = f"{{{CARDDAV}}}addressbook"
_WELL_KNOWN: Final = "/.well-known/carddav"


@dataclass(frozen=True, slots=True)
class AddressBook:
    """An address book: its address, and the name that its owner gave it."""

    url: str
    title: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def name(self) -> str:
        """The last part of its address."""
        return unquote(self.path.rstrip("/").rpartition("/")[2])


def find_address_books(client: DavClient) -> tuple[AddressBook, ...]:
    """All address books of the user who logs in, in the order of their addresses.

    The base URL may be the server's, a principal's, the one of the user's address books, or that
    of one book, which then is the only one.
    """
    try:
        books = _find(client)
    except ValueError as error:  # of an address that leads astray
        raise refusal(error, client.system, "") from error
    if not books:
        message = "no address book was found; check the base URL and what the user may read"
        raise SourceSchemaError(message, system=client.system)
    return books


def _find(client: DavClient) -> tuple[AddressBook, ...]:
    start = _start(client)
    if _is_book(start):
        return (_book(start),)
    homes = start.hrefs(_HOME) or _homes(client, start)
    books: dict[str, AddressBook] = {}
    for home in homes:
        found = client.propfind(home, (_TYPE, _NAME), depth=1)
        books |= {one.url: _book(one) for one in found.answers if _is_book(one)}
    return tuple(books[url] for url in sorted(books))


def _start(client: DavClient) -> Answer:
    """What the server says at the base URL or, where that says nothing, at the well-known one."""
    well_known = urljoin(client.base_url, _WELL_KNOWN)
    candidates = [client.base_url, well_known]
    if urlsplit(client.base_url).path == "/":
        candidates.reverse()
    refused: SourceSchemaError | None = None
    for url in candidates:
        try:
            found = client.propfind(url, (_TYPE, _NAME, _PRINCIPAL, _HOME), depth=0)
        except SourceSchemaError as error:
            refused = refused or error
            continue
        if found.answers and _says_something(found.answers[0]):
            return found.answers[0]
    if refused is not None:
        raise refused
    message = "the server names neither a user nor address books here; check the base URL"
    raise SourceSchemaError(message, system=client.system)


def _says_something(one: Answer) -> bool:
    return _is_book(one) or bool(one.hrefs(_PRINCIPAL) or one.hrefs(_HOME))


def _homes(client: DavClient, start: Answer) -> list[str]:
    homes: list[str] = []
    for principal in start.hrefs(_PRINCIPAL)[:1]:
        found = client.propfind(principal, (_HOME,), depth=0)
        homes = [home for one in found.answers for home in one.hrefs(_HOME)]
    return homes


def _is_book(one: Answer) -> bool:
    return one.has(_TYPE, _BOOK)


def _book(one: Answer) -> AddressBook:
    url = one.url if one.url.endswith("/") else f"{one.url}/"
    return AddressBook(url, one.text(_NAME))
