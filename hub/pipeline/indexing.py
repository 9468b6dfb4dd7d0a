"""Indexing: pending party records get the profile and match keys of what they say now."""

from __future__ import annotations

from array import array
from bisect import bisect_left
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

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, record: int, said: Statement | None) -> None:
        """Take up the next record, in the order of ids; None for one that is gone."""
        self._ids.append(record)
        self._marks.append(_GONE if said is None else _mark(said.body_hash))

    def holds(self, record: int, body_hash: bytes, active: bool) -> bool:
        """Whether a record was indexed as it stands now."""
        place = bisect_left(self._ids, record)
        if place == len(self._ids) or self._ids[place] != record:
            return False
        return self._marks[place] == (_mark(body_hash) if active else _GONE)


def _mark(body_hash: bytes) -> int:
    """Eight bytes of a digest, never those of one that is gone."""
    return int.from_bytes(body_hash[:8], "little", signed=True) or 1


def index_pending(engine: Engine, country: str, *, many: int = MANY) -> Indexed:
    """Index every pending record, a chunk at a time; ``country`` is that of phones without prefix.

    From ``many`` records on, an index that holds nothing yet is filled in one go.
    """
    indexed = Indexed()
    filling: bool | None = None
    after = 0
    with paced_collection() as collect:
        while True:
            with writing(engine) as db:
                ids = waiting.pending_ids(db, after, BATCH)
                if filling is None:  # a fill that was killed leaves no few waiting
                    filling = len(ids) >= min(many, BATCH) and begin_fill(db, many)
                said = party_records.load_statements(db, ids)
                _keep(db, [_content(record, said.get(record), country) for record in ids], filling)
            for record in ids:
                indexed.add(record, said.get(record))
            if len(ids) < BATCH:
                break
            after = ids[-1]
            collect()
    if filling:
        with writing(engine) as db:
            complete_fill(db, caps_of, LEAST_CAP)
    return indexed


def _content(record: int, said: Statement | None, country: str) -> ProfileChange:
    return ProfileChange(record) if said is None else content_of(record, said.body, country)


def _keep(db: Connection, changes: list[ProfileChange], filling: bool) -> None:
    if changes and filling:
        fill_profiles(db, changes)
    elif changes:
        replace_profiles(db, changes, caps_of)
