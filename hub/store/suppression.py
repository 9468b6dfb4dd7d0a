"""Marks of erased people: keyed hashes that recognise what must not come back, and tell nothing.

A mark is HMAC-SHA-256 (RFC 2104) under ``hub.erasure_key``. Whoever has the store and not the key
can't try names or addresses out.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hub.errors import ConfigError
from hub.store.tables import suppression

RECORD: Final = "record"
"""A source reference that was emptied: nothing of it is stored again."""
HELD: Final = "held"
"""A source reference whose documents are kept: they change, and names stay out."""
PART: Final = "part"
"""The person's part of a record that stays, since it speaks of others too."""
EMAIL: Final = "email"
PHONE: Final = "phone"
WORD: Final = "word"
"""A name or an address: replaced in records that refer to the person, and nowhere else."""
PSEUDONYM: Final = "erased:"
"""How the key of an emptied source record begins."""
_KEY: Final = "key"
_MIN_KEY: Final = 16
_CHUNK: Final = 500
_FEW: Final = 5_000

KeySource = Callable[[], str | None]


def no_key() -> str | None:
    """No key is configured."""
    return None


class Marks:
    """Makes marks with the key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def record(self, stream_id: int, source_key: str) -> bytes:
        """The mark of a source reference."""
        return self._mark(RECORD, str(stream_id), source_key)

    def part(self, stream_id: int, source_key: str, part: str) -> bytes:
        """The mark of one part of a source record."""
        return self._mark(PART, str(stream_id), source_key, part)

    def email(self, address: str) -> bytes:
        """The mark of a standardised address."""
        return self._mark(EMAIL, address)

    def phone(self, number: str, family: str) -> bytes:
        """The mark of a number in a person's hands: numbers are handed on, with another name."""
        return self._mark(PHONE, number, family.strip().casefold())

    def word(self, text: str) -> bytes:
        """The mark of a name or an address, in any case."""
        return self._mark(WORD, " ".join(text.casefold().split()))

    def key_itself(self) -> bytes:
        """Recognises the key."""
        return self._mark(_KEY)

    def _mark(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256")


def pseudonym(mark: bytes) -> str:
    """What stands for an emptied source reference."""
    return f"{PSEUDONYM}{mark[:16].hex()}"


def open_marks(db: Connection, key: KeySource) -> Marks | None:
    """Marks by the key, where somebody was erased; None where nobody was, whatever the key.

    Raises ConfigError without the key that the store's marks were made with.
    """
    known = _known_key(db)
    if known is None:
        return None
    marks = _made(key)
    if marks.key_itself() != known:
        raise ConfigError(
            "hub.erasure_key is another key than the one that people were erased with: they would "
            "come back; put the old key where it points"
        )
    return marks


def begin_marks(db: Connection, key: KeySource, now: datetime) -> Marks:
    """Marks by the key, which is the store's for ever from the first erasure on."""
    marks = open_marks(db, key)
    if marks is None:
        marks = _made(key)
        add_marks(db, {_KEY: [marks.key_itself()]}, now)
    return marks


def _made(key: KeySource) -> Marks:
    found = key()
    if found is None:
        raise ConfigError(
            'erased people are recognised with a key: set hub.erasure_key = "env:NAME" and put a '
            "key there, made once by `hub token-key` and kept for ever"
        )
    if len(found) < _MIN_KEY:
        raise ConfigError(
            f"hub.erasure_key leads to a key of less than {_MIN_KEY} characters: make one with "
            "`hub token-key`"
        )
    return Marks(found)


def _known_key(db: Connection) -> bytes | None:
    found = db.scalar(sa.select(suppression.c.mark).where(suppression.c.kind == _KEY))
    return None if found is None else bytes(found)


def add_marks(db: Connection, marks: Mapping[str, Iterable[bytes]], now: datetime) -> int:
    """Keep marks by kind; returns how many are new."""
    rows: list[dict[str, Any]] = [
        {"kind": kind, "mark": mark, "added_at": now}
        for kind, found in marks.items()
        for mark in sorted(set(found))
    ]
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(suppression).on_conflict_do_nothing()
    return sum(db.execute(insert.values(row)).rowcount for row in rows)


def find_marks(db: Connection, kinds: Collection[str], marks: Collection[bytes]) -> set[bytes]:
    """Those of the marks that are kept under one of the kinds.

    Where few are kept and many are asked for, all that are kept are read at once.
    """
    wanted, found = sorted(set(marks)), set[bytes]()
    if len(wanted) > _CHUNK:
        kept = sa.select(suppression.c.mark).where(suppression.c.kind.in_(sorted(kinds)))
        known = {bytes(mark) for mark in db.scalars(kept.limit(_FEW + 1))}
        if len(known) <= _FEW:
            return known & set(wanted)
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(suppression.c.mark).where(
            suppression.c.kind.in_(sorted(kinds)),
            suppression.c.mark.in_(wanted[start : start + _CHUNK]),
        )
        found.update(bytes(mark) for mark in db.scalars(query))
    return found


def suppressed_keys(
    db: Connection, marks: Marks, stream_id: int, keys: Iterable[str]
) -> dict[str, bytes]:
    """Those of a stream's source keys that were emptied, with their marks."""
    wanted = {marks.record(stream_id, key): key for key in keys}
    return {wanted[mark]: mark for mark in find_marks(db, (RECORD,), wanted)}
