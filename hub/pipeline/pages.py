"""Pages: what a connector read, made ready for the store outside of any transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.errors import ContractError
from hub.sdk.contract import Page, Record, Tombstone, Unreadable
from hub.store.landing import Landed, payload_hash

MAX_KEY_BYTES: Final = 2_000
"""PostgreSQL can't index a longer text (a third of a page)."""
_RAW_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage:
    """A page whose records are JSON text with hashes; what can't be is among the unreadable."""

    records: Sequence[Landed]
    tombstones: Sequence[Tombstone]
    unreadable: Sequence[Unreadable]
    excluded: Mapping[str, int]
    cursor: dict[str, Any] | None
    digest: bytes
    size: int

    @property
    def keys(self) -> list[str]:
        """The keys of everything that the page speaks of."""
        keys = [record.key for record in self.records]
        keys += [gone.key for gone in self.tombstones]
        return keys + [item.key for item in self.unreadable if item.key]


def prepare_page(page: Page) -> PreparedPage:
    """Serialise and hash the records; a record that can't be stored becomes unreadable.

    Raises ContractError where the cursor is not JSON.
    """
    records: list[Landed] = []
    unreadable = [_cleaned(item) for item in page.unreadable]
    for record in page.records:
        flaw = _flaw(record.key, record.version)
        try:
            payload = b"" if flaw else to_payload(record.data)
        except (TypeError, ValueError, RecursionError) as error:
            flaw = f"the record is not plain JSON: {_reason(error)}"
        if flaw:
            unreadable.append(_rejected(record, flaw))
        else:
            records.append(
                Landed(record.key, record.version, payload.decode(), payload_hash(payload))
            )
    tombstones, nameless = _sorted_tombstones(page.tombstones)
    return PreparedPage(
        records=records,
        tombstones=tombstones,
        unreadable=[*unreadable, *nameless],
        excluded=page.excluded,
        cursor=_cursor(page),
        digest=_digest(records),
        size=len(page.records)
        + len(page.tombstones)
        + len(page.unreadable)
        + sum(page.excluded.values()),
    )


def to_payload(data: Mapping[str, Any]) -> bytes:
    """A record as it is stored, with sorted keys: their order changes nothing."""
    return orjson.dumps(data, default=_plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    """What orjson does not know, as it reads best: amounts as text, mappings as objects."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a value of type {type(value).__name__}")


def is_storable_key(key: object) -> bool:
    """Whether a record can be held under this key."""
    return _flaw(key, None) is None


def _flaw(key: object, version: object) -> str | None:
    """Why a record can't be stored under this key, without naming it."""
    if type(key) is not str or not key:
        return "the record has no text as its key"
    if version is not None and not _is_storable_text(version):
        return "the record's version is not text that can be stored"
    if not _storable(key):
        return "the record's key holds characters that no database stores"
    if len(key) * 4 > MAX_KEY_BYTES and len(key.encode()) > MAX_KEY_BYTES:
        return f"the record's key is longer than {MAX_KEY_BYTES} bytes"
    return None


def _is_storable_text(value: object) -> bool:
    return type(value) is str and _storable(value)


def _storable(text: str) -> bool:
    """PostgreSQL stores no NUL, and UTF-8 has no lone surrogates."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _sorted_tombstones(
    tombstones: Iterable[Tombstone],
) -> tuple[list[Tombstone], list[Unreadable]]:
    good: list[Tombstone] = []
    bad: list[Unreadable] = []
    for gone in tombstones:
        flaw = _flaw(gone.key, gone.version) or (gone.merged_into and _flaw(gone.merged_into, None))
        if flaw:
            bad.append(Unreadable(None, f"a tombstone: {flaw}", _as_text(repr(tuple(gone)))))
        else:
            good.append(gone)
    return good, bad


def _repr(data: Mapping[str, Any]) -> str:
    try:
        return repr(data)
    except RecursionError:
        return "nested too deeply to be kept"


def _rejected(record: Record, flaw: str) -> Unreadable:
    try:
        raw = to_payload(record.data).decode()
    except (TypeError, ValueError, RecursionError):
        raw = _repr(record.data)
    key = None if _flaw(record.key, None) else record.key
    return Unreadable(key, flaw, _as_text(raw))


def _cleaned(item: Unreadable) -> Unreadable:
    key = None if _flaw(item.key, None) else item.key
    return Unreadable(key, _as_text(item.reason), _as_text(item.raw))


def _as_text(text: str) -> str:
    """Text that every database stores; what it can't is written as an escape."""
    kept = text[:_RAW_LIMIT].replace("\0", "\\u0000")
    return kept.encode("utf-8", "backslashreplace").decode()


def _cursor(page: Page) -> dict[str, Any]:
    try:
        cursor: dict[str, Any] = orjson.loads(orjson.dumps(dict(page.cursor)))
    except TypeError as error:
        raise ContractError(
            "the connector gave a cursor that is not a JSON object: only texts, numbers, "
            "lists and objects can be kept"
        ) from error
    return cursor


def _digest(records: Sequence[Landed]) -> bytes:
    """Two pages with the same records in the same order have the same digest."""
    digest = blake2b(digest_size=16)
    for record in records:
        digest.update(record.key.encode())
        digest.update(record.hash)
    return digest.digest()


def _reason(error: Exception) -> str:
    """The serialiser's words name types, never values."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)
