"""Match keys: which profile each party record has, and which profiles share a key.

Keys hang on distinct profiles, not on records: 5,000 copies of one record are one row a key. Keys
that too many profiles share are listed as frequent; a key that crosses that line makes its holders
pending in the same transaction, since their evidence has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.party_records import touch_records
from hub.store.tables import frequent_key, match_key, match_profile


class ProfileChange(NamedTuple):
    """A record's new profile and that profile's keys; no profile for a record that is gone."""

    canonical_id: int
    profile: str | None
    keys: Collection[str]


def load_profiles(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Record to the digest of its indexed profile; records that are gone have none."""
    columns = ("canonical_id", "profile")
    rows = bulk.look_up(db, match_profile, columns, LookUp("canonical_id", ids))
    return {row.canonical_id: row.profile for row in rows}


def load_members(db: Connection, profiles: Iterable[str]) -> list[tuple[str, int]]:
    """Every (profile, record) of the given profiles."""
    columns = ("profile", "canonical_id")
    rows = bulk.look_up(db, match_profile, columns, LookUp("profile", profiles))
    return [(row.profile, row.canonical_id) for row in rows]


def first_members(db: Connection, profiles: Collection[str]) -> dict[str, int]:
    """One record of each profile, to read its content from."""
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(profiles), 500):
        query = (
            sa.select(match_profile.c.profile, sa.func.min(match_profile.c.canonical_id))
            .where(match_profile.c.profile.in_(chunk))
            .group_by(match_profile.c.profile)
        )
        found.update({row[0]: row[1] for row in db.execute(query)})
    return found


def find_holders(db: Connection, keys: Collection[str]) -> list[tuple[str, str]]:
    """Every (key, profile) of the keys; the caller leaves frequent ones out."""
    rows = bulk.look_up(db, match_key, ("key", "profile"), LookUp("key", keys))
    return [(row.key, row.profile) for row in rows]


def find_frequent(db: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that too many profiles share."""
    return {row.key for row in bulk.look_up(db, frequent_key, ("key",), LookUp("key", keys))}


def replace_profiles(db: Connection, changes: Sequence[ProfileChange], cap: int) -> int:
    """Index new profiles of records; returns how many keys became frequent or rare again."""
    old = load_profiles(db, [change.canonical_id for change in changes])
    moved = [change for change in changes if old.get(change.canonical_id) != change.profile]
    bulk.delete(db, match_profile, "canonical_id", [change.canonical_id for change in moved])
    fresh = [(change.canonical_id, change.profile) for change in moved if change.profile]
    bulk.insert(db, match_profile, ("canonical_id", "profile"), fresh)
    grown = _add_keys(db, {c.profile: c.keys for c in moved if c.profile})
    left = {old[change.canonical_id] for change in moved if change.canonical_id in old}
    return _mark_frequent(db, grown, cap) + _unmark_frequent(db, _drop_keys(db, left), cap)


def _add_keys(db: Connection, keys: Mapping[str, Collection[str]]) -> set[str]:
    """Insert the keys of profiles that had none yet; returns the keys."""
    known = {row.profile for row in _keys_of(db, keys)}
    rows = [(profile, key) for profile in keys if profile not in known for key in keys[profile]]
    bulk.insert(db, match_key, ("profile", "key"), sorted(rows))
    return {key for _, key in rows}


def _drop_keys(db: Connection, profiles: set[str]) -> set[str]:
    """Remove the keys of profiles without a record; returns the keys."""
    alive = set(first_members(db, profiles))
    rows = _keys_of(db, profiles - alive)
    for profile in sorted({row.profile for row in rows}):
        db.execute(sa.delete(match_key).where(match_key.c.profile == profile))
    return {row.key for row in rows}


def _keys_of(db: Connection, profiles: Iterable[str]) -> Sequence[sa.Row[tuple[str, str]]]:
    return bulk.look_up(db, match_key, ("profile", "key"), LookUp("profile", profiles))


def _mark_frequent(db: Connection, keys: set[str], cap: int) -> int:
    rare = sorted(keys - find_frequent(db, keys))
    risen = sorted(key for key, count in _count_holders(db, rare).items() if count > cap)
    bulk.insert(db, frequent_key, ("key",), [(key,) for key in risen])
    _touch_holders(db, risen)
    return len(risen)


def _unmark_frequent(db: Connection, keys: set[str], cap: int) -> int:
    listed = find_frequent(db, keys)
    counts = _count_holders(db, sorted(listed))
    fallen = sorted(key for key in listed if counts.get(key, 0) <= cap)
    for chunk in _chunks(fallen, 500):
        db.execute(sa.delete(frequent_key).where(frequent_key.c.key.in_(chunk)))
    _touch_holders(db, fallen)
    return len(fallen)


def _count_holders(db: Connection, keys: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for chunk in _chunks(keys, 500):
        query = (
            sa.select(match_key.c.key, sa.func.count())
            .where(match_key.c.key.in_(chunk))
            .group_by(match_key.c.key)
        )
        counts.update({row[0]: row[1] for row in db.execute(query)})
    return counts


def _touch_holders(db: Connection, keys: Sequence[str]) -> None:
    profiles = {profile for _, profile in find_holders(db, keys)}
    touch_records(db, [record for _, record in load_members(db, profiles)])


def _chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
