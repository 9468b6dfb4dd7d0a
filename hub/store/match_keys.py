"""Match keys: which profile each party record has, and which profiles share a key.

Keys and what is compared hang on distinct profiles, not on records: 5,000 copies of one record are
one row a key. A key means something else once more profiles hold it than one of its caps: it is
listed with the highest that it has crossed. A key that crosses one, in either direction, makes its
holders pending in the same transaction, since their evidence has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import Answer, Bound, ask, fetch, no_rows
from hub.store.match_contents import load_contents
from hub.store.match_look_ups import find_holders, load_members
from hub.store.tables import (
    derived_relationship,
    frequent_key,
    match_content,
    match_key,
    match_profile,
)
from hub.store.waiting import touch_records

Caps = Callable[[str], tuple[int, ...]]
"""The caps of a key, the lowest first."""


class ProfileChange(NamedTuple):
    """A record's new profile with its keys and what is compared (JSON).

    No profile for a record that is gone.
    """

    canonical_id: int
    profile: str | None = None
    keys: Collection[str] = ()
    features: str = ""


def replace_profiles(
    db: Connection, changes: Sequence[ProfileChange], held: Mapping[int, str], caps: Caps
) -> int:
    """Index new profiles of records that have the ``held`` ones; returns how many keys crossed."""
    return _mark_crossed(db, fill_profiles(db, changes, held), caps)


def fill_profiles(
    db: Connection, changes: Sequence[ProfileChange], held: Mapping[int, str]
) -> set[str]:
    """The same without a look at the caps; returns the keys that have other holders now."""
    moved = [change for change in changes if held.get(change.canonical_id) != change.profile]
    _move(db, moved, held)
    contents = {change.profile: change for change in moved if change.profile}
    left = {held[change.canonical_id] for change in moved if change.canonical_id in held}
    if db.dialect.name == "sqlite" or len(contents) > _TOGETHER:
        return _add_contents(db, contents) | _drop_contents(db, left)
    added, dropped = _ask_to_add(db, contents.values()), _ask_to_drop(db, left)
    return {row.key for row in (*added(), *dropped())}


def _move(db: Connection, moved: Sequence[ProfileChange], held: Mapping[int, str]) -> None:
    """Let records have other profiles than those held, or none."""
    gone = [change.canonical_id for change in moved if not change.profile]
    bulk.delete(db, match_profile, "canonical_id", gone)
    columns = ("canonical_id", "profile")
    said: list[bulk.Row] = [(c.canonical_id, c.profile) for c in moved if c.profile]
    bulk.update(db, match_profile, columns, [row for row in said if row[0] in held])
    bulk.insert(db, match_profile, columns, [row for row in said if row[0] not in held])


def _add_contents(db: Connection, changes: Mapping[str, ProfileChange]) -> set[str]:
    """Insert the keys of profiles that had none yet; returns the keys."""
    known = load_contents(db, changes).keys()
    fresh = [changes[profile] for profile in sorted(changes.keys() - known)]
    contents: list[bulk.Row] = [(change.profile, change.features) for change in fresh]
    bulk.insert(db, match_content, ("profile", "features"), contents)
    rows = [(change.profile, key) for change in fresh for key in sorted(change.keys)]
    bulk.insert(db, match_key, ("profile", "key"), rows)
    return {key for _, key in rows}


def _ask_to_add(db: Connection, changes: Collection[ProfileChange]) -> Answer:
    """The same in one statement; the answer are the keys."""
    if not changes:
        return no_rows
    held = [(change.profile, key) for change in changes for key in sorted(change.keys)]
    profiles, features = [c.profile for c in changes], [c.features for c in changes]
    bound = (profiles, features, [profile for profile, _ in held], [key for _, key in held])
    return ask(db, _ADD, bound, ("key",))


def _ask_to_drop(db: Connection, profiles: Collection[str]) -> Answer:
    return ask(db, _DROP, (sorted(profiles),), ("key",)) if profiles else no_rows


def _drop_contents(db: Connection, profiles: set[str]) -> set[str]:
    """Remove profiles without a record, and their relationships; returns their keys."""
    if db.dialect.name != "sqlite":
        return {row.key for row in _ask_to_drop(db, profiles)()}
    side, content = derived_relationship.c, match_content.c
    held = sa.exists().where(match_profile.c.profile == content.profile)
    keys: set[str] = set()
    for chunk in _chunks(sorted(profiles), 500):
        emptied = sa.delete(match_content).where(content.profile.in_(chunk), ~held)
        gone = db.scalars(emptied.returning(content.profile)).all()
        if gone:
            dropped = sa.delete(match_key).where(match_key.c.profile.in_(gone))
            keys.update(db.scalars(dropped.returning(match_key.c.key)))
            named = side.left_profile.in_(gone) | side.right_profile.in_(gone)
            db.execute(sa.delete(derived_relationship).where(named))
    return keys


_TOGETHER: Final = 8
"""So many contents are added in one statement; of more it is quicker to copy the rows."""
_ADD: Final = """
WITH fresh AS (
    INSERT INTO match_content (profile, features) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT DO NOTHING RETURNING profile
)
INSERT INTO match_key (profile, key) SELECT held.profile, held.key
FROM unnest(%s::text[], %s::text[]) AS held(profile, key) JOIN fresh USING (profile) RETURNING key
"""
_DROP: Final = """
WITH gone AS (
    DELETE FROM match_content AS held WHERE held.profile = ANY(%s::text[])
    AND NOT EXISTS (SELECT 1 FROM match_profile AS used WHERE used.profile = held.profile)
    RETURNING held.profile
), lefts AS (
    DELETE FROM derived_relationship AS held USING gone WHERE held.left_profile = gone.profile
), rights AS (
    DELETE FROM derived_relationship AS held USING gone WHERE held.right_profile = gone.profile
    AND held.left_profile NOT IN (SELECT profile FROM gone)
)
DELETE FROM match_key AS held USING gone WHERE held.profile = gone.profile RETURNING held.key
"""
"""The same in one statement: PostgreSQL lets one delete by what another has deleted."""


def _mark_crossed(db: Connection, keys: set[str], caps: Caps) -> int:
    """List the keys by the cap that they are over now; returns how many that changes."""
    counts = _count_holders(db, {key: caps(key)[-1] for key in keys}) if keys else []
    after = {key: highest_crossed(caps(key), held) for key, held, _ in counts}
    before = {key: over for key, _, over in counts}
    crossed = sorted(key for key in after if after[key] != (before[key] or 0))
    for chunk in _chunks([key for key in crossed if before[key] is not None], 500):
        db.execute(sa.delete(frequent_key).where(frequent_key.c.key.in_(chunk)))
    risen: list[bulk.Row] = [(key, after[key]) for key in crossed if after[key]]
    bulk.insert(db, frequent_key, ("key", "over"), risen)
    _touch_holders(db, crossed)
    return len(crossed)


def highest_crossed(caps: tuple[int, ...], held: int) -> int:
    """The highest of the caps that so many holders are over, 0 for none."""
    return max((cap for cap in caps if held > cap), default=0)


def _count_holders(db: Connection, most: Mapping[str, int]) -> list[tuple[str, int, int | None]]:
    """How many profiles hold each key, and the cap that it is listed with, if it is.

    Counted no further than one above the given number, so that a key of many costs no more than one
    of few. SQLite takes no limit from a row: it is asked once for each number.
    """
    held = (
        "(SELECT count(*) FROM (SELECT 1 FROM match_key WHERE key = wanted.value LIMIT {}) AS up)"
    )
    told = f"SELECT wanted.value, {held}, listed.over FROM {{}} LEFT JOIN frequent_key AS listed "
    told += "ON listed.key = wanted.value"
    asked: list[tuple[str, Bound]]
    if db.dialect.name != "sqlite":
        sql = told.format("wanted.most + 1", "unnest(%s::text[], %s::int[]) AS wanted(value, most)")
        asked = [(sql, (list(most), list(most.values())))]
    else:
        asked = [
            (
                told.format(cap + 1, "json_each(?) AS wanted"),
                (orjson.dumps([key for key in most if most[key] == cap]).decode(),),
            )
            for cap in sorted(set(most.values()))
        ]
    columns = ("key", "holders", "over")
    return [tuple(row) for sql, bound in asked for row in fetch(db, sql, bound, columns)]


def _touch_holders(db: Connection, keys: Sequence[str]) -> None:
    profiles = {profile for _, profile in find_holders(db, keys)}
    touch_records(db, [record for _, record in load_members(db, profiles)])


def _chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
