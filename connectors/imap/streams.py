"""The stream ``message``: every mail once, whichever of the mailboxes its copies lie in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from connectors.imap.client import STREAM, SYSTEM, ImapClient
from connectors.imap.config import ImapConfig
from connectors.imap.messages import is_draft, read_arrival, read_structure
from connectors.imap.position import MailboxState, Position, Positions, read_cursor, write_cursor
from connectors.imap.responses import Item
from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk import Capability, Cursor, Page, Record, Stream, Unreadable
from hub.sdk.mail import parse_headers
from hub.sdk.mailrecord import (
    DRAFT,
    INTERNAL,
    BodyPart,
    Owners,
    build_record,
    find_report,
    read_bounced,
)

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
_GONE: Final = "deleted while reading"

Mails = dict[int, dict[str, Item]]


class ImapConnector:
    """An open account.

    The cursor holds a :class:`Position` for each mailbox. That a mail leaves a mailbox says nothing
    about the touch having happened, so there are no tombstones, the server is not asked for what
    vanished, and a key set compared after a new epoch must not delete interactions either.
    """

    def __init__(self, config: ImapConfig) -> None:
        self._config = config
        self._client = ImapClient(config)
        self._owners = Owners(
            addresses=(*config.own_addresses, config.username), domains=config.own_domains
        )

    def check(self) -> str:
        """Log in and open each mailbox."""
        host = self._client.greet()
        for mailbox in self._config.mailboxes:
            self._client.open(mailbox)
        return f"{host}: {len(self._config.mailboxes)} mailboxes can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Mails above the last UID, one mailbox after the other; unchanged ones are not opened."""
        if stream != STREAM:
            message = f"there is no such stream; it has {STREAM}"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        positions = read_cursor(cursor)
        for mailbox in self._config.mailboxes:
            known = positions.get(mailbox)
            state = self._client.status(mailbox)
            if known is not None and known.is_current(state):
                continue
            validity = self._client.open(mailbox)
            if state.validity != validity:
                state = MailboxState(validity)
            if known is not None and known.validity != validity:
                raise CursorExpiredError(
                    f"imap/message: {mailbox} was rebuilt at the server (UIDVALIDITY changed); "
                    "it has to be read anew"
                )
            yield from self._read_mailbox(mailbox, state, positions)

    def close(self) -> None:
        """Log out."""
        self._client.close()

    def _read_mailbox(
        self, mailbox: str, state: MailboxState, positions: Positions
    ) -> Iterator[Page]:
        """Drafts that were sent meanwhile and what is new; the last page settles the state."""
        known = positions.get(mailbox)
        place = known or Position(validity=state.validity)
        drafts = self._client.flags(place.drafts) if place.drafts else {}
        sent = [uid for uid in sorted(drafts) if not is_draft(drafts[uid])]
        place = replace(place, next_uid=0, modseq=0, drafts=tuple(sorted(drafts)))
        uids = [*sent, *self._client.uids_after(place.uid)]
        starts = range(0, len(uids), self._config.batch)
        for start in starts:
            batch = uids[start : start + self._config.batch]
            mails = self._client.fetch(batch)
            place = _advance(place, batch, mails)
            if start == starts[-1]:
                place = replace(place, next_uid=state.next_uid, modseq=state.modseq)
            positions[mailbox] = place
            yield self._read_batch(batch, mails, write_cursor(positions))
        settled = replace(place, next_uid=state.next_uid, modseq=state.modseq)
        if not uids and settled != known:
            positions[mailbox] = settled
            yield Page(records=(), cursor=write_cursor(positions))

    def _read_batch(self, uids: Sequence[int], mails: Mails, cursor: Cursor) -> Page:
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        excluded: dict[str, int] = {}
        for uid in uids:
            found = self._read_mail(uid, mails[uid]) if uid in mails else _GONE
            if isinstance(found, Record):
                records.append(found)
            elif isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                excluded[found] = excluded.get(found, 0) + 1
        return Page(records=records, cursor=cursor, unreadable=unreadable, excluded=excluded)

    def _read_mail(self, uid: int, items: dict[str, Item]) -> Record | Unreadable | str:
        """The record; or why there is none: unreadable, or the rule that excludes it."""
        if is_draft(items.get("FLAGS")):
            return DRAFT
        raw = items.get("BODY[]")
        if not isinstance(raw, bytes) or not raw.strip():
            return Unreadable(key=None, reason="the server gave no headers", raw=f"UID {uid}")
        headers = parse_headers(raw)
        if self._owners.is_internal(headers):
            return INTERNAL
        parts = read_structure(items.get("BODYSTRUCTURE"))
        arrived = read_arrival(items.get("INTERNALDATE"))
        record = build_record(headers, owners=self._owners, arrived=arrived, parts=parts)
        if headers.auto_kind == "bounce":
            named = [address.address for address in headers.failed_recipients]
            record["bounced"] = named or self._bounced(uid, parts)
        return Record(key=headers.message_id, data=record)

    def _bounced(self, uid: int, parts: list[BodyPart]) -> list[str]:
        """Whom a delivery report is about; its small machine-readable part is all that is read."""
        report = find_report(parts)
        return read_bounced(self._client.fetch_part(uid, report.reference)) if report else []


def _advance(place: Position, batch: Sequence[int], mails: Mails) -> Position:
    """The position after a batch: its last UID, and which mails are drafts now."""
    found = {uid for uid in batch if uid in mails and is_draft(mails[uid].get("FLAGS"))}
    drafts = tuple(sorted(found.union(place.drafts).difference(set(batch) - found)))
    return replace(place, uid=max(place.uid, batch[-1]), drafts=drafts)
