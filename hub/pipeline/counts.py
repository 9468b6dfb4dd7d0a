"""Counts that balance: what was read or taken equals what became of it (law 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from hub.errors import StoreError

READ_KINDS: Final = (
    "new",
    "changed",
    "unchanged",
    "repeated",
    "stale",
    "unreadable",
    "tombstones",
    "suppressed",
)
"""What a read item can turn out to be, besides excluded by a rule."""
TAKEN_KINDS: Final = ("mapped", "quarantined", "excluded", "suppressed")
"""What a taken source record can turn out to be."""
TRANSLATED_KINDS: Final = (
    "deleted",
    "gaps",
    "parts_new",
    "parts_changed",
    "parts_unchanged",
    "parts_deactivated",
)
"""What else is counted about the records that were taken."""
KEY_KINDS: Final = ("met", "repeated", "unknown", "unreadable")
"""What a scanned key can turn out to be; an unknown one is read as a record soon."""


class ExtractCounts:
    """What a read has brought so far."""

    def __init__(self, kinds: Mapping[str, int] | None = None) -> None:
        self.kinds: Counter[str] = Counter(kinds)
        self.excluded: Counter[str] = Counter()

    def __add__(self, other: ExtractCounts) -> ExtractCounts:
        total = ExtractCounts(self.kinds + other.kinds)
        total.excluded = self.excluded + other.excluded
        return total

    def balanced(self) -> dict[str, Any]:
        """The counts as they are stored; raises StoreError where an item is missing."""
        total = sum(self.kinds[kind] for kind in READ_KINDS) + self.excluded.total()
        _check(self.kinds["read"], total, "read")
        named = {kind: self.kinds[kind] for kind in ("read", *READ_KINDS, "vanished", "pages")}
        return {**named, "excluded": dict(self.excluded)}


def balanced_keys(counts: Mapping[str, int]) -> dict[str, int]:
    """A key scan's counts as they are stored; raises StoreError where a key is missing."""
    _check(counts.get("keys", 0), sum(counts.get(kind, 0) for kind in KEY_KINDS), "keys")
    return {name: counts.get(name, 0) for name in ("keys", *KEY_KINDS, "vanished", "revived")}


def balanced_taken(counts: Mapping[str, int]) -> dict[str, int]:
    """Canonicalise's counts as they are stored; raises StoreError where a record is missing."""
    _check(counts.get("taken", 0), sum(counts.get(kind, 0) for kind in TAKEN_KINDS), "taken")
    return {name: counts.get(name, 0) for name in ("taken", *TAKEN_KINDS, *TRANSLATED_KINDS)}


def _check(expected: int, found: int, what: str) -> None:
    if expected != found:
        raise StoreError(
            f"the counts don't balance: {expected} {what}, {found} accounted for; nothing of this "
            "page was stored; this is a defect of the hub, please report it"
        )
