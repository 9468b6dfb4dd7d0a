"""What is read of each mailbox, and where its reading stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import orjson

from connectors.microsoft_graph.config import GraphConfig
from hub.errors import CursorExpiredError
from hub.sdk import Capability, Cursor, Stream

SYSTEM: Final = "microsoft_graph"
OWN_CONTACTS: Final = "contacts"
"""A user's own Contacts, which is the parent of all other contact folders."""

CONTACT: Final = Stream(
    name="contact",
    entities=("party", "relationship"),
    key=("user", "folder", "id"),
    cursor="deltaLink",
    capabilities=frozenset(
        {
            Capability.FULL,
            Capability.INCREMENTAL,
            Capability.DELETES,
            Capability.WRITE,
            Capability.OPTIMISTIC_LOCK,
        }
    ),
)
MESSAGE: Final = Stream(
    name="message",
    entities=("interaction", "party"),
    key=("message_id",),
    cursor="deltaLink",
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL}),
    retains=True,
)
STREAMS: Final = (CONTACT, MESSAGE)

CONTACT_FIELDS: Final = (
    *("assistantName", "birthday", "businessAddress", "businessHomePage", "businessPhones"),
    *("categories", "changeKey", "companyName", "department", "displayName", "emailAddresses"),
    *("fileAs", "generation", "givenName", "homeAddress", "homePhones", "imAddresses"),
    *("jobTitle", "lastModifiedDateTime", "manager", "middleName", "mobilePhone", "nickName"),
    *("officeLocation", "otherAddress", "profession", "surname", "title"),
)
MESSAGE_FIELDS: Final = (
    *("internetMessageId", "internetMessageHeaders", "subject", "from", "replyTo", "isDraft"),
    *("toRecipients", "ccRecipients", "sentDateTime", "receivedDateTime"),
)
"""What is asked for by ``$select``. Notes on a contact and bodies of mails are not."""
MARKS: Final = {CONTACT.name: "displayName", MESSAGE.name: "internetMessageId"}
"""What every item has, if it comes as a whole."""
FIELDS: Final = {CONTACT.name: CONTACT_FIELDS, MESSAGE.name: MESSAGE_FIELDS}


class Place(NamedTuple):
    """One folder of one mailbox."""

    user: str
    folder: str

    def name(self) -> str:
        """What the folder is called in a cursor."""
        return orjson.dumps([self.user, self.folder]).decode()


def places(config: GraphConfig, stream: str) -> Iterator[Place]:
    """The folders of a stream, in the order of the settings."""
    folders = config.contact_folders if stream == CONTACT.name else config.mail_folders
    for user in config.users:
        for folder in folders:
            yield Place(user, folder)


def items_path(stream: str, place: Place) -> str:
    """The path of a folder's items."""
    user, folder = quote(place.user, safe="@"), quote(place.folder, safe="")
    if stream == MESSAGE.name:
        return f"users/{user}/mailFolders/{folder}/messages"
    inside = "" if folder == OWN_CONTACTS else f"contactFolders/{folder}/"
    return f"users/{user}/{inside}contacts"


def item_path(stream: str, place: Place, key: str) -> str:
    """The path of one item."""
    return f"{items_path(stream, place)}/{quote(key, safe='')}"


def read_links(cursor: Cursor | None, stream: str) -> dict[str, str]:
    """The links in a cursor, by the name of their folder."""
    stored: Any = (cursor or {}).get("links", {})
    if isinstance(stored, dict) and all(isinstance(link, str) for link in stored.values()):
        return dict(stored)
    message = f"{SYSTEM}/{stream}: the cursor is not one of this connector; read in full"
    raise CursorExpiredError(message)


def write_cursor(links: dict[str, str]) -> Cursor:
    """The cursor that holds these links."""
    return {"links": dict(links)}
