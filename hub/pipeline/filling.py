"""A first fill of the index, by two processes: one standardises while the other writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from hub.match.blocking import LEAST_CAP, caps_of
from hub.pipeline.beside import Hand, beside
from hub.pipeline.contents import contents_of, held_profiles, statements
from hub.pipeline.indexed import Indexed
from hub.store.database import Connection, Engine, writing
from hub.store.match_fill import complete_fill
from hub.store.match_keys import ProfileChange, fill_profiles
from hub.store.transaction import commit_unwaited
from hub.store.waiting import Waiting, load_waiting

BATCH: Final = 10_000
"""Records written in one transaction: of more, each page of the store is written in fewer."""


class _Batch(NamedTuple):
    waiting: list[Waiting]
    contents: Callable[[], list[ProfileChange]]


def fill_index(
    engine: Engine, country: str, indexed: Indexed, *, collect: Callable[[], None]
) -> None:
    """Index all that waits, of which nothing is held yet, and count at the end what crosses a cap.

    One batch is standardised beside this process while the one before it is written.
    """
    with beside() as hand:
        with writing(engine) as db:
            batch = _hand_over(db, 0, hand, country)
        while batch.waiting:
            with writing(engine) as db:
                commit_unwaited(db)
                following = _hand_over(db, batch.waiting[-1].id, hand, country)
                fill_profiles(db, batch.contents(), held_profiles(batch.waiting))
            indexed.add_all(batch.waiting)
            batch = following
            collect()
    with writing(engine) as db:
        complete_fill(db, caps_of, LEAST_CAP)


def _hand_over(db: Connection, after: int, hand: Hand, country: str) -> _Batch:
    waiting = load_waiting(db, after, BATCH)
    return _Batch(waiting, hand(contents_of, statements(waiting), country))
