"""The stream ``message``: every mail once, whichever of the mailboxes its copies lie in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connectors.imap.client import STREAM, SYSTEM, ImapClient
from connectors.imap.config import ImapConfig
from connectors.imap.messages import (
    BodyPart,
    Owners,
    build_record,
    read_bounced,
    read_structure,
)
from connectors.imap.responses import Item
from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk import Capability, Cursor, Page, Record, Stream, Unreadable
from hub.sdk.mail import parse_headers

STREAMS: Final = (
    Stream(
        name=STREAM,
        entities=("interaction", "party"),
        key=("message_id",),
        cursor="uid",
        capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL}),
        retains=True,
    ),
)
INTERNAL: Final = "internal mail"
_GONE: Final = "deleted while reading"

Positions = dict[str, dict[str, int]]


class ImapConnector:
    """An open account.

    The cursor holds, for each mailbox, its UIDVALIDITY and the last UID read. That a mail leaves a
    mailbox says nothing about the touch having happened, so there are no tombstones; and a key set
    compared after a new epoch must not delete interactions either.
    """

    def __init__(self, config: ImapConfig) -> None:
        self._config = config
        self._client = ImapClient(config)
        self._owners = Owners(config)

    def check(self) -> str:
        """Log in and open each mailbox."""
        host = self._client.greet()
        for mailbox in self._config.mailboxes:
            self._client.open(mailbox)
        return f"{host}: {len(self._config.mailboxes)} mailboxes can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Mails above the last UID, one mailbox after the other."""
        if stream != STREAM:
            message = f"there is no such stream; it has {STREAM}"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        positions = _positions(cursor)
        for mailbox in self._config.mailboxes:
            validity = self._client.open(mailbox)
            known = positions.get(mailbox)
            if known is not None and known["uidvalidity"] != validity:
                raise CursorExpiredError(
                    f"imap/message: {mailbox} was rebuilt at the server (UIDVALIDITY changed); "
                    "it has to be read anew"
                )
            done = known["uid"] if known else 0
            yield from self._read_mailbox(
                mailbox, {"uidvalidity": validity, "uid": done}, positions
            )

    def close(self) -> None:
        """Log out."""
        self._client.close()

    def _read_mailbox(
        self, mailbox: str, start: dict[str, int], positions: Positions
    ) -> Iterator[Page]:
        uids = self._client.uids_after(start["uid"])
        if not uids and mailbox not in positions:
            positions[mailbox] = start
            yield Page(records=(), cursor=_cursor(positions))
        for place in range(0, len(uids), self._config.batch):
            batch = uids[place : place + self._config.batch]
            positions[mailbox] = {**start, "uid": batch[-1]}
            yield self._read_batch(batch, positions)

    def _read_batch(self, uids: list[int], positions: Positions) -> Page:
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        excluded: dict[str, int] = {}
        fetched = self._client.fetch(uids)
        for uid in uids:
            found = self._read_mail(uid, fetched[uid]) if uid in fetched else _GONE
            if isinstance(found, Record):
                records.append(found)
            elif isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                excluded[found] = excluded.get(found, 0) + 1
        return Page(
            records=records, cursor=_cursor(positions), unreadable=unreadable, excluded=excluded
        )

    def _read_mail(self, uid: int, items: dict[str, Item]) -> Record | Unreadable | str:
        """The record; or why there is none: unreadable, or the rule that excludes it."""
        raw = items.get("BODY[]")
        if not isinstance(raw, bytes) or not raw.strip():
            return Unreadable(key=None, reason="the server gave no headers", raw=f"UID {uid}")
        headers = parse_headers(raw)
        if self._owners.is_internal(headers):
            return INTERNAL
        parts = read_structure(items.get("BODYSTRUCTURE"))
        arrived = items.get("INTERNALDATE")
        record = build_record(
            headers,
            owners=self._owners,
            arrived=arrived.decode("ascii", "replace") if isinstance(arrived, bytes) else "",
            parts=parts,
        )
        if headers.auto_kind == "bounce":
            named = [address.address for address in headers.failed_recipients]
            record["bounced"] = named or self._bounced(uid, parts)
        return Record(key=headers.message_id, data=record)

    def _bounced(self, uid: int, parts: list[BodyPart]) -> list[str]:
        """Whom a delivery report is about; its small machine-readable part is all that is read."""
        report = next((p for p in parts if p.content_type == "message/delivery-status"), None)
        return read_bounced(self._client.fetch_part(uid, report.number)) if report else []


def _positions(cursor: Cursor | None) -> Positions:
    stored: Any = (cursor or {}).get("mailboxes") or {}
    try:
        return {
            name: {"uidvalidity": int(place["uidvalidity"]), "uid": int(place["uid"])}
            for name, place in stored.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = "the cursor is not one of this connector; open a new epoch"
        raise CursorExpiredError(message) from error


def _cursor(positions: Positions) -> Cursor:
    return {"mailboxes": {name: dict(place) for name, place in positions.items()}}
