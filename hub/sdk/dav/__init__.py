"""WebDAV and CardDAV on the REST client: collections, their changes, and writes under a lock."""

from hub.sdk.dav.client import DavClient, Resource, TooManyMatchesError
from hub.sdk.dav.discovery import AddressBook, find_address_books
from hub.sdk.dav.multistatus import CARDDAV, DAV, Answer, Multistatus, is_within
from hub.sdk.dav.sync import Changes, changes_since, list_members, member_url, read_members

__all__ = [
    "CARDDAV",
    "DAV",
    "AddressBook",
    "Answer",
    "Changes",
    "DavClient",
    "Multistatus",
    "Resource",
    "TooManyMatchesError",
    "changes_since",
    "find_address_books",
    "is_within",
    "list_members",
    "member_url",
    "read_members",
]
