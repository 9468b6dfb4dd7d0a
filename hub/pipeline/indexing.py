"""Indexing: pending party records get the profile and match keys of what they say now."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from hub.match.blocking import LEAST_CAP, caps_of
from hub.pipeline.collection import paced_collection
from hub.pipeline.contents import content_of
from hub.store import party_records, waiting
from hub.store.database import Connection, Engine, writing
from hub.store.match_fill import MANY, begin_fill, complete_fill
from hub.store.match_keys import ProfileChange, fill_profiles, replace_profiles
from hub.store.party_records import Statement

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

    def add(self, record: int, said: Statement | None) -> None:
        """Take up a record, most of them in the order of ids; None for one that is gone."""
        mark = _GONE if said is None else _mark(said.body_hash)
        if self._ids and record <= self._ids[-1]:
            self._late[record] = mark
        else:
            self._ids.append(record)
            self._marks.append(mark)

    def holds(self, record: int, body_hash: bytes, active: bool) -> bool:
        """Whether a record was indexed as it stands now."""
        return self._find(record) == (_mark(body_hash) if active else _GONE)

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
            ids = waiting.pending_ids(db, after, BATCH)
            if filling is None:  # a fill that was killed leaves no few waiting
                filling = len(ids) >= min(many, BATCH) and begin_fill(db, many)
            fresh = [record for record in ids if record not in indexed]
            said = party_records.load_statements(db, fresh)
            contents = [_content(record, said.get(record), country) for record in fresh]
            crossed += _keep(db, contents, filling=filling)
        for record in fresh:
            indexed.add(record, said.get(record))
        if len(ids) < BATCH:
            break
        after = ids[-1]
        collect()
    if filling:
        with writing(engine) as db:
            complete_fill(db, caps_of, LEAST_CAP)
    return crossed


def _content(record: int, said: Statement | None, country: str) -> ProfileChange:
    return ProfileChange(record) if said is None else content_of(record, said.body, country)


def _keep(db: Connection, changes: list[ProfileChange], *, filling: bool) -> int:
    """Index contents; returns how many keys have crossed a cap, none while they are not counted."""
    if not changes:
        return 0
    if filling:
        fill_profiles(db, changes)
        return 0
    return replace_profiles(db, changes, caps_of)
