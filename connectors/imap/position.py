"""Where reading stands in each mailbox, and whether anything can have happened there since.

UIDs grow, so a mailbox's new mails are those above the last UID read (RFC 3501 section 2.3.1.1).
UIDNEXT moves only when a mail arrives; HIGHESTMODSEQ (RFC 7162) moves with every change. Of all
that can change in a mail that was read already, only one thing matters here: a draft that is
no longer one. So the position keeps the UIDs of drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hub.errors import CursorExpiredError
from hub.sdk import Cursor

_SPAN: Final = re.compile(r"(\d{1,10})(?::(\d{1,10}))?")
_MAX_SPAN: Final = 100_000


class MailboxState(NamedTuple):
    """What the server says of a mailbox; 0 for what it does not say."""

    validity: int
    next_uid: int = 0
    modseq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last UID read, the drafts below it, and the mailbox's state when reading began.

    ``next_uid`` and ``modseq`` are 0 until the mailbox is read to its end, so that a run that was
    cut short is never taken for one that left nothing.
    """

    validity: int
    uid: int = 0
    next_uid: int = 0
    modseq: int = 0
    drafts: tuple[int, ...] = ()

    def is_current(self, now: MailboxState) -> bool:
        """Whether a mailbox in this state holds nothing that was not read."""
        if now.validity != self.validity:
            return False
        same_mails = 0 < now.next_uid == self.next_uid
        return (same_mails and not self.drafts) or 0 < now.modseq == self.modseq


Positions = dict[str, Position]


def read_cursor(cursor: Cursor | None) -> Positions:
    """The positions in a cursor; those of an older version, without MODSEQ, are good too."""
    stored: Any = (cursor or {}).get("mailboxes") or {}
    try:
        return {name: _read_place(place) for name, place in stored.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = "the cursor is not one of this connector; open a new epoch"
        raise CursorExpiredError(message) from error


def write_cursor(positions: Positions) -> Cursor:
    """The cursor that holds these positions."""
    return {
        "mailboxes": {
            name: {
                "uidvalidity": place.validity,
                "uid": place.uid,
                "uidnext": place.next_uid,
                "modseq": place.modseq,
                "drafts": join_uids(place.drafts),
            }
            for name, place in positions.items()
        }
    }


def join_uids(uids: Iterable[int]) -> str:
    """UIDs as a sequence set, neighbours joined."""
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)


def _split_uids(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for span in filter(None, text.split(",")):
        match = _SPAN.fullmatch(span)
        if match is None or int(match[2] or match[1]) - int(match[1]) > _MAX_SPAN:
            message = "no sequence set"
            raise ValueError(message)
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)


def _read_place(place: Mapping[str, Any]) -> Position:
    return Position(
        validity=int(place["uidvalidity"]),
        uid=int(place["uid"]),
        next_uid=int(place.get("uidnext", 0)),
        modseq=int(place.get("modseq", 0)),
        drafts=_split_uids(str(place.get("drafts", ""))),
    )
