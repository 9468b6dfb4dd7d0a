"""The connector: delta queries over each folder of each mailbox, and writes to contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from connectors.microsoft_graph.client import DeltaPage, GraphClient, Row
from connectors.microsoft_graph.config import GraphConfig
from connectors.microsoft_graph.contacts import build_contact, build_update
from connectors.microsoft_graph.mails import build_mail, owners_of
from connectors.microsoft_graph.streams import (
    CONTACT,
    FIELDS,
    MARKS,
    MESSAGE,
    SYSTEM,
    Place,
    item_path,
    items_path,
    places,
    read_links,
    write_cursor,
)
from hub.errors import ConflictError, CursorExpiredError, RejectedError, SourceSchemaError
from hub.sdk import Change, Cursor, Page, Receipt, Record, Tombstone, composite_key

_GONE: Final = "deleted while reading"
_REMOVED: Final = "@removed"
_ETAG: Final = "@odata.etag"


class GraphConnector:
    """The mailboxes of one tenant's users."""

    def __init__(self, config: GraphConfig) -> None:
        self._config = config
        self._client = GraphClient(config)
        self._owners = owners_of(config)

    def check(self) -> str:
        """Fetch a token, and ask for the first items of each stream in each mailbox."""
        for stream in (CONTACT.name, MESSAGE.name):
            for place in places(self._config, stream):
                next(self._round(stream, place, ""))
        return f"Microsoft Graph lets us read {len(self._config.users)} mailboxes"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """One folder after the other, each from its last link on."""
        if stream not in FIELDS:
            message = f"there is no such stream; it has {' and '.join(FIELDS)}"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        links = read_links(cursor, stream)
        wanted = {place.name(): place for place in places(self._config, stream)}
        if stream == CONTACT.name and links.keys() - wanted.keys():
            message = "a mailbox or folder is no longer read; read in full"
            raise CursorExpiredError(f"{SYSTEM}/{stream}: {message}")
        for name, place in wanted.items():
            for page in self._round(stream, place, links.get(name, "")):
                links[name] = page.link
                yield self._page(stream, place, page, write_cursor(links))

    def fetch(self, stream: str, key: str) -> Record | None:
        """One contact as it is now."""
        place, row = self._look_up(stream, key)
        return None if row is None else build_contact(row, user=place.user, folder=place.folder)

    def write(self, change: Change) -> Receipt:
        """Compare, then change under the ETag, so that no other's change is overwritten.

        Where the contact holds the values already, an earlier try got through: nothing is sent.
        """
        place, row = self._look_up(change.stream, change.key)
        if row is None:
            raise ConflictError(f"{SYSTEM}: the contact is gone; nothing was written")
        now = build_contact(row, user=place.user, folder=place.folder)
        try:
            update = build_update(row, change.fields)
        except ValueError as error:
            raise _reject(str(error)) from error
        if all(_same(now.data.get(name), value) for name, value in change.fields.items()):
            return Receipt(key=change.key, version=now.version)
        if change.expected_version not in (None, now.version):
            raise ConflictError(f"{SYSTEM}: the contact was changed; nothing was written")
        path = item_path(CONTACT.name, place, row["id"])
        after = self._client.update(path, update, etag=_etag(row), stream=CONTACT.name)
        return Receipt(key=change.key, version=after.get("lastModifiedDateTime"))

    def close(self) -> None:
        self._client.close()

    def _round(self, stream: str, place: Place, link: str) -> Iterator[DeltaPage]:
        options = {"$select": ",".join(FIELDS[stream])}
        if stream == MESSAGE.name:  # a mail that was read or moved is no new touch
            options["changeType"] = "created"
        return self._client.delta(items_path(stream, place), options, link=link, stream=stream)

    def _page(self, stream: str, place: Place, page: DeltaPage, cursor: Cursor) -> Page:
        records: list[Record] = []
        tombstones: list[Tombstone] = []
        excluded: dict[str, int] = {}
        for row in _latest(page.rows):
            found = self._build(stream, place, row)
            if isinstance(found, Record):
                records.append(found)
            elif isinstance(found, Tombstone):
                tombstones.append(found)
            elif found:
                excluded[found] = excluded.get(found, 0) + 1
        return Page(records=records, tombstones=tombstones, excluded=excluded, cursor=cursor)

    def _build(self, stream: str, place: Place, row: Row) -> Record | Tombstone | str:
        """A record, a tombstone, the rule that excludes the item, or '' for what says nothing."""
        if _REMOVED in row:
            gone = Tombstone(composite_key([place.user, place.folder, row["id"]]))
            return gone if stream == CONTACT.name else ""
        whole = self._complete(stream, place, row)
        if whole is None:
            return _GONE
        if stream == CONTACT.name:
            return build_contact(whole, user=place.user, folder=place.folder)
        return build_mail(whole, self._owners)

    def _complete(self, stream: str, place: Place, row: Row) -> Row | None:
        """The whole item: a changed one may come with no more than what changed.

        Such a row has no ETag. Others may lack fields too: a sent mail has no headers.
        """
        if _ETAG in row and MARKS[stream] in row:
            return row
        path = item_path(stream, place, row["id"])
        return self._client.item(path, FIELDS[stream], stream=stream)

    def _look_up(self, stream: str, key: str) -> tuple[Place, Row | None]:
        if stream != CONTACT.name:
            raise _reject(f"{stream} can't be written")
        place, number = _parts(key)
        if place not in set(places(self._config, stream)):
            return place, None
        path = item_path(stream, place, number)
        return place, self._client.item(path, FIELDS[stream], stream=stream)


def _latest(rows: Any) -> list[Row]:
    """Each item once, as it came last: a round may name one several times."""
    return list({row["id"]: row for row in rows}.values())


def _parts(key: str) -> tuple[Place, str]:
    try:
        user, folder, number = orjson.loads(key)
    except (orjson.JSONDecodeError, TypeError, ValueError):
        return Place("", ""), ""
    return Place(str(user), str(folder)), str(number)


def _same(held: Any, wanted: Any) -> bool:
    return (held or "") == (wanted or "").strip()


def _etag(row: Mapping[str, Any]) -> str:
    etag = row.get(_ETAG)
    if not isinstance(etag, str) or not etag:
        raise _reject("the contact has no ETag, so a change by others can't be noticed")
    return etag


def _reject(message: str) -> RejectedError:
    return RejectedError(f"{SYSTEM}: {message}; nothing was written")
