"""Which records a run has indexed, and as what they were said to be."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from hub.store.waiting import Waiting

_GONE: Final = 0


class Indexed:
    """Which records a run has indexed, and as what they were said to be.

    A sync may write while a run resolves: what it has changed since has an old profile still, and
    must not be taken for done. Sixteen bytes a record, of which a first load has millions.
    """

    def __init__(self) -> None:
        self._ids = array("q")
        self._marks = array("q")
        self._late: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids) + len(self._late)

    def __contains__(self, record: int) -> bool:
        """Whether a record was indexed, whatever it said."""
        return self._find(record) is not None

    def add(self, waiting: Waiting) -> None:
        """Take up a record, most of them in the order of ids."""
        record, mark = waiting.id, _mark(waiting.body_hash) if waiting.active else _GONE
        if self._ids and record <= self._ids[-1]:
            self._late[record] = mark
        else:
            self._ids.append(record)
            self._marks.append(mark)

    def holds(self, record: int, body_hash: bytes, active: bool) -> bool:
        """Whether a record was indexed as it stands now."""
        return self._find(record) == (_mark(body_hash) if active else _GONE)

    def add_all(self, waiting: Iterable[Waiting]) -> None:
        """Take up those that it does not know yet."""
        for item in waiting:
            if item.id not in self:
                self.add(item)

    def batches(self, size: int) -> Iterator[set[int]]:
        """All of them, so many at a time, in the order of arrival."""
        ids = chain(self._ids, sorted(self._late))
        while batch := set(islice(ids, size)):
            yield batch

    def _find(self, record: int) -> int | None:
        place = bisect_left(self._ids, record)
        if place < len(self._ids) and self._ids[place] == record:
            return self._marks[place]
        return self._late.get(record)


def _mark(body_hash: bytes) -> int:
    """Eight bytes of a digest, never those of one that is gone."""
    return int.from_bytes(body_hash[:8], "little", signed=True) or 1
