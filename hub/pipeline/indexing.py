"""Indexing: pending party records get the profile and match keys of what they say now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hub.match.blocking import caps_of
from hub.pipeline.collection import paced_collection
from hub.pipeline.contents import contents_of, held_profiles, statements
from hub.pipeline.filling import fill_index
from hub.pipeline.indexed import Indexed
from hub.store.database import Connection, Engine, writing
from hub.store.match_fill import MANY, begin_fill
from hub.store.match_keys import replace_profiles
from hub.store.transaction import commit_unwaited, keep_plans
from hub.store.waiting import Waiting, load_waiting

BATCH: Final = 2_000
"""Records indexed in one transaction."""


def index_pending(engine: Engine, country: str, *, many: int = MANY) -> Indexed:
    """Index every pending record, a chunk at a time; ``country`` is that of phones without prefix.

    From ``many`` records on, an index that holds nothing yet is filled in one go, by two processes.
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
    after = crossed = 0
    while True:
        with writing(engine) as db:
            keep_plans(db)
            commit_unwaited(db)  # what is lost is indexed again: its records wait until applied
            waiting = load_waiting(db, after, BATCH)
            # a fill that was killed leaves no few waiting
            fills = not after and len(waiting) >= min(many, BATCH) and begin_fill(db, many)
            if not fills:
                fresh = [item for item in waiting if item.id not in indexed]
                crossed += _keep(db, fresh, country)
        if fills:
            fill_index(engine, country, indexed, collect=collect)
            return 0
        indexed.add_all(waiting)
        if len(waiting) < BATCH:
            return crossed
        after = waiting[-1].id
        collect()


def _keep(db: Connection, fresh: Sequence[Waiting], country: str) -> int:
    """Index contents; returns how many keys have crossed a cap."""
    if not fresh:
        return 0
    changes = contents_of(statements(fresh), country)
    return replace_profiles(db, changes, held_profiles(fresh), caps_of)
