"""What a shown name says: neither the desk that writes nor the mailbox once more.

Mail programs and forms fill the name with what they have: "Accounts Payable", "jsmith2" for
jsmith2@, "Einkauf - Lorenz Holz GmbH". Taken for names they would speak against everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from hub.match.absent import says_none
from hub.match.contacts import Mailbox
from hub.match.standardise import DESKS
from hub.match.texts import folded_words, is_of_letters, skeleton, word_set

_BESIDE: Final = word_set(
    "abteilung and center centre customer department dept desk e et front main payable queries "
    "receivable relations the und user"
)
_DESK_WORDS: Final = frozenset(map(skeleton, DESKS | _BESIDE))
_PARTED: Final = re.compile(r"\s[-–—]\s|[|:]|\s/\s")
_SIGNS: Final = frozenset("-–—|:/")
_LAST_WORDS: Final = DESKS | _BESIDE
"""What ends in no such word is no desk: most names, so it is asked first."""
_DEPARTMENT: Final = re.compile(
    r"^(?:accounts (?:payable|receivable)|buchhaltung|einkauf|sekretariat|rechnungswesen|zentrale"
    r"|inkoop|boekhouding|comptabilit[eé]|contabilit[aà]|contabilidad|amministrazione)\s+(?=\w)"
    r"|\s+(?:accounts (?:payable|receivable)|buchhaltung|einkauf|purchasing dept\.?)$",
    re.IGNORECASE,
)
"""Departments that hardly any company is called after, in front of its name or behind it."""


def told_name(text: str, boxes: Sequence[Mailbox] = ()) -> str:
    """The name without desks and without what the mailboxes say; '' where nothing is left."""
    if not text or (is_of_letters(text) and " " in text and not _may_be_desk(text)):
        return text
    plain = _without_desks(text)
    if not boxes or (" " in plain and is_of_letters(plain)):
        return plain
    own = {"".join(box.words) for box in boxes}
    return _without(plain, lambda part: _is_mailbox(part, own))


def without_department(text: str) -> str:
    """A company's name without the department of it that is named beside."""
    return _DEPARTMENT.sub("", text)


@lru_cache(maxsize=65_536)
def _without_desks(text: str) -> str:
    return _without(text, _is_desk)


def _without(text: str, is_no_name: Callable[[str], bool]) -> str:
    """The text as it stands, or what is left of it without the parts that are no name."""
    parts = [text] if _SIGNS.isdisjoint(text) else _PARTED.split(text)
    kept = [part for part in parts if not is_no_name(part)]
    return text if len(kept) == len(parts) else " ".join(kept).strip()


def _is_desk(part: str) -> bool:
    if says_none(part):
        return True
    return _may_be_desk(part) and _DESK_WORDS.issuperset(folded_words(part))


def _may_be_desk(part: str) -> bool:
    last = part.rpartition(" ")[2].casefold()
    if last.isascii():
        return last in _LAST_WORDS or not last.isalpha()
    return not last.isalpha() or skeleton(last) in _DESK_WORDS


def _is_mailbox(part: str, own: set[str]) -> bool:
    """Whether it is what stands before the @; what is written in words is a name all the same."""
    bare = part.strip()
    return " " not in bare and "".join(folded_words(bare)) in own
