"""Indexing: pending party records get the profile and match keys of what they say now."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from hub.match.blocking import LEAST_CAP, caps_of
from hub.pipeline.collection import paced_collection
from hub.pipeline.contents import content_of
from hub.store.database import Connection, Engine, writing
from hub.store.driver import keep_plans
from hub.store.match_fill import MANY, begin_fill, complete_fill
from hub.store.match_keys import ProfileChange, fill_profiles, replace_profiles
from hub.store.waiting import Waiting, load_waiting

BATCH: Final = 2_000
"""Records indexed in one transaction."""
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


def index_pending(engine: Engine, country: str, *, many: int = MANY) -> Indexed:
    """Index every pending record, a chunk at a time; ``country`` is that of phones without prefix.

    From ``many`` records on, an index that holds nothing yet is filled in one go.
    """
    indexed = Indexed()
    with paced_collection() as collect:
        while _index_once(engine, country, indexed, many=many, collect=collect):
            pass  # a key that has crossed a cap made its holders wait, who may have come before
    return indexed


def _index_once(
    engine: Engine, country: str, indexed: Indexed, *, many: int, collect: Callable[[], None]
) -> int:
    """Index all that waits and is not indexed yet; returns how many keys have crossed a cap."""
    filling: bool | None = None
    after = crossed = 0
    while True:
        with writing(engine) as db:
            keep_plans(db)
            waiting = load_waiting(db, after, BATCH)
            if filling is None:  # a fill that was killed leaves no few waiting
                filling = len(waiting) >= min(many, BATCH) and begin_fill(db, many)
            fresh = [item for item in waiting if item.id not in indexed]
            crossed += _keep(db, fresh, country, filling=filling)
        for item in fresh:
            indexed.add(item)
        if len(waiting) < BATCH:
            break
        after = waiting[-1].id
        collect()
    if filling:
        with writing(engine) as db:
            complete_fill(db, caps_of, LEAST_CAP)
    return crossed


def _keep(db: Connection, fresh: Sequence[Waiting], country: str, *, filling: bool) -> int:
    """Index contents; returns how many keys have crossed a cap, none while they are not counted."""
    if not fresh:
        return 0
    changes = [_content(item, country) for item in fresh]
    held = {item.id: item.profile for item in fresh if item.profile is not None}
    if filling:
        fill_profiles(db, changes, held)
        return 0
    return replace_profiles(db, changes, held, caps_of)


def _content(item: Waiting, country: str) -> ProfileChange:
    return content_of(item.id, item.body, country) if item.active else ProfileChange(item.id)
