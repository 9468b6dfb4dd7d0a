"""Writing to cards: only the lines that change, under the card's ETag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.carddav.cards import edit_card, holds, read_card
from connectors.carddav.streams import CARD, SYSTEM
from hub.errors import ConflictError, RejectedError, SourceError
from hub.sdk import Change, Receipt
from hub.sdk.dav import AddressBook, DavClient, Resource, is_within, member_url

_VCARD: Final = "text/vcard; charset=utf-8"


class CardWriter:
    """Changes cards in the given address books and nowhere else."""

    def __init__(self, client: DavClient, books: Sequence[AddressBook]) -> None:
        self._client = client
        self._books = books

    def fetch(self, key: str) -> Resource | None:
        """A card by its key; None where it is gone, or lies in none of the address books."""
        url = self._url(key)
        return None if url is None else self._client.get(url, stream=CARD.name)

    def write(self, change: Change) -> Receipt:
        """Read, compare, and write the edited card back unless somebody was faster.

        Where the card holds the values already, an earlier try got through: nothing is sent.
        """
        if change.stream != CARD.name:
            raise _reject(f"{change.stream} can't be written")
        found = self.fetch(change.key)
        if found is None:
            raise ConflictError(f"{SYSTEM}: the card is gone; nothing was written")
        edited = _edit(found.content, change)
        if edited is None:
            return Receipt(key=change.key, version=found.etag or None)
        if change.expected_version not in (None, found.etag):
            raise ConflictError(f"{SYSTEM}: the card was changed meanwhile; nothing was written")
        if not found.etag:
            raise _reject("the server gives no ETag, so a change by others can't be noticed")
        etag = self._client.put(
            found.url, edited, etag=found.etag, content_type=_VCARD, stream=CARD.name
        )
        return Receipt(key=change.key, version=etag or self._version_after(change.key))

    def _url(self, key: str) -> str | None:
        book = next((book for book in self._books if is_within(key, book.path)), None)
        return None if book is None else member_url(book.url, key)

    def _version_after(self, key: str) -> str | None:
        """None where it can't be read: the change is done, and that must not be forgotten."""
        try:
            found = self.fetch(key)
        except SourceError:
            return None
        return found.etag or None if found else None


def _edit(content: bytes, change: Change) -> bytes | None:
    """The card to send; None where there is nothing to change."""
    try:
        before = read_card(content)
        wanted = {
            name: value for name, value in change.fields.items() if not holds(before, name, value)
        }
        return edit_card(content, wanted) if wanted else None
    except ValueError as error:
        raise _reject(str(error)) from error


def _reject(message: str) -> RejectedError:
    return RejectedError(f"{SYSTEM}: {message}; nothing was written")
