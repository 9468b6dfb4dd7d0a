"""A first fill of the match keys: their index is made at the end, their crowds are told at once.

Each of some ten million keys has its place anywhere in that index: kept up key by key, it is
written over and over. While a fill is under way the index is not there, which is also how the next
run knows of one that was killed, and ends it.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import fetch
from hub.store.match_keys import Caps, highest_crossed
from hub.store.match_tables import KEYS
from hub.store.tables import frequent_key, match_key, match_profile
from hub.store.waiting import pending_ids

MANY: Final = 20_000
"""A fill is worth it from so many records on."""


def begin_fill(db: Connection, many: int = MANY) -> bool:
    """Whether a fill is under way: one of before, or one that begins since nothing is held yet."""
    indexed, held = _state(db)
    if indexed and (held or len(pending_ids(db, 0, many)) < many):
        return False
    KEYS[db.dialect.name].drop(db, checkfirst=True)
    return True


def _state(db: Connection) -> tuple[bool, bool]:
    """Whether the index of keys is there, and whether any record is indexed; in one question."""
    sqlite = "(SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?)"
    index = sqlite if db.dialect.name == "sqlite" else "to_regclass(%s) IS NOT NULL"
    query = f"SELECT {index} AS indexed, EXISTS (SELECT 1 FROM {match_profile.name}) AS held"
    found = fetch(db, query, (KEYS[db.dialect.name].name,), ("indexed", "held"))[0]
    return bool(found.indexed), bool(found.held)


def complete_fill(db: Connection, caps: Caps, least: int) -> int:
    """Make the index, and list every key that has crossed a cap; returns how many have.

    ``least`` is the lowest cap there is. No record needs a second look for it: those that were
    filled in wait for their first one.
    """
    KEYS[db.dialect.name].create(db, checkfirst=True)
    db.execute(sa.delete(frequent_key))
    holders = sa.func.count()
    query = sa.select(match_key.c.key, holders).group_by(match_key.c.key).having(holders > least)
    crossed: list[bulk.Row] = [
        (key, over) for key, held in db.execute(query) if (over := highest_crossed(caps(key), held))
    ]
    bulk.insert(db, frequent_key, ("key", "over"), crossed)
    return len(crossed)
